"""The page behind the link that a pool sends to who signs up: a button, and what came of it.

GET ──► is it a link of ours? ──► a button        POST ──► confirm_by_link ──► what came of it

AWS confirms at the GET. Here a person presses a button, since mail scanners follow links [I].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from bargate.audit.event import OK, Attempt, Subject
from bargate.pages.render import Page, PageRequest, render
from bargate.userpool.code_delivery import Named
from bargate.userpool.find import find_user, pool_of_id, the_client
from bargate.userpool.links import PATH
from bargate.userpool.sign_up import confirm_sign_up
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.audit.event import Note
    from bargate.userpool.pools import Pools
    from bargate.wire.request import HttpResponse

# AWS [M]: ClientIdType, UsernameType; a ConfirmationCode of ours is far shorter than AWS's bound.
_MAX_CHARACTERS: Final = {"client_id": 128, "user_name": 128, "confirmation_code": 128}
_MAX_QUERY_CHARACTERS: Final = 2_048
_TEMPLATE: Final = "confirm_user.html"
# What a refusal is to whoever pressed the button; what stands in none of them is no fault of theirs.
_USED_UP: Final = frozenset({"ExpiredCodeException", "UserNotFoundException"})
_LIMITS: Final = frozenset({"LimitExceededException", "TooManyRequestsException"})
_FUNCTIONS: Final = frozenset(
    {
        "UserLambdaValidationException",
        "InvalidLambdaResponseException",
        "UnexpectedLambdaException",
    }
)


async def confirm_user(pools: Pools, request: PageRequest, note: Note) -> HttpResponse:
    """Answer for the page of a pool; what is confirmed is noted in the audit log."""
    if request.method not in ("GET", "HEAD", "POST"):
        return render(_page("method", 405))
    try:
        named, code = _linked(pools, request)
    except (AwsError, ValueError):
        return render(_page("invalid", 404))
    if request.method != "POST":
        return render(_page("ask", 200))
    refused = await _refusal(pools, named, code)
    try:
        await note(_attempt(named, OK if refused is None else refused.code))
    except AwsError as unavailable:
        refused = refused or unavailable
    return render(_page("done", 200) if refused is None else _refused(pools, named, refused))


def _linked(pools: Pools, request: PageRequest) -> tuple[Named, str]:
    """Read a link; raises AwsError, or ValueError for what is no link of ours."""
    query = request.query
    if len(query) > _MAX_QUERY_CHARACTERS:
        raise ValueError("the query is too long")
    pairs = parse_qsl(query, strict_parsing=True, max_num_fields=3, errors="strict")
    given = dict(pairs)
    if given.keys() != _MAX_CHARACTERS.keys():
        raise ValueError("the query is not that of a link")
    for name, limit in _MAX_CHARACTERS.items():
        if not 0 < len(given[name]) <= limit:
            raise ValueError(f"{name} is too long or empty")
    pool = pools.store.read(lambda tx: pool_of_id(tx, request.pool_id))
    client = pools.store.read(lambda tx: the_client(tx, given["client_id"], pool))
    named = Named(
        pool=pool,
        client=client,
        username=given["user_name"],
        is_by_link=True,
        source_ip=request.source_ip,
        now=pools.clock(),
    )
    return named, given["confirmation_code"]


async def _refusal(pools: Pools, named: Named, code: str) -> AwsError | None:
    try:
        await confirm_sign_up(pools, named, code, moves_aliases=False)
    except AwsError as refused:
        return refused
    return None


def _attempt(named: Named, outcome: str) -> Attempt:
    return Attempt(
        series="users" if outcome == OK else "refused",
        service="cognito-idp",
        operation="ConfirmSignUp",
        outcome=outcome,
        resource=PATH,
        address=named.source_ip,
        subject=Subject(pool_id=named.pool.id, client_id=named.client.id, user=named.username),
    )


def _refused(pools: Pools, named: Named, refused: AwsError) -> Page:
    if refused.code in _USED_UP:
        return _page("used", 410)
    if refused.code == "CodeMismatchException":
        return _page("replaced", 400)
    if refused.code == "NotAuthorizedException":
        return _page("already", 200) if _is_confirmed(pools, named) else _page("refused", 403)
    if refused.code in _LIMITS:
        return _page("limited", 429)
    if refused.code in _FUNCTIONS:
        return _page("unfinished", 200)
    return _page("failed", 409)


def _is_confirmed(pools: Pools, named: Named) -> bool:
    """Say whether there is nothing to confirm any more, to whoever may know."""
    user = pools.store.read(lambda tx: find_user(tx, named.pool, named.username))
    return user is not None and user.status == "CONFIRMED" and not named.client.hides_users


def _page(state: str, status: int) -> Page:
    return Page(template=_TEMPLATE, values={"state": state}, status=status)
