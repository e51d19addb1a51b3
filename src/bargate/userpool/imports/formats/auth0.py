"""Auth0's files: the export of password hashes (one JSON object a line), and files for its bulk import.

Hashes are bcrypt (`passwordHash`, `password_hash`) or what `custom_password_hash` says, as far as a
pool keeps its kind: argon2, bcrypt, PBKDF2, scrypt. Somebody with another kind (MD5, …) is a bad row.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from bargate.secret import Secret
from bargate.userpool.imports.formats.json_records import decoded, json_records
from bargate.userpool.imports.formats.lines import bounded_lines, shown
from bargate.userpool.imports.formats.profile import (
    BadRecord,
    custom_attributes,
    is_true,
    list_of,
    map_of,
    text_of,
    username_of,
)
from bargate.userpool.imports.row import BadRow, ImportedUser
from bargate.userpool.password_schemes import UnusableHash, check_hash
from bargate.userpool.password_schemes.phc import encoded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bargate.records.user_pool import UserPool
    from bargate.userpool.imports.row import Row

MAX_LINE_BYTES: Final = 1_048_576
_STANDARD: Final = (
    "email",
    "given_name",
    "family_name",
    "name",
    "nickname",
    "picture",
    "phone_number",
)
_VERIFIED: Final = {"email": "email_verified", "phone_number": "phone_verified"}
_PBKDF2_DEFAULTS: Final = "i=100000,l=64"  # Auth0's, where a hash does not say them
_SCRYPT_DEFAULTS: Final = {"cost": 16_384, "blockSize": 8, "parallelization": 1}
_WHITE_SPACE: Final = b" \t\r\n"


def read(file: BinaryIO, pool: UserPool) -> Iterator[Row]:
    """Read a file of Auth0; raises WrongFormat."""
    for number, record in _records(file):
        names = (record.get("username"), record.get("email")) if isinstance(record, dict) else ()
        try:
            yield _user(number, record, pool)
        except (BadRecord, UnusableHash) as bad:
            name = next((each for each in names if isinstance(each, str)), "")
            yield BadRow(line=number, username=shown(name), reason=str(bad))


def _records(file: BinaryIO) -> Iterator[tuple[int, Any]]:
    """Give what the file holds: an array, or an object a line."""
    first = _first_byte(file)
    file.seek(0)
    if first == b"[":
        yield from enumerate(json_records(file), 1)
        return
    for number, line in bounded_lines(file, MAX_LINE_BYTES):
        if line is None or line.strip():
            yield number, decoded(line)


def _first_byte(file: BinaryIO) -> bytes:
    while (first := file.read(1)) and first in _WHITE_SPACE:
        pass
    return first


def _user(number: int, record: Any, pool: UserPool) -> ImportedUser:
    if not isinstance(record, dict):
        raise BadRecord("The record is no JSON object, or too large or too deep.")
    attributes = _attributes(record, pool)
    hashed = _hash(record)
    seed = _seed(record)
    return ImportedUser(
        line=number,
        username=username_of(
            pool, text_of(record.get("username"), "username"), attributes, _id(record)
        ),
        attributes=attributes,
        hash=None if hashed is None else Secret(hashed),
        enabled=not is_true(record.get("blocked"), "blocked", default=False),
        totp_seed=None if seed is None else Secret(seed),
        created_at=_time(record.get("created_at")),
    )


def _attributes(record: dict[str, Any], pool: UserPool) -> dict[str, str]:
    # Users write their user_metadata themselves, so it becomes nothing that rights may hang on.
    found = custom_attributes(pool, map_of(record.get("app_metadata"), "app_metadata"))
    given = _identifiers(record) | record
    for name in _STANDARD:
        value = text_of(given.get(name), name)
        if value:
            found[name] = value
            flag = _VERIFIED.get(name)
            if flag is not None:
                is_verified = is_true(given.get(flag), flag, default=False)
                found[f"{name}_verified"] = str(is_verified).lower()
    return found


def _identifiers(record: dict[str, Any]) -> dict[str, Any]:
    """Read addresses that an export has in `identifiers` alone."""
    found: dict[str, Any] = {}
    for each in list_of(record.get("identifiers"), "identifiers"):
        kind = map_of(each, "An identifier").get("type")
        name = {"email": "email", "phone": "phone_number", "phone_number": "phone_number"}.get(
            kind if isinstance(kind, str) else ""
        )
        if name is not None:
            found |= {name: each.get("value"), _VERIFIED[name]: each.get("verified")}
    return found


def _id(record: dict[str, Any]) -> str | None:
    """Give the user's id without the name of its connection: `auth0|5dea…` is 5dea…."""
    given = record.get("user_id") or record.get("alt_id")
    if given is None:
        given = map_of(record.get("_id"), "_id").get("$oid")
    text = text_of(given, "user_id")
    return None if text is None else text.rpartition("|")[2]


def _hash(record: dict[str, Any]) -> str | None:
    custom = record.get("custom_password_hash")
    text = text_of(record.get("passwordHash", record.get("password_hash")), "password_hash")
    if custom is not None:
        text = _custom_hash(map_of(custom, "custom_password_hash"))
    if text is not None:
        check_hash(text)
    return text


def _custom_hash(custom: dict[str, Any]) -> str:
    algorithm = text_of(custom.get("algorithm"), "algorithm")
    hashed = map_of(custom.get("hash"), "hash")
    if map_of(custom.get("password"), "password").get("encoding", "utf8") not in ("utf8", "ascii"):
        raise BadRecord("The password hash was made of another encoding than UTF-8.")
    if algorithm == "scrypt":
        return _scrypt(custom, hashed)
    if algorithm not in ("argon2", "bcrypt", "pbkdf2"):
        raise BadRecord(f"Password hashes of the kind {shown(algorithm)!r} are not safe to keep.")
    text = text_of(hashed.get("value"), "value") or ""
    parts = text.split("$")
    if algorithm == "pbkdf2" and len(parts) == 4:  # noqa: PLR2004 no parameters
        parts.insert(2, _PBKDF2_DEFAULTS)
    return "$".join(parts)


def _scrypt(custom: dict[str, Any], hashed: dict[str, Any]) -> str:
    numbers = [custom.get(name, default) for name, default in _SCRYPT_DEFAULTS.items()]
    cost, block_size, lanes = (each if type(each) is int else 0 for each in numbers)
    if cost < 2 or cost & (cost - 1):  # noqa: PLR2004 a power of two
        raise BadRecord("The cost of the scrypt hash is no power of two.")
    salt = _bytes(map_of(custom.get("salt"), "salt"), "utf8")
    value = _bytes(hashed, "")
    parameters = f"ln={cost.bit_length() - 1},r={block_size},p={lanes}"
    return f"$scrypt${parameters}${encoded(salt)}${encoded(value)}"


def _bytes(given: dict[str, Any], default: str) -> bytes:
    text = text_of(given.get("value"), "value") or ""
    encoding = given.get("encoding", default)
    try:
        if encoding == "hex":
            return bytes.fromhex(text)
        if encoding == "base64":
            plain = text.replace("-", "+").replace("_", "/").rstrip("=")
            return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (ValueError, binascii.Error):
        raise BadRecord("The password hash or its salt is not in its encoding.") from None
    if encoding == "utf8":
        return text.encode("utf-8", "surrogatepass")
    raise BadRecord("The password hash or its salt is in an unknown encoding.")


def _seed(record: dict[str, Any]) -> str | None:
    """Give the authenticator's seed: Base32 as Auth0's bulk import takes it."""
    factors = list_of(record.get("mfa_factors"), "mfa_factors")
    for each in factors:
        factor = map_of(map_of(each, "A factor").get("totp"), "totp")
        text = text_of(factor.get("secret"), "The authenticator's seed")
        if text:
            return text.upper().rstrip("=")
    if factors:
        raise BadRecord("The second factor is no authenticator, and cannot come along.")
    return None


def _time(value: Any) -> datetime | None:
    given = value.get("$date") if isinstance(value, dict) else value
    text = text_of(given, "created_at")
    try:
        found = None if text is None else datetime.fromisoformat(text)
    except ValueError:
        raise BadRecord("created_at is no time.") from None
    return found if found is None or found.tzinfo is not None else None
