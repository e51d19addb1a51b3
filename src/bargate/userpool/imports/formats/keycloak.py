"""Keycloak's exports: `kc.sh export` of a realm or of its users, JSON with `users`.

A user's password hash (PBKDF2, argon2), authenticator, groups and attributes come along. Service
accounts, and what a pool cannot keep (an authenticator of other than 6 digits in 30 seconds), are
bad rows: nobody gets in with less than they had to show before.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import msgspec

from bargate.secret import Secret
from bargate.userpool.imports.formats.json_records import json_records
from bargate.userpool.imports.formats.lines import shown
from bargate.userpool.imports.formats.profile import (
    BadRecord,
    is_true,
    list_of,
    map_of,
    own_attributes,
    sub_of,
    text_of,
    username_of,
)
from bargate.userpool.imports.row import BadRow, ImportedUser
from bargate.userpool.password_schemes import UnusableHash, check_hash

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bargate.records.user_pool import UserPool
    from bargate.userpool.imports.row import Row

_PBKDF2: Final = {
    "pbkdf2": "pbkdf2-sha1",
    "pbkdf2-sha256": "pbkdf2-sha256",
    "pbkdf2-sha512": "pbkdf2-sha512",
}
_ARGON2_VERSIONS: Final = {"1.3": 19, "1.0": 16}
_TOTP: Final = {"subType": "totp", "digits": 6, "period": 30, "algorithm": "HmacSHA1"}
_RENAMED: Final = {
    "firstName": "given_name",
    "lastName": "family_name",
    "email": "email",
}
_OTHER_SPELLINGS: Final = {"phoneNumber": "phone_number"}


def read(file: BinaryIO, pool: UserPool) -> Iterator[Row]:
    """Read an export of Keycloak; raises WrongFormat."""
    for number, record in enumerate(json_records(file, "users"), 1):
        name = shown(record.get("username")) if isinstance(record, dict) else ""
        try:
            yield _user(number, record, pool)
        except (BadRecord, UnusableHash) as bad:
            yield BadRow(line=number, username=name, reason=str(bad))


def _user(number: int, record: Any, pool: UserPool) -> ImportedUser:
    if not isinstance(record, dict):
        raise BadRecord("The record is no object, or too large or too deep.")
    if record.get("serviceAccountClientLink") is not None:
        raise BadRecord("This is the service account of a client, not a user.")
    attributes = _attributes(record, pool)
    id_text = text_of(record.get("id"), "id")
    credentials = [
        map_of(each, "A credential") for each in list_of(record.get("credentials"), "credentials")
    ]
    password = _first(credentials, "password")
    authenticator = _first(credentials, "otp")
    if authenticator is None and _first(credentials, "webauthn") is not None:
        raise BadRecord("The second factor is a security key, which cannot come along.")
    actions = list_of(record.get("requiredActions"), "requiredActions")
    return ImportedUser(
        line=number,
        username=username_of(
            pool, text_of(record.get("username"), "username"), attributes, id_text
        ),
        attributes=attributes,
        hash=None if password is None else Secret(_hash(password)),
        enabled=is_true(record.get("enabled"), "enabled", default=True),
        groups=tuple(_group(each) for each in list_of(record.get("groups"), "groups")),
        totp_seed=None if authenticator is None else Secret(_seed(authenticator)),
        totp_name=None
        if authenticator is None
        else text_of(authenticator.get("userLabel"), "userLabel"),
        sub=sub_of(id_text),
        created_at=_time(record.get("createdTimestamp")),
        must_change_password="UPDATE_PASSWORD" in actions
        or (password is not None and password.get("temporary") is True),
    )


def _attributes(record: dict[str, Any], pool: UserPool) -> dict[str, str]:
    given = map_of(record.get("attributes"), "attributes")
    renamed = {_OTHER_SPELLINGS.get(name, name): value for name, value in given.items()}
    found = own_attributes(pool, renamed)
    for name, ours in _RENAMED.items():
        value = text_of(record.get(name), name)
        if value:
            found[ours] = value
    if "phone_number" in found:
        # Keycloak verifies none itself, and users may have written their attributes themselves.
        found["phone_number_verified"] = "false"
    if "email" in found:
        is_verified = is_true(record.get("emailVerified"), "emailVerified", default=False)
        found["email_verified"] = str(is_verified).lower()
    return found


def _first(credentials: list[dict[str, Any]], kind: str) -> dict[str, Any] | None:
    return next((each for each in credentials if each.get("type") == kind), None)


def _data(credential: dict[str, Any], name: str) -> dict[str, Any]:
    """Read one of the JSON texts in a credential."""
    try:
        return map_of(msgspec.json.decode(text_of(credential.get(name), name) or "{}"), name)
    except (msgspec.DecodeError, RecursionError):
        raise BadRecord(f"{name} of a credential is no JSON.") from None


def _hash(credential: dict[str, Any]) -> str:
    data, secret = _data(credential, "credentialData"), _data(credential, "secretData")
    salt, value = (_unpadded(secret.get(name)) for name in ("salt", "value"))
    algorithm, rounds = data.get("algorithm"), _whole(data.get("hashIterations"))
    if algorithm == "argon2":
        text = f"{_argon2(data, rounds)}${salt}${value}"
    elif isinstance(algorithm, str) and algorithm in _PBKDF2:
        text = f"${_PBKDF2[algorithm]}$i={rounds}${salt}${value}"
    else:
        raise BadRecord(f"Password hashes of the kind {shown(algorithm)!r} are not known.")
    check_hash(text)
    return text


def _argon2(data: dict[str, Any], passes: int) -> str:
    more = map_of(data.get("additionalParameters"), "additionalParameters")
    given = {name: (list_of(value, name) or [""])[0] for name, value in more.items()}
    version = _ARGON2_VERSIONS.get(given.get("version", "1.3"))
    kind = given.get("type", "id")
    if version is None or kind not in ("id", "i", "d"):
        raise BadRecord("The password hash is of an unknown version of argon2.")
    memory, lanes = _whole(given.get("memory")), _whole(given.get("parallelism"))
    return f"$argon2{kind}$v={version}$m={memory},t={passes},p={lanes}"


def _whole(value: Any) -> int:
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) <= 10):  # noqa: PLR2004
        raise BadRecord("The password hash lacks a number that it needs, or has a wrong one.")
    return int(text)


def _unpadded(value: Any) -> str:
    text = text_of(value, "A part of the password hash")
    if not text or "$" in text:
        raise BadRecord("The password hash lacks its salt or value.")
    return text.rstrip("=")


def _seed(credential: dict[str, Any]) -> str:
    """Give the seed of an authenticator in Base32."""
    data = _data(credential, "credentialData")
    if any(data.get(name) != value for name, value in _TOTP.items()):
        raise BadRecord("The authenticator is not one of 6 digits every 30 seconds by SHA-1.")
    value = text_of(_data(credential, "secretData").get("value"), "The authenticator's seed")
    encoding = text_of(data.get("secretEncoding"), "secretEncoding")
    if not value or (encoding or "BASE32").upper() != "BASE32":
        raise BadRecord("The authenticator has no seed, or one in an unknown encoding.")
    if encoding is not None:
        return value.upper().rstrip("=")
    return base64.b32encode(value.encode("utf-8", "surrogatepass")).decode("ascii").rstrip("=")


def _group(value: Any) -> str:
    """Name a group by its path: `/staff/admins` is the group `staff/admins`."""
    path = text_of(value, "A group") or ""
    return path.removeprefix("/")


def _time(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        return datetime.fromtimestamp(float(value) / 1000, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise BadRecord("createdTimestamp is no time.") from None
