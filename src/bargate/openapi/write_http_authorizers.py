"""Security schemes of an HTTP API with `x-amazon-apigateway-authorizer`, written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bargate.openapi.security import AUTHORIZER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bargate.model.http_api import HttpAuthorizer

_HEADER = "$request.header."


def write_schemes(
    authorizers: Iterable[HttpAuthorizer], *, with_extensions: bool
) -> dict[str, dict[str, Any]]:
    """Write the scheme of each authorizer under its name."""
    written = {}
    for authorizer in authorizers:
        scheme = _scheme(authorizer)
        if with_extensions:
            is_jwt = authorizer.type == "JWT"
            scheme[AUTHORIZER] = _jwt(authorizer) if is_jwt else _request(authorizer)
        written[authorizer.name] = scheme
    return written


def _scheme(authorizer: HttpAuthorizer) -> dict[str, Any]:
    if authorizer.type == "JWT":
        return {"type": "oauth2", "flows": {}}
    sources = authorizer.identity_source
    # AWS [D] apigw-objects §10: with several identity sources the scheme's name is `Unused`
    is_header = len(sources) == 1 and sources[0].startswith(_HEADER)
    name = sources[0].removeprefix(_HEADER) if is_header else "Unused"
    return {"type": "apiKey", "name": name, "in": "header"}


def _jwt(authorizer: HttpAuthorizer) -> dict[str, Any]:
    return {
        "type": "jwt",
        "jwtConfiguration": {"issuer": authorizer.issuer, "audience": list(authorizer.audience)},
        "identitySource": ", ".join(authorizer.identity_source),
    }


def _request(authorizer: HttpAuthorizer) -> dict[str, Any]:
    members: dict[str, Any] = {
        "type": "request",
        "authorizerUri": authorizer.authorizer_uri,
        "authorizerCredentials": authorizer.authorizer_credentials,
        "authorizerPayloadFormatVersion": authorizer.payload_format_version,
        "authorizerResultTtlInSeconds": authorizer.result_ttl_s,
        "identitySource": ", ".join(authorizer.identity_source) or None,
        "enableSimpleResponses": authorizer.enable_simple_responses,
    }
    return {name: value for name, value in members.items() if value is not None}
