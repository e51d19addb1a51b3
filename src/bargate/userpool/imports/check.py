"""Whether a row may be a user of a pool, and what kind of user. Pure; raises InvalidParameterException.

What is refused is said in words for whoever made the file; no reason says a secret.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from datetime import UTC
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from bargate.records.pool_user import PoolCredentials, PoolUser
from bargate.userpool.attributes import check_new
from bargate.userpool.groups import MAX_GROUPS_OF_USER
from bargate.userpool.imports.row import texts_of
from bargate.userpool.password_schemes import UnusableHash, check_hash
from bargate.userpool.schema import VERIFIED_FLAGS
from bargate.userpool.users import new_name, new_user, with_name
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from datetime import datetime

    from bargate.records.pool_user import UserStatus
    from bargate.records.user_pool import UserPool
    from bargate.userpool.imports.row import ImportedUser
    from bargate.userpool.users import Name

_MAX_NAME_CHARACTERS: Final = 128  # AWS [M] UsernameType, as are the categories of characters
_NAME_CATEGORIES: Final = frozenset("LMSNP")
_SUB: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_HEX: Final = re.compile(r"[0-9a-fA-F]{1,1024}", re.ASCII)
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
_MAX_SEED_CHARACTERS: Final = 256


def user_of(pool: UserPool, row: ImportedUser, now: datetime) -> PoolUser:
    """Give the user that a row is, not stored yet."""
    _check_texts(row)
    name = _name(pool, row)
    attributes = with_name(name, _with_flags(row.attributes))
    check_new(pool, attributes, by_admin=False)
    _check_flags(attributes)
    _check_proofs(row)
    if len(set(row.groups)) > MAX_GROUPS_OF_USER:
        raise _bad(f"A user is in at most {MAX_GROUPS_OF_USER} groups.")
    user = new_user(pool, name, attributes, _status(row), now)
    mfa = row.mfa
    if row.totp_seed is not None and not mfa and row.status is None:
        mfa = ("SOFTWARE_TOKEN_MFA",)  # whoever had an authenticator is asked for it from now on
    return replace(
        user,
        enabled=row.enabled,
        created_at=min(_time(row.created_at, "created_at") or now, now),
        temporary_until=_time(row.temporary_until, "temporary_until"),
        mfa=mfa,
        preferred_mfa=row.preferred_mfa if row.preferred_mfa in mfa else None,
    )


def credentials_of(user: PoolUser, row: ImportedUser, now: datetime) -> PoolCredentials | None:
    """Give what the user of a row proves themself by, None for nothing."""
    if row.hash is None and row.totp_seed is None:
        return None
    srp = row.srp if row.srp is not None and row.srp.username == user.username else None
    return PoolCredentials(
        pool_id=user.pool_id,
        sub=user.sub,
        changed_at=now,
        hash=row.hash,
        salt=None if srp is None else srp.salt,
        verifier=None if srp is None else srp.verifier,
        former=row.former,
        totp_seed=row.totp_seed,
        totp_name=row.totp_name,
    )


def _name(pool: UserPool, row: ImportedUser) -> Name:
    if not _is_username(row.username):
        raise _bad("The username is empty, longer than 128 characters, or has a space in it.")
    if row.sub is not None and _SUB.fullmatch(row.sub) is None:
        raise _bad("sub is no UUID in small letters.")
    return new_name(pool, row.username, row.sub)


def _is_username(text: str) -> bool:
    if not 0 < len(text) <= _MAX_NAME_CHARACTERS:
        return False
    if text.isascii() and text.isprintable():  # as almost always
        return " " not in text
    return all(unicodedata.category(each)[0] in _NAME_CATEGORIES for each in text)


def _status(row: ImportedUser) -> UserStatus:
    """Say what is left to do: nothing with a hash, else a new password (AWS [D])."""
    if row.status is not None and not (row.must_change_password and row.status == "CONFIRMED"):
        return row.status
    if row.hash is None:
        return "RESET_REQUIRED"
    return "FORCE_CHANGE_PASSWORD" if row.must_change_password else "CONFIRMED"


def _time(given: datetime | None, name: str) -> datetime | None:
    """Give a time of a file as it can be stored and compared."""
    if given is None:
        return None
    if given.tzinfo is None:
        raise _bad(f"{name} has no time zone.")
    try:
        return given.astimezone(UTC)
    except OverflowError:
        raise _bad(f"{name} is no time.") from None


def _with_flags(attributes: dict[str, str]) -> dict[str, str]:
    return {
        name: value.lower() if name in VERIFIED_FLAGS else value
        for name, value in attributes.items()
        if value != ""
    }


def _check_flags(attributes: dict[str, str]) -> None:
    for flag in VERIFIED_FLAGS:
        if attributes.get(flag) == "true" and not attributes.get(flag.removesuffix("_verified")):
            raise _bad(f"{flag} is true, and there is no {flag.removesuffix('_verified')}.")


def _check_proofs(row: ImportedUser) -> None:
    for secret in (row.hash, *row.former):
        if secret is None:
            continue
        try:
            check_hash(secret.reveal())
        except UnusableHash as unusable:
            raise _bad(str(unusable)) from None
    if row.totp_seed is not None and not _is_seed(row.totp_seed.reveal()):
        raise _bad("The seed of the authenticator is not Base32.")
    if row.srp is not None:
        for text in (row.srp.salt, row.srp.verifier.reveal()):
            if _HEX.fullmatch(text) is None:
                raise _bad("The SRP verifier is not hexadecimal.")


def _is_seed(text: str) -> bool:
    if not 0 < len(text) <= _MAX_SEED_CHARACTERS:
        return False
    try:
        return bool(base64.b32decode(text + "=" * (-len(text) % 8)))
    except (binascii.Error, ValueError):
        return False


def _check_texts(row: ImportedUser) -> None:
    if _UNSTORABLE.search("\n".join(texts_of(row))):
        raise _bad("A value has a NUL or half a character in it.")


def _bad(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
