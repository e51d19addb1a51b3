"""`ContextEntries` of a simulation: condition keys with their values, checked by their type."""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from bargate.services.iam.errors import invalid_input

Context = dict[str, str | tuple[str, ...]]

_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
_LIST = "List"


def context_of(entries: Iterable[dict[str, Any]]) -> Context:
    """Give the keys, in lower case, with one value or several. Raises AwsError."""
    context: Context = {}
    for entry in entries:
        name: str | None = entry.get("ContextKeyName")
        type_: str = entry.get("ContextKeyType") or "string"
        values: list[str] = entry.get("ContextKeyValues") or []
        if not name:
            raise invalid_input("A context entry has no ContextKeyName.")
        if name.lower() in context:
            raise invalid_input(f"The context key {name} is given more than once.")
        is_right = _TYPES[type_.removesuffix(_LIST)]
        if not all(map(is_right, values)):
            raise invalid_input(f"A value of the context key {name} is not of type {type_}.")
        if type_.endswith(_LIST):
            context[name.lower()] = tuple(values)
        elif len(values) == 1:
            context[name.lower()] = values[0]
        else:
            raise invalid_input(f"The context key {name} of type {type_} must have one value.")
    return context


def _is_text(_value: str) -> bool:
    return True


def _is_number(value: str) -> bool:
    return bool(_NUMBER.fullmatch(value))


def _is_boolean(value: str) -> bool:
    return value.lower() in ("true", "false")


def _is_address(value: str) -> bool:
    try:
        ipaddress.ip_interface(value)
    except ValueError:
        return False
    return True


def _is_binary(value: str) -> bool:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _is_date(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return _is_number(value)
    return True


_TYPES: dict[str, Callable[[str], bool]] = {
    "string": _is_text,
    "numeric": _is_number,
    "boolean": _is_boolean,
    "ip": _is_address,
    "binary": _is_binary,
    "date": _is_date,
}
