"""Rules of tags: 50 of them, their characters, and which keys count as the same."""

import unicodedata
from collections.abc import Iterable

from bargate.services.iam.errors import invalid_input, limit_exceeded, validation_error
from bargate.services.operation import Params

MAX_TAGS = 50
_MAX_KEY = 128
_MAX_VALUE = 256
_PUNCTUATION = frozenset("_.:/=+-@")


def new_tags(request: Params, *, fold: bool = False) -> dict[str, str]:
    """Give the tags of a request that makes something. Raises AwsError."""
    return merged({}, request.get("Tags") or (), fold=fold)


def merged(tags: dict[str, str], given: Iterable[dict[str, str]], *, fold: bool) -> dict[str, str]:
    """Give tags with others put in. Raises AwsError.

    AWS [D]: keys of users and roles (`fold`) differ by more than case; a new tag replaces one
    whose key differs by case alone.
    """
    spelt = {_folded(key, fold=fold): key for key in tags}
    found = dict(tags)
    seen: set[str] = set()
    for tag in given:
        key, value = _checked(tag)
        folded = _folded(key, fold=fold)
        if folded in seen:
            raise invalid_input(
                "Duplicate tag keys found. Please note that Tag keys are case insensitive."
            )
        seen.add(folded)
        found.pop(spelt.get(folded, key), None)
        found[key] = value
    if len(found) > MAX_TAGS:
        raise limit_exceeded("TagsPerResource", MAX_TAGS)
    return found


def without(tags: dict[str, str], keys: Iterable[str], *, fold: bool) -> dict[str, str]:
    """Give tags without those of the keys; keys that are not there do not matter."""
    gone = {_folded(key, fold=fold) for key in keys}
    return {key: value for key, value in tags.items() if _folded(key, fold=fold) not in gone}


def _folded(key: str, *, fold: bool) -> str:
    return key.casefold() if fold else key


def _checked(tag: dict[str, str]) -> tuple[str, str]:
    key, value = tag["Key"], tag["Value"]
    if key.lower().startswith("aws:"):
        raise invalid_input("Tag keys starting with 'aws:' are reserved for system use.")
    if not 1 <= len(key) <= _MAX_KEY or len(value) > _MAX_VALUE:
        raise validation_error(
            f"1 validation error detected: a tag's key has 1 to {_MAX_KEY} characters, its value"
            f" at most {_MAX_VALUE}"
        )
    if not all(map(_is_allowed, key + value)):
        raise validation_error(
            "1 validation error detected: a tag's key and value must satisfy regular expression"
            r" pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+"
        )
    return key, value


def _is_allowed(character: str) -> bool:
    return character in _PUNCTUATION or unicodedata.category(character)[0] in "LZN"
