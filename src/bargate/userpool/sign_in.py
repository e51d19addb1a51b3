"""The two calls of a sign-in: InitiateAuth and RespondToAuthChallenge, for whichever face asks.

initiate ──► may the client? SECRET_HASH ──► flow ─────────┐
respond  ──► session: fits, once ──► whose? SECRET_HASH ──►│ challenge ──► Posed | Authenticated

INVARIANT: whatever a flow or challenge answers is held to the least time of `evened`, here alone.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct

from bargate.userpool.challenges import CHALLENGES, ChallengeRule
from bargate.userpool.challenges.password_verifier import block_of
from bargate.userpool.evened import evened
from bargate.userpool.find import find_user
from bargate.userpool.flows import FLOWS, permits
from bargate.userpool.gates.device import DEVICE_SRP_AUTH
from bargate.userpool.progress import Answer, Asked, Authenticated, Challenge
from bargate.userpool.prove import required
from bargate.userpool.secret_hash import check_secret_hash
from bargate.userpool.sessions import INVALID, Session, new_session_id
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.userpool.pools import Pools
    from bargate.userpool.progress import Progress

# After these a session may be answered again: nothing was done, and tries are counted.
_MAY_RETRY: Final = frozenset(
    {
        "CodeMismatchException",
        "ExpiredCodeException",
        "InvalidParameterException",
        "InvalidPasswordException",
        "PasswordHistoryPolicyViolationException",
        "TooManyRequestsException",
    }
)

_MAX_CHARACTERS: Final = {"USERNAME": 128, "DEVICE_KEY": 55}  # AWS [M] UsernameType, DeviceKeyType


class Posed(Struct, frozen=True, kw_only=True):
    """A challenge with the session that answers it, None where its parameters hold the state."""

    challenge: Challenge
    session: str | None


Reply: TypeAlias = Posed | Authenticated


async def initiate(pools: Pools, asked: Asked) -> Reply:
    """Begin a sign-in by `asked.flow`; raises AwsError."""
    rule = FLOWS.get(asked.flow)
    if rule is None or not (rule.by_admins if asked.is_admin else rule.by_users):
        raise AwsError("InvalidParameterException", "Initiate Auth method not supported.")
    if not permits(asked.client, rule):
        message = f"{asked.flow} flow not enabled for this client"
        raise AwsError("InvalidParameterException", message)
    _check_sizes(asked)
    if not rule.hashes_username:  # refresh tokens: they cannot be guessed
        return _replied(pools, asked, await rule.run(pools, asked))
    given = asked.parameters.get("SECRET_HASH")
    check_secret_hash(asked.client, given, required(asked, "USERNAME"))
    with pools.addresses.proof(asked.pool.id, asked.address, asked.now.timestamp()):
        return _replied(pools, asked, await evened(asked, rule.run(pools, asked)))


async def respond(pools: Pools, asked: Asked, name: str, session_text: str | None) -> Reply:
    """Answer a challenge; raises AwsError. `asked.flow` is taken from the session."""
    rule = CHALLENGES.get(name)
    if rule is None:
        message = f"{name} cannot be answered."
        raise AwsError("InvalidParameterException", message)
    if session_text is None and name == DEVICE_SRP_AUTH:
        session_text = _waiting(pools, asked)
    _check_sizes(asked)
    session = _taken(pools, asked, rule, session_text)
    _check_fits(asked, name, session)
    try:
        with pools.addresses.proof(asked.pool.id, asked.address, asked.now.timestamp()):
            _check_name(pools, asked, session.progress)
            answer = await evened(asked, rule.answer(pools, asked, session.progress))
    except AwsError as refused:
        if refused.code in _MAY_RETRY and not rule.has_block:
            pools.sessions.give_back(session)
        raise
    return _replied(pools, asked, answer)


def _check_sizes(asked: Asked) -> None:
    """Raise InvalidParameterException for what is too long to be remembered by.

    The model bounds no parameter of a sign-in, and whoever fails is counted by name.
    """
    for name, limit in _MAX_CHARACTERS.items():
        if len(asked.parameters.get(name, "")) > limit:
            message = (
                f"1 validation error detected: Value at '{name}' failed to satisfy constraint:"
                f" Member must have length less than or equal to {limit}"
            )
            raise AwsError("InvalidParameterException", message)


def _taken(pools: Pools, asked: Asked, rule: ChallengeRule, session_text: str | None) -> Session:
    now_s = asked.now.timestamp()
    if rule.has_block:
        return pools.sessions.take(block_of(asked), now_s)
    if session_text is None:
        raise AwsError("InvalidParameterException", "Missing required parameter Session")
    return pools.sessions.take_text(session_text, now_s)


def _waiting(pools: Pools, asked: Asked) -> str | None:
    """Give the session of whoever proved their password just now and sends none (`device_waits`)."""
    name, key = required(asked, "USERNAME"), required(asked, "DEVICE_KEY")
    user = pools.store.read(lambda tx: find_user(tx, asked.pool, name))
    if user is None:
        return None
    place = (asked.pool.id, asked.client.id)
    return pools.device_waits.take((*place, user.sub, key, asked.source_ip))


def _check_fits(asked: Asked, name: str, session: Session) -> None:
    """Raise NotAuthorizedException for a session of another pool, client or challenge."""
    place = (asked.pool.id, asked.client.id, name)
    if (session.pool_id, session.client_id, session.challenge) != place:
        raise AwsError("NotAuthorizedException", INVALID)


def _check_name(pools: Pools, asked: Asked, progress: Progress) -> None:
    """Raise NotAuthorizedException unless USERNAME leads to the user whose session this is.

    AWS [D] §4: from the first challenge on SECRET_HASH may be made with the real name.
    """
    given = required(asked, "USERNAME")
    real = progress.data.get("user_id", progress.username)
    check_secret_hash(asked.client, asked.parameters.get("SECRET_HASH"), given, real)
    if given in (real, progress.username, progress.sub):
        return
    found = pools.store.read(lambda tx: find_user(tx, asked.pool, given))
    if (found and found.sub) != progress.sub:
        raise AwsError("NotAuthorizedException", INVALID)


def _replied(pools: Pools, asked: Asked, answer: Answer) -> Reply:
    if isinstance(answer, Authenticated):
        return answer
    if not answer.has_session:
        return Posed(challenge=answer, session=None)
    validity = timedelta(minutes=asked.client.session_validity_minutes)
    session = Session(
        id=new_session_id(),
        pool_id=asked.pool.id,
        client_id=asked.client.id,
        challenge=answer.name,
        issued_s=asked.now.timestamp(),
        expires_s=(asked.now + validity).timestamp(),
        progress=answer.progress,
    )
    text = pools.sessions.text(session)
    progress = answer.progress
    if answer.name == DEVICE_SRP_AUTH and progress.sub and progress.device_key:
        place = (asked.pool.id, asked.client.id, progress.sub, progress.device_key)
        pools.device_waits.put((*place, asked.source_ip), text)
    return Posed(challenge=answer, session=text)
