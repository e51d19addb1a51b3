"""From a sign-up straight on to a sign-in: the code that confirmed it is the first factor (USER_AUTH).

    SignUp ──► Session ──► ConfirmSignUp (may bring it) ──► Session ──► InitiateAuth(USER_AUTH) ──► in

AWS [M] InitiateAuth.Session. INVARIANT: such a session is good once, as long as any session of the
client, for the first sign-in after the confirmation; and for nobody who needs a second factor, for
which the same mailbox or phone would stand twice.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bargate.userpool.find import credentials_of, user_of
from bargate.userpool.first_sign_in import is_first
from bargate.userpool.mfa import due
from bargate.userpool.progress import Progress
from bargate.userpool.sessions import INVALID, Session, new_session_id
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.records.pool_code import PoolCode
    from bargate.records.pool_user import PoolUser
    from bargate.store.interface import Reader
    from bargate.userpool.code_delivery import Named
    from bargate.userpool.find import Sought
    from bargate.userpool.pools import Pools
    from bargate.userpool.progress import Asked

FLOW: Final = "USER_AUTH"
_FLAG: Final = "ALLOW_USER_AUTH"
# In the place of a challenge's name, so that no challenge is answered by such a session.
_SIGNED_UP: Final = "SIGNED_UP"
_CONFIRMED: Final = "SIGN_UP_CONFIRMED"
_FACTORS: Final = {"email": "EMAIL_OTP", "phone_number": "SMS_OTP"}


def session_of_sign_up(pools: Pools, named: Named, user: PoolUser) -> str | None:
    """Give the session that ConfirmSignUp may bring; None for a client without USER_AUTH."""
    return _sealed(pools, named, user, _SIGNED_UP, {})


def take_sign_up(pools: Pools, named: Named, user: PoolUser | None, text: str) -> Session:
    """Use up the session of a sign-up, which must be this user's; raises NotAuthorizedException.

    It is nobody's where there is no user, and that is told as of another's.
    """
    session = pools.sessions.take_text(text, named.now.timestamp())
    place = (named.pool.id, named.client.id, _SIGNED_UP, "" if user is None else user.sub)
    if _place_of(session) != place:
        raise _invalid()
    return session


def session_of_confirmed(
    pools: Pools, named: Named, user: PoolUser, proven: PoolCode
) -> str | None:
    """Give the session that signs in who confirmed just now; None for who cannot have one."""
    credentials = pools.store.read(lambda tx: credentials_of(tx, user))
    if user.self_confirmed_at is None or due(named.pool, user, credentials).is_required:
        return None
    known = {
        "attribute": proven.attribute,
        "value": proven.value,
        "confirmed": user.self_confirmed_at.isoformat(),
    }
    return _sealed(pools, named, user, _CONFIRMED, known)


def take_confirmed(
    pools: Pools, asked: Asked, sought: Sought, text: str
) -> tuple[Progress, PoolUser]:
    """Give how far the sign-in of a session has come, and who they are now; raises AwsError."""
    session = pools.sessions.take_text(text, asked.now.timestamp())
    sub = "" if sought.user is None else sought.user.sub
    if _place_of(session) != (asked.pool.id, asked.client.id, _CONFIRMED, sub):
        raise _invalid()
    user = pools.store.read(lambda tx: _still(tx, asked, session))
    return session.progress.proven(_FACTORS[session.progress.data["attribute"]]), user


def _still(tx: Reader, asked: Asked, session: Session) -> PoolUser:
    """Give the user, of whom all must be as it was confirmed; raises NotAuthorizedException."""
    user = user_of(tx, asked.pool, session.progress.sub)
    credentials, known = credentials_of(tx, user), session.progress.data
    confirmed, ended = user.self_confirmed_at, user.tokens_valid_from
    is_same = (
        is_first(user, credentials, asked.now)
        and (confirmed and confirmed.isoformat()) == known["confirmed"]
        and user.attributes.get(known["attribute"]) == known["value"]
        and user.attributes.get(f"{known['attribute']}_verified") == "true"
        and (ended is None or ended.timestamp() < session.issued_s)
    )
    if not is_same or due(asked.pool, user, credentials).is_required:
        raise _invalid()
    return user


def _place_of(session: Session) -> tuple[str, str, str, str | None]:
    return session.pool_id, session.client_id, session.challenge, session.progress.sub


def _sealed(
    pools: Pools, named: Named, user: PoolUser, name: str, known: dict[str, str]
) -> str | None:
    client = named.client
    if _FLAG not in client.flows:
        return None
    validity = timedelta(minutes=client.session_validity_minutes)
    progress = Progress(flow=FLOW, username=user.username, sub=user.sub, data=known)
    session = Session(
        id=new_session_id(),
        pool_id=named.pool.id,
        client_id=client.id,
        challenge=name,
        issued_s=named.now.timestamp(),
        expires_s=(named.now + validity).timestamp(),
        progress=progress,
    )
    return pools.sessions.text(session)


def _invalid() -> AwsError:
    return AwsError("NotAuthorizedException", INVALID)
