"""Sign-ins of a user as sessions that can be listed and ended one by one.

A token session is a refresh family. Where the pool tracks sessions (UserSessionTracking), each use
is noted, and a user has so many: the one that was used longest ago makes room for a new one.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from bargate.records.pool_refresh_token import REFRESH_FAMILY
from bargate.userpool.refresh import revoke
from bargate.userpool.revocation import LONGEST_TOKEN
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from datetime import datetime

    from bargate.records.pool_refresh_token import RefreshFamily
    from bargate.records.pool_user import PoolUser
    from bargate.records.user_pool import UserPool
    from bargate.store.interface import Reader, Transaction

TOKEN_PREFIX: Final = "tkn"  # noqa: S105 - AWS [M] SessionIdType: what kind of session it is
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_LENGTH: Final = 25
MAX_KEPT: Final = 2_000  # families of a user that are looked at, the ended ones among them


def session_id(family: str) -> str:
    """Give the id of a session: that of its family, in 25 letters and digits (AWS [M])."""
    number, text = uuid.UUID(family).int, ""
    for _ in range(_LENGTH):
        number, digit = divmod(number, len(_DIGITS))
        text = _DIGITS[digit] + text
    return TOKEN_PREFIX + text


def family_id(session: str) -> str | None:
    """Give the id of the family that a session is; None where it can be none."""
    number = 0
    for character in session.removeprefix(TOKEN_PREFIX):
        number = number * len(_DIGITS) + _DIGITS.index(character)
    is_token = session.startswith(TOKEN_PREFIX) and number < 1 << 128
    return str(uuid.UUID(int=number)) if is_token else None


def is_active(family: RefreshFamily, now: datetime) -> bool:
    """Say whether anything can come of a session yet."""
    return family.revoked_at is None and family.expires_at > now


def last_active(family: RefreshFamily) -> datetime:
    """Give when a session was used last."""
    return family.last_active_at or family.authenticated_at


def make_room(tx: Transaction, pool: UserPool, user: PoolUser, now: datetime) -> None:
    """End what was used longest ago, so that one more session is within the limit (AWS [M])."""
    if not pool.session_tracking:
        return
    found = tx.list(REFRESH_FAMILY, (user.pool_id, user.sub), limit=MAX_KEPT)
    active = sorted((each for each in found if is_active(each, now)), key=last_active)
    for family in found:
        if family.revoked_at is not None and family.revoked_at + LONGEST_TOKEN < now:
            tx.delete(REFRESH_FAMILY, REFRESH_FAMILY.key_of(family))  # no token of it is left
    for family in active[: max(0, len(active) - pool.max_sessions + 1)]:
        revoke(tx, family, now)


def note_renewal(tx: Transaction, family: RefreshFamily, source_ip: str, now: datetime) -> None:
    """Remember when and from where a session was used."""
    key = REFRESH_FAMILY.key_of(family)
    tx.update(
        REFRESH_FAMILY,
        key,
        lambda old: replace(old, last_active_at=now, source_ip=source_ip or old.source_ip),
    )


def the_session(tx: Reader, user: PoolUser, session: str, now: datetime) -> RefreshFamily:
    """Give an active session of a user; raises ResourceNotFoundException."""
    wanted = family_id(session)
    found = None if wanted is None else tx.find(REFRESH_FAMILY, (user.pool_id, user.sub, wanted))
    if found is None or not is_active(found, now):
        raise AwsError("ResourceNotFoundException", f"Session {session} does not exist.")
    return found


def check_tracked(pool: UserPool) -> None:
    """Raise OperationNotEnabledException unless a pool tracks sessions."""
    if not pool.session_tracking:
        message = "Session tracking is not enabled for the user pool."
        raise AwsError("OperationNotEnabledException", message)
