"""What tags may be (AWS [D] tagging: 50, keys to 128 and values to 256 characters, no `aws:`)."""

from __future__ import annotations

from bargate.services.apigateway.errors import bad_request

MAX_TAGS = 50
_MAX_KEY_CHARACTERS = 128
_MAX_VALUE_CHARACTERS = 256


def checked_tags(tags: dict[str, str]) -> dict[str, str]:
    """Give tags that are right; the texts are [I]."""
    if len(tags) > MAX_TAGS:
        raise bad_request(f"At most {MAX_TAGS} tags are allowed")
    for key, value in tags.items():
        if not 1 <= len(key) <= _MAX_KEY_CHARACTERS:
            raise bad_request(f"Tag keys must have 1 to {_MAX_KEY_CHARACTERS} characters")
        if key.lower().startswith("aws:"):
            raise bad_request("Tag keys must not begin with aws:")
        if len(value) > _MAX_VALUE_CHARACTERS:
            raise bad_request(f"Tag values must have at most {_MAX_VALUE_CHARACTERS} characters")
    return dict(tags)
