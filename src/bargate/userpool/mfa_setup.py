"""Setting up a software token in the middle of a sign-in, by its session.

    MFA_SETUP ──► associate ──► session with the seed ──► verify ──► session that says so ──► answer

INVARIANT: who has a factor cannot set one up so: the password alone would replace it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from bargate.identity.totp import new_seed
from bargate.records.user_pool_client import USER_POOL_CLIENT
from bargate.secret import Secret
from bargate.userpool import totp
from bargate.userpool.find import credentials_of, pool_of_id, user_of
from bargate.userpool.mfa import KINDS, MFA_SETUP, due
from bargate.userpool.one_time_codes import lock_name
from bargate.userpool.prove import check_may_sign_in, check_password_is
from bargate.userpool.sessions import INVALID, Session, new_session_id
from bargate.userpool.users import update_user
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from datetime import datetime

    from bargate.records.pool_user import PoolUser
    from bargate.records.user_pool import UserPool
    from bargate.store.interface import Reader, Transaction
    from bargate.userpool.pools import Pools

VERIFIED: Final = "verified"
_SEED: Final = "seed"


def associate_by_session(pools: Pools, tx: Reader, text: str, now: datetime) -> tuple[Secret, str]:
    """Draw a seed for whoever must set one up; gives it and the next session; raises AwsError."""
    session = _taken(pools, text, now)
    _waiting(tx, session, now)
    seed = new_seed()
    return seed, _next(pools, session, **{_SEED: seed.reveal()})


async def verify_by_session(
    pools: Pools, text: str, code: str, name: str | None, now: datetime
) -> str:
    """Make the session's seed the user's by its first code; gives the next session.

    Raises AwsError; after a wrong code the session may be tried again.
    """
    session = _taken(pools, text, now)
    if _SEED not in session.progress.data:
        raise AwsError("NotAuthorizedException", INVALID)
    seed = Secret(session.progress.data[_SEED])
    counted = lock_name(session.progress)
    pools.code_limits.guesses.take(session.pool_id, counted, now.timestamp())
    try:
        step = totp.first_step(seed, code, now)
    except AwsError:
        pools.sessions.give_back(session)
        raise

    def work(tx: Transaction) -> None:
        pool, user = _waiting(tx, session, now)
        totp.keep(tx, user, seed, step, name)
        update_user(tx, pool, user, lambda old: _with_token(old, now))

    await pools.store.submit(work)
    pools.code_limits.proven(session.pool_id, counted)
    return _next(pools, session, **{VERIFIED: "true"})


def _taken(pools: Pools, text: str, now: datetime) -> Session:
    session = pools.sessions.take_text(text, now.timestamp())
    if session.challenge != MFA_SETUP:
        raise AwsError("NotAuthorizedException", INVALID)
    return session


def _waiting(tx: Reader, session: Session, now: datetime) -> tuple[UserPool, PoolUser]:
    """Give whose session it is, who must still have no factor; raises AwsError."""
    pool = pool_of_id(tx, session.pool_id)
    user = user_of(tx, pool, session.progress.sub)
    check_may_sign_in(user, now)
    check_password_is(tx, user, session.progress)
    totp.check_offered(pool)
    is_client = tx.find(USER_POOL_CLIENT, (pool.id, session.client_id)) is not None
    if not is_client or not due(pool, user, credentials_of(tx, user)).may_set_up:
        raise AwsError("NotAuthorizedException", INVALID)
    return pool, user


def _with_token(user: PoolUser, now: datetime) -> PoolUser:
    kinds = {*user.mfa, "SOFTWARE_TOKEN_MFA"}
    return replace(user, mfa=tuple(kind for kind in KINDS if kind in kinds), modified_at=now)


def _next(pools: Pools, session: Session, **data: str) -> str:
    """Seal the next session of the same sign-in; it ends when the first would have."""
    progress = session.progress.knowing(**data)
    return pools.sessions.text(replace(session, id=new_session_id(), progress=progress))
