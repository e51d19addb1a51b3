"""Our own file of users (`bargate users export`): a JSON object a line.

    {"bargate_users": 1, "pool_id": …}      the version, and where they are from
    {"username": …, "sub": …, …}            a user a line
    {"end": 2}                              how many: a file without it was cut off

An SRP verifier holds for a pool's name and a username, so in another pool it is left out: the first
sign-in with the password makes another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import msgspec

from bargate.userpool.imports.formats.exported import (
    MAX_LINE_BYTES,
    VERSION,
    ExportedUser,
    Footer,
    Header,
    decoded,
)
from bargate.userpool.imports.formats.format import WrongFormat
from bargate.userpool.imports.formats.lines import bounded_lines
from bargate.userpool.imports.formats.profile import username_of
from bargate.userpool.imports.row import BadRow, ImportedUser, SrpVerifier
from bargate.userpool.password_schemes import UnusableHash, check_hash

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bargate.records.pool_user import UserStatus
    from bargate.records.user_pool import UserPool
    from bargate.userpool.imports.row import Row


def read(file: BinaryIO, pool: UserPool) -> Iterator[Row]:
    """Read our own file; raises WrongFormat."""
    lines = bounded_lines(file, MAX_LINE_BYTES)
    header = _header(next(lines, (1, None))[1])
    count = 0
    for number, line in lines:
        if line is not None and line.startswith(b'{"end":'):
            _check_end(line, count, next(lines, None))
            return
        yield _row(number, line, header, pool)
        count += 1
    raise WrongFormat(f"The file was cut off: its last line is not there, after {count} users.")


def _header(line: bytes | None) -> Header:
    try:
        header = None if line is None else decoded(line, Header)
    except msgspec.DecodeError:
        header = None
    if header is None:
        raise WrongFormat("The file is no export of users: its first line is not one of ours.")
    if header.bargate_users != VERSION:
        raise WrongFormat(
            f"The file is of version {header.bargate_users}, and only {VERSION} can be read."
        )
    return header


def _check_end(line: bytes, count: int, more: object) -> None:
    try:
        footer = decoded(line, Footer)
    except msgspec.DecodeError:
        raise WrongFormat("The last line of the file cannot be read.") from None
    if footer.end != count or more is not None:
        raise WrongFormat(f"The file says that it has {footer.end} users, and has {count}.")


def _row(number: int, line: bytes | None, header: Header, pool: UserPool) -> Row:
    if line is None:
        return BadRow(line=number, username="", reason="The line is too long.")
    try:
        user = decoded(line, ExportedUser)
        for secret in (user.hash, *user.former):
            if secret is not None:
                check_hash(secret.reveal())
    except UnusableHash as bad:
        return BadRow(line=number, username=user.username[:128], reason=str(bad))
    except msgspec.DecodeError:
        return BadRow(
            line=number, username="", reason="The line is no user as this version has them."
        )
    return _user(number, user, header, pool)


def _user(number: int, user: ExportedUser, header: Header, pool: UserPool) -> ImportedUser:
    return ImportedUser(
        line=number,
        username=username_of(pool, user.username, user.attributes, user.sub),
        attributes=user.attributes,
        hash=user.hash,
        enabled=user.enabled,
        groups=user.groups,
        totp_seed=user.totp_seed,
        totp_name=user.totp_name,
        sub=user.sub,
        created_at=user.created_at,
        status=user.status if header.has_hashes else _without_password(user.status),
        temporary_until=user.temporary_until,
        srp=_srp(user, header, pool),
        former=user.former,
        mfa=user.mfa,
        preferred_mfa=user.preferred_mfa,
    )


def _without_password(status: UserStatus) -> UserStatus:
    """Say what is left to do where no passwords came along."""
    return "RESET_REQUIRED" if status in ("CONFIRMED", "FORCE_CHANGE_PASSWORD") else status


def _srp(user: ExportedUser, header: Header, pool: UserPool) -> SrpVerifier | None:
    is_same = header.pool_id.partition("_")[2] == pool.srp_name
    if not is_same or user.srp_salt is None or user.srp_verifier is None:
        return None
    return SrpVerifier(username=user.username, salt=user.srp_salt, verifier=user.srp_verifier)
