"""Cross-origin settings of an HTTP API: checked as the gateway will read them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bargate.mapping.cors import compile_cors
from bargate.model.http_api import Cors
from bargate.model.invalid import InvalidConfiguration
from bargate.services.apigatewayv2.errors import bad_request, shown

if TYPE_CHECKING:
    from bargate.services.operation import Params

_METHODS = frozenset({"*", "GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH"})
_SCHEME = re.compile(r"\*\Z|[A-Za-z][A-Za-z0-9+.-]*://")


def read_cors(given: Params | None) -> Cors | None:
    """Read `CorsConfiguration`; raises BadRequestException."""
    if given is None:
        return None
    cors = Cors(
        allow_origins=_unique(given.get("AllowOrigins")),
        allow_methods=tuple(method.upper() for method in _unique(given.get("AllowMethods"))),
        allow_headers=_unique(given.get("AllowHeaders")),
        expose_headers=_unique(given.get("ExposeHeaders")),
        max_age_s=given.get("MaxAge"),
        allow_credentials=bool(given.get("AllowCredentials")),
    )
    check_cors(cors)
    return cors


def check_cors(cors: Cors) -> None:
    """Refuse settings that the gateway cannot keep; raises BadRequestException."""
    for origin in cors.allow_origins:
        # `null` is every sandboxed page's origin: allowing it allows all [I]
        if origin != origin.strip() or not _SCHEME.match(origin):
            raise bad_request(f"Invalid CORS origin specified: {shown(origin)}")
    for method in cors.allow_methods:
        if method not in _METHODS:
            raise bad_request(f"Invalid CORS method specified: {shown(method)}")
    try:
        compile_cors(cors)
    except InvalidConfiguration as error:
        raise bad_request(f"Invalid CORS configuration specified: {error.message}") from None


def shown_cors(cors: Cors) -> Params:
    """Give the settings as the API shows them; what is not set is left out."""
    output: Params = {}
    if cors.allow_credentials:
        output["AllowCredentials"] = True
    members = (
        ("AllowHeaders", cors.allow_headers),
        ("AllowMethods", cors.allow_methods),
        ("AllowOrigins", cors.allow_origins),
        ("ExposeHeaders", cors.expose_headers),
    )
    output |= {name: list(values) for name, values in members if values}
    if cors.max_age_s is not None:
        output["MaxAge"] = cors.max_age_s
    return output


def _unique(values: list[str] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values or ()))
