"""What an authorizer of an HTTP API may be set to (AWS [D] apigw-evaluation §7.1, §7.2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import structs

from bargate.access.bearer_token import is_issuer
from bargate.services.apigatewayv2.errors import bad_request, shown

if TYPE_CHECKING:
    from bargate.model.http_api import HttpAuthorizer
    from bargate.services.operation import Params

_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"  # noqa: S105 - RFC 9110 §5.6.2, no secret
_TOKEN_SOURCE = re.compile(rf"\$request\.(?:header|querystring)\.{_TOKEN}\Z")
_ANY_SOURCE = re.compile(
    rf"\$request\.(?:header\.{_TOKEN}|querystring\.[^\s,]+)\Z"
    r"|\$(?:context|stageVariables)\.[A-Za-z0-9_.-]+\Z"
)
_ISSUER = re.compile(r"https?://[^\s/?#]+[^\s?#]*\Z")
_FUNCTION = re.compile(r"arn:aws[a-z-]*:apigateway:[a-z0-9-]+:lambda:path/[^\s]+\Z")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[^\s]+\Z")
_MAX_AUDIENCES = 50
_MAX_TTL_S = 3600
_REQUEST_ONLY = (
    "AuthorizerCredentialsArn", "AuthorizerPayloadFormatVersion", "AuthorizerResultTtlInSeconds",
    "AuthorizerUri", "EnableSimpleResponses",
)  # fmt: skip


def read_authorizer(request: Params, old: HttpAuthorizer) -> HttpAuthorizer:
    """Read what a request says over what was; raises BadRequestException."""
    kind = request.get("AuthorizerType") or old.type
    if kind != old.type:
        raise bad_request("The type of an authorizer cannot be changed")
    for name in _REQUEST_ONLY if kind == "JWT" else ("JwtConfiguration",):
        if request.get(name):
            raise bad_request(f"{name} is not for authorizers of type {kind}")
    jwt = request.get("JwtConfiguration") or {}
    sources = request.get("IdentitySource")
    audience = jwt.get("Audience")
    authorizer = structs.replace(
        old,
        name=old.name if request.get("Name") is None else request["Name"],
        identity_source=old.identity_source if sources is None else tuple(sources),
        issuer=jwt.get("Issuer", old.issuer),
        audience=old.audience if audience is None else tuple(audience),
        authorizer_uri=request.get("AuthorizerUri", old.authorizer_uri) or None,
        authorizer_credentials=(
            request.get("AuthorizerCredentialsArn", old.authorizer_credentials) or None
        ),
        payload_format_version=request.get(
            "AuthorizerPayloadFormatVersion", old.payload_format_version
        )
        or None,
        enable_simple_responses=request.get("EnableSimpleResponses", old.enable_simple_responses),
        result_ttl_s=request.get("AuthorizerResultTtlInSeconds", old.result_ttl_s),
    )
    check_authorizer(authorizer)
    return authorizer


def check_authorizer(authorizer: HttpAuthorizer) -> None:
    """Refuse what could not decide anything; raises BadRequestException."""
    if not authorizer.name or not authorizer.name.isprintable():
        raise bad_request("Invalid authorizer name specified")
    if authorizer.type == "JWT":
        _check_jwt(authorizer)
    else:
        _check_request(authorizer)


def _check_jwt(authorizer: HttpAuthorizer) -> None:
    sources = authorizer.identity_source
    if len(sources) != 1 or not _TOKEN_SOURCE.match(sources[0]):
        raise bad_request(
            "A JWT authorizer has exactly one identity source, $request.header.NAME or"
            " $request.querystring.NAME"
        )
    issuer = authorizer.issuer
    if issuer is None or not _ISSUER.match(issuer) or not is_issuer(issuer):
        raise bad_request(
            f"Invalid issuer: {shown(issuer or '')}. Issuer must be the https URL of an identity"
            " provider"
        )
    if not 1 <= len(authorizer.audience) <= _MAX_AUDIENCES or not all(authorizer.audience):
        raise bad_request(f"Invalid audience: a JWT authorizer has 1 to {_MAX_AUDIENCES} audiences")


def _check_request(authorizer: HttpAuthorizer) -> None:
    uri = authorizer.authorizer_uri
    if uri is None or not _FUNCTION.match(uri):
        raise bad_request(
            f"Invalid Authorizer URI: {shown(uri or '')}. Authorizer URI should be a"
            " valid API Gateway ARN that represents a Lambda function invocation."
        )
    credentials = authorizer.authorizer_credentials
    if credentials is not None and not _ROLE.match(credentials):
        raise bad_request(f"Invalid credentials ARN specified: {shown(credentials)}")
    if authorizer.payload_format_version not in {"1.0", "2.0"}:
        raise bad_request("AuthorizerPayloadFormatVersion is required: 1.0 or 2.0")
    if authorizer.enable_simple_responses and authorizer.payload_format_version != "2.0":
        raise bad_request("Simple responses need the payload format version 2.0")
    for source in authorizer.identity_source:
        if not _ANY_SOURCE.match(source):
            raise bad_request(f"Invalid identity source specified: {shown(source)}")
    if not 0 <= authorizer.result_ttl_s <= _MAX_TTL_S:
        raise bad_request(f"AuthorizerResultTtlInSeconds must be from 0 to {_MAX_TTL_S}")
    if authorizer.result_ttl_s and not authorizer.identity_source:
        # AWS [D] apigw-evaluation §7.2: results are remembered by identity source
        raise bad_request("Caching results needs at least one identity source")
