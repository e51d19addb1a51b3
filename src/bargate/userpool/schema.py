"""The schema of a pool: AWS's standard attributes, and the custom ones that are only ever added."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from bargate.records.user_pool import CUSTOM_PREFIX, DEVELOPER_PREFIX, SchemaAttribute
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_CUSTOM: Final = 50  # AWS [D] cognito-userpools §11
_MAX_TEXT: Final = "2048"
_BOUND: Final = re.compile(r"-?[0-9]{1,20}", re.ASCII)


def _text(name: str, **changes: Any) -> SchemaAttribute:
    bounds = {"min_length": "0", "max_length": _MAX_TEXT}
    return SchemaAttribute(name=name, **(bounds | changes))


def _flag(name: str) -> SchemaAttribute:
    return SchemaAttribute(name=name, data_type="Boolean")


# AWS [O] DescribeUserPool of a pool without a schema of its own, in its order
STANDARD: Final[tuple[SchemaAttribute, ...]] = (
    _text("sub", min_length="1", mutable=False, required=True),
    _text("name"),
    _text("given_name"),
    _text("family_name"),
    _text("middle_name"),
    _text("nickname"),
    _text("preferred_username"),
    _text("profile"),
    _text("picture"),
    _text("website"),
    _text("email"),
    _flag("email_verified"),
    _text("gender"),
    _text("birthdate", min_length="10", max_length="10"),
    _text("zoneinfo"),
    _text("locale"),
    _text("phone_number"),
    _flag("phone_number_verified"),
    _text("address"),
    SchemaAttribute(name="updated_at", data_type="Number", min_value="0"),
)
STANDARD_NAMES: Final = frozenset(each.name for each in STANDARD)
# Set by verification or by administrators, never by a user.
VERIFIED_FLAGS: Final = ("email_verified", "phone_number_verified")


def new_schema(given: Iterable[Mapping[str, Any]]) -> tuple[SchemaAttribute, ...]:
    """Give the schema of a new pool: the standard attributes as `given` changes them, and custom ones."""
    standard = {each.name: each for each in STANDARD}
    custom: list[Mapping[str, Any]] = []
    for each in given:
        name = each.get("Name", "")
        if name in standard:
            standard[name] = _changed(standard[name], each)
        else:
            custom.append(each)
    return with_custom(tuple(standard.values()), custom)


def with_custom(
    schema: tuple[SchemaAttribute, ...], given: Iterable[Mapping[str, Any]]
) -> tuple[SchemaAttribute, ...]:
    """Add custom attributes to a schema; raises InvalidParameterException."""
    known = {each.name for each in schema}
    added: list[SchemaAttribute] = []
    for each in given:
        attribute = _custom(each)
        if attribute.name in known:
            raise _invalid(
                f"{attribute.name}: Existing attribute already has name {attribute.name}."
            )
        known.add(attribute.name)
        added.append(attribute)
    if len(known) - len(STANDARD_NAMES) > MAX_CUSTOM:
        raise _invalid(f"A user pool has at most {MAX_CUSTOM} custom attributes.")
    return (*schema, *added)


def attribute_output(attribute: SchemaAttribute) -> dict[str, Any]:
    """Write an attribute as AWS does."""
    output: dict[str, Any] = {
        "Name": attribute.name,
        "AttributeDataType": attribute.data_type,
        "DeveloperOnlyAttribute": attribute.developer_only,
        "Mutable": attribute.mutable,
        "Required": attribute.required,
    }
    if attribute.data_type == "String":
        pairs = (("MinLength", attribute.min_length), ("MaxLength", attribute.max_length))
        output["StringAttributeConstraints"] = {name: each for name, each in pairs if each}
    if attribute.data_type == "Number":
        pairs = (("MinValue", attribute.min_value), ("MaxValue", attribute.max_value))
        output["NumberAttributeConstraints"] = {name: each for name, each in pairs if each}
    return output


def _changed(standard: SchemaAttribute, given: Mapping[str, Any]) -> SchemaAttribute:
    data_type = given.get("AttributeDataType", standard.data_type)
    if data_type != standard.data_type:
        message = f"You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute {standard.name}"
        raise _invalid(message)
    if given.get("DeveloperOnlyAttribute", False):
        message = f"You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute {standard.name}"
        raise _invalid(message)
    if standard.name == "sub":
        return standard
    return replace(
        standard,
        mutable=given.get("Mutable", standard.mutable),
        required=given.get("Required", standard.required),
        **_bounds(given, standard),
    )


def _custom(given: Mapping[str, Any]) -> SchemaAttribute:
    name = given.get("Name", "")
    if not name or ":" in name:
        raise _invalid(f"Invalid attribute name: {name}.")
    if given.get("Required", False):
        raise _invalid("Required custom attributes are not supported currently.")
    data_type = given.get("AttributeDataType", "String")
    is_developer = given.get("DeveloperOnlyAttribute", False)
    prefix = f"{DEVELOPER_PREFIX}{CUSTOM_PREFIX}" if is_developer else CUSTOM_PREFIX
    plain = SchemaAttribute(
        name=f"{prefix}{name}",
        data_type=data_type,
        developer_only=is_developer,
        mutable=given.get("Mutable", True),
    )
    return replace(plain, **_bounds(given, plain))


def _bounds(given: Mapping[str, Any], default: SchemaAttribute) -> dict[str, str | None]:
    texts = given.get("StringAttributeConstraints") or {}
    numbers = given.get("NumberAttributeConstraints") or {}
    if default.data_type == "String":
        low, high = "min_length", "max_length"
        pair = (texts.get("MinLength"), texts.get("MaxLength"))
    elif default.data_type == "Number":
        low, high = "min_value", "max_value"
        pair = (numbers.get("MinValue"), numbers.get("MaxValue"))
    else:
        return {}
    bounds = {
        low: getattr(default, low) if pair[0] is None else pair[0],
        high: getattr(default, high) if pair[1] is None else pair[1],
    }
    _check_order(default.name, bounds[low], bounds[high])
    return bounds


def _check_order(name: str, low: str | None, high: str | None) -> None:
    for bound in (low, high):
        if bound is not None and _BOUND.fullmatch(bound) is None:
            raise _invalid(f"Invalid bound for attribute {name}: {bound[:64]} is not a number.")
    if low is not None and high is not None and int(low) > int(high):
        raise _invalid(f"Invalid bounds for attribute {name}: the minimum is over the maximum.")


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
