"""What formats of others have in common: attributes under AWS's names, and names of users."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from bargate.records.user_pool import CUSTOM_PREFIX
from bargate.userpool.attributes import is_email, is_phone
from bargate.userpool.schema import VERIFIED_FLAGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.records.user_pool import UserPool

_SUB: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_SAID_ELSEWHERE: Final = frozenset({"sub", "email", *VERIFIED_FLAGS})


class BadRecord(Exception):
    """Why a record is no user; the text says no secret."""


def text_of(value: Any, name: str) -> str | None:
    """Give a text, None for none; raises BadRecord."""
    if value is None or isinstance(value, str):
        return value
    raise BadRecord(f"{name} is no text.")


def is_true(value: Any, name: str, *, default: bool) -> bool:
    """Give a truth value; raises BadRecord."""
    if value is None:
        return default
    if isinstance(value, bool):
        return value
    raise BadRecord(f"{name} is neither true nor false.")


def list_of(value: Any, name: str) -> list[Any]:
    """Give a list, an empty one for none; raises BadRecord."""
    if value is None or isinstance(value, list):
        return value or []
    raise BadRecord(f"{name} is no list.")


def map_of(value: Any, name: str) -> dict[str, Any]:
    """Give an object, an empty one for none; raises BadRecord."""
    if value is None or isinstance(value, dict):
        return value or {}
    raise BadRecord(f"{name} is no object.")


def sub_of(text: str | None) -> str | None:
    """Give an id that a `sub` can be, so that who knows users by it still does; else None."""
    return text if text is not None and _SUB.fullmatch(text) else None


def own_attributes(pool: UserPool, given: Mapping[str, Any]) -> dict[str, str]:
    """Give those of somebody's own attributes that the pool has, by its name or after `custom:`.

    Not the mail address, nor that an address is verified: that is said by the system itself, or not.
    """
    known = {each.name for each in pool.schema} - _SAID_ELSEWHERE
    named = {name: value for name, value in given.items() if name in known}
    return custom_attributes(pool, given) | _texts(named)


def custom_attributes(pool: UserPool, given: Mapping[str, Any]) -> dict[str, str]:
    """Give those of somebody's own attributes that the pool has after `custom:`."""
    known = {each.name for each in pool.schema}
    return _texts(
        {
            f"{CUSTOM_PREFIX}{name}": value
            for name, value in given.items()
            if f"{CUSTOM_PREFIX}{name}" in known
        }
    )


def username_of(
    pool: UserPool, name: str | None, attributes: Mapping[str, str], id_text: str | None
) -> str:
    """Give the name that a user has in the pool: an address, where those are names, else their own.

    Who has none but an address that is an alias there is called by their id.
    """
    for attribute in pool.username_attributes:
        if attributes.get(attribute):
            return attributes[attribute]
    if name is None:
        name = attributes.get("email") or attributes.get("phone_number") or id_text or ""
    is_alias = ("email" in pool.alias_attributes and is_email(name)) or (
        "phone_number" in pool.alias_attributes and is_phone(name)
    )
    return id_text or name if is_alias else name


def _texts(given: Mapping[str, Any]) -> dict[str, str]:
    texts = {name: _plain(value) for name, value in given.items()}
    return {name: text for name, text in texts.items() if text}


def _plain(value: Any) -> str | None:
    """Write a value of another system as attributes are: as a text, several with commas."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float | Decimal):
        return str(value)
    if isinstance(value, list):
        parts = [_plain(each) for each in value]
        return ",".join(parts) if parts and None not in parts else None  # type: ignore[arg-type]
    return None
