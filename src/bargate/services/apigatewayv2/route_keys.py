"""Route keys: `GET /pets/{id}`, `ANY /files/{proxy+}`, `$default` (AWS [D] apigw-evaluation §7)."""

from __future__ import annotations

import re

from bargate.services.apigatewayv2.errors import bad_request, shown

DEFAULT = "$default"

_METHODS = frozenset({"ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_VARIABLE = re.compile(r"\{([^{}/+\s]+)(\+?)\}\Z")
# What no path of a request can hold as it is, or what a document could not say again.
_WRONG = re.compile(r"[\x00-\x20\x7f-\xa0?#\"<>\\^`|]")
_MAX_PARTS = 100
_FORM = (
    "The provided route key is not formatted properly for HTTP protocol. Format should be"
    ' "<HTTP METHOD> /<RESOURCE PATH>" or "$default"'
)  # AWS [O]


def pattern_of(route_key: str) -> str:
    """Check a route key and give it without the names of its variables.

    Routes with the same pattern take the same calls. Raises BadRequestException.
    """
    if route_key == DEFAULT:
        return route_key
    method, space, path = route_key.partition(" ")
    if not space or method not in _METHODS or not path.startswith("/"):
        raise bad_request(_FORM)
    if _WRONG.search(path) or path == "/" + DEFAULT:
        raise bad_request(_FORM)
    parts = path.split("/")[1:]
    if parts == [""]:
        return route_key
    if len(parts) > _MAX_PARTS:
        raise bad_request(f"A route's path has at most {_MAX_PARTS} parts")
    return f"{method} /{'/'.join(_pattern_of_parts(route_key, parts))}"


def _pattern_of_parts(route_key: str, parts: list[str]) -> list[str]:
    names: set[str] = set()
    found = []
    for at, part in enumerate(parts):
        if not part:
            # [I] /pets/ and /pets are one path here; so that two routes cannot mean it
            raise bad_request(f"{_FORM}: {shown(route_key)} has an empty part or ends with a slash")
        if "{" not in part and "}" not in part:
            found.append(part)
            continue
        variable = _VARIABLE.match(part)
        if variable is None or variable[1] in names:
            raise bad_request(
                f"{_FORM}: {shown(part)} in {shown(route_key)} is not one whole {{variable}},"
                " named once"
            )
        if variable[2] and at != len(parts) - 1:
            raise bad_request(f"{_FORM}: a greedy variable must end its path: {shown(route_key)}")
        names.add(variable[1])
        found.append("{+}" if variable[2] else "{}")
    return found
