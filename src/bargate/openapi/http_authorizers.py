"""`x-amazon-apigateway-authorizer` of an HTTP API (AWS [D] apigw-evaluation §7)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bargate.model.http_api import HttpAuthorizer
from bargate.openapi.arns import function_uri, role
from bargate.openapi.findings import shown

if TYPE_CHECKING:
    from bargate.openapi.cursor import Cursor
    from bargate.openapi.reading import Reading

_JWT_MEMBERS = {"type", "jwtConfiguration", "identitySource"}
_REQUEST_MEMBERS = {
    "type", "authorizerUri", "authorizerCredentials", "authorizerPayloadFormatVersion",
    "enableSimpleResponses", "identitySource", "authorizerResultTtlInSeconds",
}  # fmt: skip
_MAX_AUDIENCES = 50
_MAX_TTL_S = 3600
_TOKEN_SOURCE = re.compile(r"\$request\.(?:header|querystring)\.[^\s,]+\Z")
_ANY_SOURCE = re.compile(r"\$(?:request\.(?:header|querystring)|context|stageVariables)\.[^\s,]+\Z")
_ISSUER = re.compile(r"https?://[^\s/?#]+[^\s?#]*\Z")
_DISCOVERY = "/.well-known/openid-configuration"


def http_authorizer(
    reading: Reading, name: str, scheme: Cursor, extension: Cursor
) -> HttpAuthorizer:
    """Read the authorizer of the scheme called `name`."""
    if not extension.has("type"):
        extension.error("type is missing", "write jwt")
    written = (extension.text("type") or "").lower()
    authorizer_id = reading.derived_id("authorizer", name)
    if written == "request":
        return _request(authorizer_id, name, extension)
    if written != "jwt":
        extension.error(
            f"an HTTP API has no authorizers of type {shown(written)!r}",
            "write jwt (with the user pool's issuer) or request",
            "type",
        )
        return HttpAuthorizer(id=authorizer_id, name=name, type="JWT")
    return _jwt(authorizer_id, name, scheme, extension)


def _jwt(authorizer_id: str, name: str, scheme: Cursor, extension: Cursor) -> HttpAuthorizer:
    extension.refuse_unknown(_JWT_MEMBERS, extensible=True)
    configuration = extension.object("jwtConfiguration", required=True)
    sources = _sources(extension, _TOKEN_SOURCE)
    if len(sources) != 1:
        extension.error(
            "a JWT authorizer has exactly one identity source",
            "write identitySource: $request.header.Authorization",
        )
    if configuration is not None:
        configuration.refuse_unknown({"issuer", "audience"})
    return HttpAuthorizer(
        id=authorizer_id,
        name=name,
        type="JWT",
        identity_source=sources,
        issuer=None if configuration is None else _issuer(scheme, configuration),
        audience=() if configuration is None else _audience(configuration),
    )


def _issuer(scheme: Cursor, configuration: Cursor) -> str | None:
    discovery = scheme.text("openIdConnectUrl") or ""
    if not configuration.has("issuer") and discovery.endswith(_DISCOVERY):
        return discovery.removesuffix(_DISCOVERY)
    issuer = configuration.text("issuer", required=True)
    if issuer is not None and not _ISSUER.match(issuer):
        configuration.error("this is no issuer", "write the https:// URL of the issuer", "issuer")
    return issuer


def _audience(configuration: Cursor) -> tuple[str, ...]:
    audience = configuration.texts("audience")
    if not 1 <= len(audience) <= _MAX_AUDIENCES or not all(audience):
        configuration.error(
            f"audience must name 1 to {_MAX_AUDIENCES} audiences", "list who the tokens are for"
        )
    return audience


def _request(authorizer_id: str, name: str, extension: Cursor) -> HttpAuthorizer:
    extension.refuse_unknown(_REQUEST_MEMBERS, extensible=True)
    version = extension.label("authorizerPayloadFormatVersion")
    if version not in {"1.0", "2.0"}:
        extension.error("authorizerPayloadFormatVersion is missing or unknown", "write '2.0'")
    is_simple = extension.flag("enableSimpleResponses")
    if is_simple and version == "1.0":
        extension.error(
            "simple responses need payload format 2.0", "write '2.0'", "enableSimpleResponses"
        )
    sources = _sources(extension, _ANY_SOURCE)
    ttl_s = extension.integer("authorizerResultTtlInSeconds", 0, _MAX_TTL_S) or 0
    if ttl_s and not sources:
        extension.error("results are remembered by identity source", "write identitySource")
    return HttpAuthorizer(
        id=authorizer_id,
        name=name,
        type="REQUEST",
        identity_source=sources,
        authorizer_uri=function_uri(extension),
        authorizer_credentials=role(extension),
        payload_format_version=version,
        enable_simple_responses=is_simple,
        result_ttl_s=ttl_s,
    )


def _sources(extension: Cursor, form: re.Pattern[str]) -> tuple[str, ...]:
    written = extension.text("identitySource")
    if written is None:
        return ()
    sources = tuple(source.strip() for source in written.split(","))
    for source in sources:
        if not form.match(source):
            extension.error(
                f"{shown(source)!r} is no identity source of this type",
                "write $request.header.NAME",
                "identitySource",
            )
    return sources
