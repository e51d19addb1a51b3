"""Values and texts as the nouns of keys, plans and domains take them."""

from __future__ import annotations

import secrets
import string
from typing import TYPE_CHECKING, Final

from bargate.services.apigateway.errors import bad_request
from bargate.services.apigateway.tag_rules import checked_tags

if TYPE_CHECKING:
    from bargate.services.operation import Params

_MIXED: Final = string.ascii_letters + string.digits


def new_value() -> str:
    """Make the value of an API key: 40 letters and digits."""
    return "".join(secrets.choice(_MIXED) for _ in range(40))


def text_of(request: Params, member: str, maximum: int, refusal: str) -> str | None:
    """Read a text; raises BadRequestException with `refusal` when it cannot be kept."""
    text: str | None = request.get(member)
    if text is not None and (len(text) > maximum or not is_storable(text)):
        raise bad_request(refusal)
    return text


def is_storable(text: str) -> bool:
    """Tell whether a text can be part of a key: no NUL, and Unicode that has an encoding."""
    return "\0" not in text and not any("\ud800" <= each <= "\udfff" for each in text)


def tags_of(request: Params) -> dict[str, str]:
    """Read `tags`."""
    tags = checked_tags(request.get("tags") or {})
    if not all(is_storable(key + value) for key, value in tags.items()):
        raise bad_request("Tags must be Unicode text without NUL")
    return tags
