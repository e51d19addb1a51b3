"""`x-amazon-apigateway-cors` of an HTTP API (AWS [D] apigw-objects §5)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bargate.model.http_api import Cors
from bargate.openapi.extensions import PREFIX
from bargate.openapi.findings import shown

if TYPE_CHECKING:
    from bargate.openapi.cursor import Cursor

_MEMBERS = {
    "allowOrigins", "allowCredentials", "exposeHeaders", "maxAge", "allowMethods", "allowHeaders",
}  # fmt: skip
_MAX_AGE_S = (-1, 86_400)
_ORIGIN = re.compile(r"\*\Z|[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#]+\Z")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_METHODS = {"*", "GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH"}


def cors_of(root: Cursor) -> Cors | None:
    """Read the cross-origin settings, if there are any."""
    place = root.object(PREFIX + "cors")
    if place is None:
        return None
    place.refuse_unknown(_MEMBERS)
    allow_origins = place.texts("allowOrigins")
    allow_credentials = place.flag("allowCredentials")
    if allow_credentials and "*" in allow_origins:
        # AWS [O] apigw-objects §5
        place.error(
            "credentials cannot be allowed for every origin (*)",
            "list the origins, or allow no credentials",
            "allowCredentials",
        )
    _check_each(place, "allowOrigins", _ORIGIN, "origin", "https://host without a path")
    _check_each(place, "allowHeaders", _TOKEN, "header name", "a header name")
    _check_each(place, "exposeHeaders", _TOKEN, "header name", "a header name")
    return Cors(
        allow_origins=allow_origins,
        allow_methods=_methods(place),
        allow_headers=place.texts("allowHeaders"),
        expose_headers=place.texts("exposeHeaders"),
        max_age_s=place.integer("maxAge", *_MAX_AGE_S),
        allow_credentials=allow_credentials,
    )


def _check_each(place: Cursor, key: str, form: re.Pattern[str], noun: str, right: str) -> None:
    for item in place.list(key):
        value = item.as_text()
        if value is not None and not form.match(value):
            item.error(f"{shown(value)!r} is no {noun}", f"write {right}")


def _methods(place: Cursor) -> tuple[str, ...]:
    methods = []
    for item in place.list("allowMethods"):
        method = (item.as_text() or "").upper()
        if method not in _METHODS:
            item.error(f"{shown(method)!r} is no method", "write for example GET, or *")
        methods.append(method)
    return tuple(methods)
