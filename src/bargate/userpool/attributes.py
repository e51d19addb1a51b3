"""What users' attributes may be: held against the pool's schema, in AWS's words. Pure.

[{Name, Value}] ──► given ──► check_new | check_change ──► dict of texts ──► output
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from bargate.records.user_pool import DEVELOPER_PREFIX
from bargate.userpool.schema import STANDARD_NAMES, VERIFIED_FLAGS
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bargate.records.user_pool import SchemaAttribute, UserPool
    from bargate.records.user_pool_client import UserPoolClient

MAX_NUMBER_CHARACTERS: Final = 64
_EMAIL: Final = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,255}")
_PHONE: Final = re.compile(r"\+[1-9][0-9]{1,14}", re.ASCII)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def given(listed: Iterable[Mapping[str, Any]] | None) -> dict[str, str]:
    """Read a list of {Name, Value}; one named twice is refused, since which was meant is unknown."""
    found: dict[str, str] = {}
    for each in listed or ():
        name = each["Name"]
        if name in found:
            raise _invalid(f"Attribute {name} is given twice.")
        found[name] = each.get("Value", "")
    return found


def output(sub: str, attributes: Mapping[str, str]) -> list[dict[str, str]]:
    """Write attributes as AWS does, `sub` first."""
    pairs = (("sub", sub), *attributes.items())
    return [{"Name": name, "Value": value} for name, value in pairs]


def check_new(pool: UserPool, attributes: Mapping[str, str], *, by_admin: bool) -> None:
    """Raise InvalidParameterException unless a new user may have these.

    Users must give what is required; for an administrator they may do so later (AWS [M]
    AdminCreateUser).
    """
    schema = {each.name: each for each in pool.schema}
    defects = _defects(schema, attributes)
    if "sub" in attributes:
        defects.append("sub: Attribute cannot be updated.")
    if not by_admin:
        defects += [f"{name}: The attribute is required" for name in missing(pool, attributes)]
    _refuse(defects)
    _check_formats(attributes)


def check_change(pool: UserPool, old: Mapping[str, str], new: Mapping[str, str]) -> None:
    """Raise InvalidParameterException unless a user's attributes may become these."""
    schema = {each.name: each for each in pool.schema}
    defects = _defects(schema, new)
    for name, value in new.items():
        known = schema.get(name)
        if known is not None and not known.mutable and old.get(name) != value:
            defects.append(f"{name}: Attribute cannot be updated.")
    _refuse(defects)
    _check_formats(new)


def check_removal(pool: UserPool, names: Iterable[str]) -> None:
    """Raise InvalidParameterException unless a user may lose these attributes."""
    schema = {each.name: each for each in pool.schema}
    defects = []
    for name in names:
        known = schema.get(name)
        if known is None:
            defects.append(f"{name}: Attribute does not exist in the schema.")
        elif known.required or not known.mutable:
            defects.append(f"{name}: Attribute cannot be deleted.")
    _refuse(defects)


def missing(pool: UserPool, attributes: Mapping[str, str]) -> list[str]:
    """Give the required attributes that are not there, `sub` aside."""
    return [
        each.name
        for each in pool.schema
        if each.required and each.name != "sub" and not attributes.get(each.name)
    ]


def readable(client: UserPoolClient, attributes: Mapping[str, str]) -> dict[str, str]:
    """Give what a client may read (AWS [M]: the standard attributes when it names none)."""
    allowed = STANDARD_NAMES if client.read_attributes is None else set(client.read_attributes)
    return {name: value for name, value in attributes.items() if name in allowed}


def check_writable(client: UserPoolClient, names: Iterable[str]) -> None:
    """Raise NotAuthorizedException unless users may write these through a client.

    Nobody may say by themself that an address is verified, or write what only administrators may
    (AWS [M] DeveloperOnlyAttribute), whatever the client lists.
    """
    allowed = STANDARD_NAMES if client.write_attributes is None else set(client.write_attributes)
    for name in names:
        is_kept = name in VERIFIED_FLAGS or name == "sub" or name.startswith(DEVELOPER_PREFIX)
        if name not in allowed or is_kept:
            message = "A client attempted to write unauthorized attribute"
            raise AwsError("NotAuthorizedException", message)


def _defects(schema: Mapping[str, SchemaAttribute], attributes: Mapping[str, str]) -> list[str]:
    defects = []
    for name, value in attributes.items():
        known = schema.get(name)
        if known is None:
            defects.append(f"{name}: Attribute does not exist in the schema.")
            continue
        defect = _defect(known, value)
        if defect is not None:
            defects.append(f"{name}: {defect}")
    return defects


def _defect(attribute: SchemaAttribute, value: str) -> str | None:
    if attribute.data_type == "Boolean":
        return None if value.lower() in ("true", "false") else "Attribute value is not a boolean"
    if attribute.data_type == "Number":
        return _number_defect(attribute, value)
    if attribute.data_type == "DateTime":
        return None if value else "Attribute value is not a date"
    if attribute.min_length is not None and len(value) < int(attribute.min_length):
        return "String must be at least %s characters" % attribute.min_length  # noqa: UP031
    if attribute.max_length is not None and len(value) > int(attribute.max_length):
        return "String must be no longer than %s characters" % attribute.max_length  # noqa: UP031
    return None


def _number_defect(attribute: SchemaAttribute, value: str) -> str | None:
    try:
        number = Decimal(value) if len(value) <= MAX_NUMBER_CHARACTERS else Decimal("nan")
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite():
        return "Attribute value is not a number"
    if attribute.min_value is not None and number < Decimal(attribute.min_value):
        return f"Number must be at least {attribute.min_value}"
    if attribute.max_value is not None and number > Decimal(attribute.max_value):
        return f"Number must be no more than {attribute.max_value}"
    return None


def _check_formats(attributes: Mapping[str, str]) -> None:
    """Refuse addresses that cannot be any (AWS [D] §9)."""
    email, phone = attributes.get("email"), attributes.get("phone_number")
    if email and _EMAIL.fullmatch(email) is None:
        raise _invalid("Invalid email address format.")
    if phone and _PHONE.fullmatch(phone) is None:
        raise _invalid("Invalid phone number format.")
    birthdate = attributes.get("birthdate")
    if birthdate and _DATE.fullmatch(birthdate) is None:
        raise _invalid("Invalid birthdate format, please provide the birthdate in YYYY-MM-DD.")


def is_email(text: str) -> bool:
    """Say whether a text can be a mail address."""
    return _EMAIL.fullmatch(text) is not None


def is_phone(text: str) -> bool:
    """Say whether a text can be a phone number (E.164)."""
    return _PHONE.fullmatch(text) is not None


def _refuse(defects: list[str]) -> None:
    if defects:
        text = "".join(f"{each}\n" for each in defects)
        raise _invalid(f"Attributes did not conform to the schema: {text}")


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
