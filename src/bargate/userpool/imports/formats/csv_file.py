r"""AWS's CSV file of users, for import jobs (AWS [D] "Creating the user import .csv file").

UTF-8 without byte order mark; a first row with every column of `header`, in any order; a row a user;
a comma in a value is written `\,` or, as spreadsheets do, in a value in quotation marks. There are
no passwords in it: users are RESET_REQUIRED until they choose one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO, Final

from bargate.userpool.attributes import missing
from bargate.userpool.imports.formats.format import WrongFormat
from bargate.userpool.imports.formats.lines import BYTE_ORDER_MARK, bounded_lines, shown
from bargate.userpool.imports.row import BadRow, ImportedUser
from bargate.userpool.schema import VERIFIED_FLAGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bargate.records.user_pool import UserPool
    from bargate.userpool.imports.row import Row

MAX_ROW_CHARACTERS: Final = 16_000  # AWS [D]
USERNAME, MFA_ENABLED = "cognito:username", "cognito:mfa_enabled"
_MAX_ROW_BYTES: Final = 4 * MAX_ROW_CHARACTERS
_VALUE: Final = re.compile(r'(?:"((?:[^"]|"")*)"|((?:\\,|[^,])*))(?:,|$)', re.DOTALL)
_BIRTHDATE: Final = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})", re.ASCII)


class _Bad(Exception):
    """Why a row is no user."""


def header(pool: UserPool) -> tuple[str, ...]:
    """Give the columns of the pool's file, in AWS's order (GetCSVHeader)."""
    names = (each.name for each in pool.schema if each.name != "sub")
    return (*names, MFA_ENABLED, USERNAME)


def read(file: BinaryIO, pool: UserPool) -> Iterator[Row]:
    """Read AWS's CSV file; raises WrongFormat."""
    if not pool.auto_verified:
        # AWS [D]: such a job does not start, since nobody could choose a password.
        raise WrongFormat(
            "The pool verifies neither email nor phone_number by itself (AutoVerifiedAttributes),"
            " so users of a CSV file could not choose a password."
        )
    lines = bounded_lines(file, _MAX_ROW_BYTES)
    columns = _columns(next(lines, (1, b""))[1], pool)
    for number, line in lines:
        if line is None or line.strip():
            yield _row(number, line, columns, pool)


def _columns(line: bytes | None, pool: UserPool) -> list[str]:
    if line is not None and line.startswith(BYTE_ORDER_MARK):
        raise WrongFormat("The file begins with a byte order mark: save it as UTF-8 without one.")
    if line is not None and not line.strip():
        raise WrongFormat("The file has no header: its first line is empty.")
    try:
        columns = _values(_text(line))
    except _Bad as bad:
        raise WrongFormat(f"The header (line 1) cannot be read: {bad}") from None
    known = header(pool)
    unknown = [shown(each) for each in columns if each not in known]
    absent = [each for each in known if each not in columns]
    if unknown:
        raise WrongFormat(f"The header has columns that the pool does not have: {_list(unknown)}.")
    if len(set(columns)) < len(columns):
        twice = sorted({each for each in columns if columns.count(each) > 1})
        raise WrongFormat(f"The header has columns twice: {_list(twice)}.")
    if absent:
        raise WrongFormat(f"The header lacks columns of the pool: {_list(absent)}.")
    return columns


def _list(names: list[str]) -> str:
    more = ", …" if len(names) > 5 else ""  # noqa: PLR2004 enough to see what is meant
    return ", ".join(names[:5]) + more


def _row(number: int, line: bytes | None, columns: list[str], pool: UserPool) -> Row:
    username = ""
    try:
        values = _values(_text(line))
        if len(values) != len(columns):
            raise _Bad(f"The row has {len(values)} values, the header {len(columns)} columns.")
        given = {name: value for name, value in zip(columns, values, strict=True) if value}
        username = given.pop(USERNAME, "")
        return _user(number, username, given, pool)
    except _Bad as bad:
        return BadRow(line=number, username=shown(username), reason=str(bad))


def _text(line: bytes | None) -> str:
    try:
        text = "" if line is None else line.decode()
    except UnicodeDecodeError:
        raise _Bad("The row is not UTF-8.") from None
    if line is None or len(text) > MAX_ROW_CHARACTERS:
        raise _Bad(f"The row has more than {MAX_ROW_CHARACTERS:,} characters.")
    return text


def _values(text: str) -> list[str]:
    values, at = [], 0
    while True:
        found = _VALUE.match(text, at)
        if found is None or (found[2] or "").startswith('"'):
            raise _Bad("A value that begins with a quotation mark does not end with one.")
        quoted = found[1]
        value = found[2].replace("\\,", ",") if quoted is None else quoted.replace('""', '"')
        values.append(_clean(value))
        at = found.end()
        if not found[0].endswith(",") or found.end(1 if quoted is not None else 2) == len(text):
            return values


def _clean(value: str) -> str:
    if any(ord(each) < 0x20 and each != "\t" for each in value):  # noqa: PLR2004 control characters
        raise _Bad("A value has a control character.")
    return value.strip()  # AWS [D]


def _user(number: int, username: str, given: dict[str, str], pool: UserPool) -> ImportedUser:
    if not username or " " in username or "\t" in username:
        raise _Bad(f"{USERNAME} is empty or has a space or tab.")
    has_mfa = _has_mfa(given.pop(MFA_ENABLED, ""), pool)
    attributes = {name: _attribute(name, value) for name, value in given.items()}
    _check_verified(attributes, pool)
    absent = missing(pool, attributes)
    if absent:
        raise _Bad(f"The pool requires {_list(absent)}.")
    by_sms = has_mfa and pool.sms_mfa and "phone_number" in attributes
    return ImportedUser(
        line=number,
        username=username,
        attributes=attributes,
        status="RESET_REQUIRED",
        mfa=("SMS_MFA",) if by_sms else (),
        preferred_mfa="SMS_MFA" if by_sms else None,
    )


def _has_mfa(value: str, pool: UserPool) -> bool:
    said = value.lower()
    if said not in ("true", "false"):
        raise _Bad(f"{MFA_ENABLED} must be true or false.")
    if (pool.mfa, said) in (("ON", "false"), ("OFF", "true")):
        raise _Bad(f"{MFA_ENABLED} must not be {said}: MFA of the pool is {pool.mfa}.")
    return said == "true"


def _attribute(name: str, value: str) -> str:
    if name in VERIFIED_FLAGS:
        if value.lower() not in ("true", "false"):
            raise _Bad(f"{name} must be true or false.")
        return value.lower()
    if name == "birthdate":
        found = _BIRTHDATE.fullmatch(value)
        if found is None:
            raise _Bad("birthdate must be mm/dd/yyyy.")
        return f"{found[3]}-{found[1]}-{found[2]}"
    return value


def _check_verified(attributes: Mapping[str, str], pool: UserPool) -> None:
    for flag in VERIFIED_FLAGS:
        name = flag.removesuffix("_verified")
        if attributes.get(flag) == "true" and name not in attributes:
            raise _Bad(f"{flag} is true, and there is no {name}.")
    if not any(attributes.get(f"{name}_verified") == "true" for name in pool.auto_verified):
        flags = " or ".join(f"{name}_verified" for name in pool.auto_verified)
        raise _Bad(f"{flags} must be true.")
