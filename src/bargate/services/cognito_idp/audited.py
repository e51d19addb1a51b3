"""What the audit log is told of calls about user pools: whose they were, and how far they came.

INVARIANT: names and ids alone are taken out of requests and outputs; of tokens, claims of ours.
"""

from __future__ import annotations

import binascii
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from bargate.audit.event import Subject, told
from bargate.records.pool_refresh_token import REFRESH_FAMILY, token_digest
from bargate.records.pool_user import POOL_USER
from bargate.records.user_pool import USER_POOL
from bargate.records.user_pool_client import USER_POOL_CLIENT
from bargate.services.operation import Auditing
from bargate.userpool.auth_events import auth_event, is_watched
from bargate.userpool.find import find_user

if TYPE_CHECKING:
    from bargate.audit.event import Event
    from bargate.records.pool_auth_event import PoolAuthEvent
    from bargate.records.user_pool import UserPool
    from bargate.services.operation import Params
    from bargate.store.interface import Reader

_READ: Final = re.compile(r"(Admin)?(Get|List|Describe)[A-Z]\w*")
_NO_READS: Final = frozenset({"GetTokensFromRefreshToken", "GetUserAttributeVerificationCode"})
_REFRESHES: Final = frozenset({"REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"})
# These answer the same for a user who does not exist, who must not be told apart by time.
_SAME_FOR_ALL: Final = frozenset({"ForgotPassword", "ResendConfirmationCode"})
_MAX_ID: Final = 128
_FROM_URL: Final = bytes.maketrans(b"-_", b"+/")


class _Claims(Struct, frozen=True):
    """What the log tells of an access token."""

    sub: str = ""
    iss: str = ""
    client_id: str = ""
    event_id: str = ""


_NO_CLAIMS: Final = _Claims()


@lru_cache(maxsize=1_024)
def is_read(name: str) -> bool:
    """Say whether an operation only reads, whatever it waits for."""
    return _READ.fullmatch(name) is not None and name not in _NO_READS


def subject_of(name: str, request: Params, output: Params | None) -> Subject:
    """Give whom a call was about; `output` None is a call that was refused."""
    parameters = request.get("AuthParameters") or request.get("ChallengeResponses") or {}
    answer = output or {}
    issued = answer.get("AuthenticationResult") or {}
    claims = _claims(issued.get("AccessToken") or request.get("AccessToken"))
    flow = request.get("AuthFlow", "")
    is_refresh = flow in _REFRESHES or name == "GetTokensFromRefreshToken"
    proven = claims if output is not None else _NO_CLAIMS
    token = request.get("RefreshToken") or request.get("Token") or parameters.get("REFRESH_TOKEN")
    posed = told(answer.get("ChallengeName"), _MAX_ID)
    return Subject(
        pool_id=told(request.get("UserPoolId") or proven.iss.rpartition("/")[2], _MAX_ID),
        client_id=told(request.get("ClientId") or proven.client_id, _MAX_ID),
        sub=told(answer.get("UserSub") or proven.sub, _MAX_ID),
        user=told(request.get("Username") or parameters.get("USERNAME")),
        answered=told(flow or request.get("ChallengeName"), _MAX_ID),
        posed=posed,
        claimed_address=told((request.get("ContextData") or {}).get("IpAddress"), _MAX_ID),
        claimed_sub="" if output is not None else told(claims.sub, _MAX_ID),
        token_digest=token_digest(token) if isinstance(token, str) and not proven.sub else "",
        event_id=told(claims.event_id, _MAX_ID) if issued else "",
        is_refresh=is_refresh,
        is_frequent=is_refresh or bool(posed) or name in _SAME_FOR_ALL,
    )


def complete(tx: Reader, event: Event, subject: Subject) -> tuple[Event, PoolAuthEvent | None]:
    """Add pool and user as the store knows them, and give what the user is told of it."""
    client = tx.find_by(USER_POOL_CLIENT, "id", (event.client_id,)) if event.client_id else None
    pool_id = event.pool_id or (client.pool_id if client else "")
    pool = tx.find_by(USER_POOL, "id", (pool_id,)) if pool_id else None
    if pool is None:
        return event, None
    sub = event.sub or _sub_of(tx, pool, subject)
    event = replace(event, account_id=pool.account_id, region=pool.region, pool_id=pool.id, sub=sub)
    return event, auth_event(event, subject) if sub and is_watched(pool) else None


def _sub_of(tx: Reader, pool: UserPool, subject: Subject) -> str:
    if subject.user:
        user = tx.find(POOL_USER, (pool.id, subject.user)) or find_user(tx, pool, subject.user)
        return "" if user is None else user.sub
    for index in ("digest", "previous") if subject.token_digest else ():
        family = tx.find_by(REFRESH_FAMILY, index, (pool.id, subject.token_digest))
        if family is not None:
            return family.sub
    return ""


def _claims(token: object) -> _Claims:
    """Give the claims of a token that somebody else verifies; of what is none, nothing."""
    if not isinstance(token, str) or not token.isascii() or token.count(".") != 2:  # noqa: PLR2004
        return _NO_CLAIMS
    payload = token.split(".")[1].encode("ascii").translate(_FROM_URL)
    try:
        raw = binascii.a2b_base64(payload + b"=" * (-len(payload) % 4))
        return msgspec.json.decode(raw, type=_Claims)
    except (binascii.Error, msgspec.DecodeError, UnicodeDecodeError, ValueError):
        return _NO_CLAIMS


AUDITING: Final = Auditing(is_read=is_read, subject=subject_of, complete=complete)
