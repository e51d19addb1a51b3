"""`x-amazon-apigateway-authorizer` of a REST API (AWS [D] apigw-objects §2, §10)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, cast

from bargate.model.rest_api import Authorizer
from bargate.openapi.arns import function_uri, role, user_pools
from bargate.openapi.findings import shown
from bargate.openapi.patterns import pattern_problem

if TYPE_CHECKING:
    from bargate.openapi.cursor import Cursor
    from bargate.openapi.reading import Reading

_AuthorizerType = Literal["TOKEN", "REQUEST", "COGNITO_USER_POOLS"]
_TYPES = ("TOKEN", "REQUEST", "COGNITO_USER_POOLS", "JWT")
_FUNCTION_MEMBERS = {
    "type", "authorizerUri", "authorizerCredentials", "identitySource",
    "identityValidationExpression", "authorizerResultTtlInSeconds",
}  # fmt: skip
_MEMBERS: dict[str, set[str]] = {
    "TOKEN": _FUNCTION_MEMBERS,
    "REQUEST": _FUNCTION_MEMBERS - {"identityValidationExpression"},
    "COGNITO_USER_POOLS": {
        "type", "providerARNs", "identitySource", "identityValidationExpression",
        "authorizerResultTtlInSeconds",
    },
}  # fmt: skip
_MAX_TTL_S = 3600
_DEFAULT_TTL_S = 300  # AWS [R] apigw-objects §2
_HEADER = re.compile(r"method\.request\.header\.[^\s,]+\Z")
_ANY_SOURCE = re.compile(
    r"(?:method\.request\.(?:header|querystring)|context|stageVariables)\.[^\s,]+\Z"
)


def rest_authorizer(reading: Reading, name: str, scheme: Cursor, extension: Cursor) -> Authorizer:
    """Read the authorizer of the scheme called `name`."""
    kind = _type(scheme, extension)
    if kind is None:
        return Authorizer(id="", name=name, type="TOKEN")
    extension.refuse_unknown(_MEMBERS[kind], extensible=True)
    is_cognito = kind == "COGNITO_USER_POOLS"
    ttl_s = extension.integer("authorizerResultTtlInSeconds", 0, _MAX_TTL_S)
    return Authorizer(
        id=reading.derived_id("authorizer", name),
        name=name,
        type=kind,
        identity_source=_identity_source(kind, scheme, extension, ttl_s),
        identity_validation_expression=_expression(extension),
        provider_arns=user_pools(extension) if is_cognito else (),
        authorizer_uri=None if is_cognito else function_uri(extension),
        authorizer_credentials=None if is_cognito else role(extension),
        result_ttl_s=_DEFAULT_TTL_S if ttl_s is None else ttl_s,
    )


def _type(scheme: Cursor, extension: Cursor) -> _AuthorizerType | None:
    if not extension.has("type"):
        extension.error("type is missing", "write token, request or cognito_user_pools")
    kind = extension.choice("type", _TYPES, folded=True)
    if kind == "JWT":
        extension.error(
            "a REST API has no JWT authorizers",
            "import with --http-api, or write cognito_user_pools",
            "type",
        )
        return None
    if scheme.text("type") != "apiKey":
        # AWS [D] apigw-objects §10
        scheme.error("the scheme of a REST authorizer must be an apiKey", "write type: apiKey")
    return cast("_AuthorizerType | None", kind)


def _identity_source(
    kind: _AuthorizerType, scheme: Cursor, extension: Cursor, ttl_s: int | None
) -> str | None:
    written = extension.text("identitySource")
    if written is None:
        return _from_scheme(kind, scheme, extension, ttl_s)
    sources = [source.strip() for source in written.split(",")]
    form = _ANY_SOURCE if kind == "REQUEST" else _HEADER
    is_right = all(form.match(source) for source in sources)
    if not is_right or (kind != "REQUEST" and len(sources) > 1):
        extension.error(
            f"{shown(written)!r} is no identity source of this type",
            "write method.request.header.NAME",
            "identitySource",
        )
    return ",".join(sources)


def _from_scheme(
    kind: _AuthorizerType, scheme: Cursor, extension: Cursor, ttl_s: int | None
) -> str | None:
    """Take the header that the scheme names (AWS [R] apigw-objects §2)."""
    name, location = scheme.text("name"), scheme.text("in")
    if location == "header" and name and name.lower() != "unused":
        return f"method.request.header.{name}"
    if kind == "REQUEST" and location == "query" and name:
        return f"method.request.querystring.{name}"
    if kind == "REQUEST" and ttl_s == 0:
        return None
    extension.error("identitySource is missing", "write method.request.header.NAME")
    return None


def _expression(extension: Cursor) -> str | None:
    expression = extension.text("identityValidationExpression")
    if expression is None:
        return None
    problem = pattern_problem(expression)
    if problem is not None:
        extension.error(
            f"this is no regular expression: {problem}",
            "write for example ^Bearer [-0-9a-zA-Z._]+$",
            "identityValidationExpression",
        )
    return expression
