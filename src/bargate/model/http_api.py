"""An HTTP API (`apigatewayv2`): routes, integrations, JWT authorizers and CORS.

Names follow the API Gateway v2 model (AWS [M] apigatewayv2 2018-11-29).
"""

from typing import Literal

from msgspec import Struct


class HttpIntegration(Struct, frozen=True, kw_only=True):
    """What stands behind a route.

    `request_parameters` maps `append|overwrite|remove:{header|querystring|path}...` to values;
    `response_parameters` maps a status code to such a mapping over the response.
    `integration_subtype` names an action of an AWS service (`SQS-SendMessage`), which has no `uri`;
    `connection_id` is that of a VPC link.
    """

    type: Literal["HTTP_PROXY", "AWS_PROXY"]
    uri: str
    http_method: str = "ANY"
    payload_format_version: str = "1.0"
    request_parameters: dict[str, str] = {}
    response_parameters: dict[str, dict[str, str]] = {}
    timeout_ms: int = 30_000
    credentials: str | None = None
    server_name_to_verify: str | None = None
    integration_subtype: str | None = None
    connection_id: str | None = None


class Route(Struct, frozen=True, kw_only=True):
    """A route key: `GET /pets/{id}`, `ANY /files/{proxy+}` or `$default`."""

    route_key: str
    authorization_type: Literal["NONE", "AWS_IAM", "CUSTOM", "JWT"] = "NONE"
    authorizer_id: str | None = None
    authorization_scopes: tuple[str, ...] = ()
    operation_name: str | None = None
    integration: HttpIntegration | None = None


class HttpAuthorizer(Struct, frozen=True, kw_only=True):
    """A JWT or REQUEST authorizer of an HTTP API."""

    id: str
    name: str
    type: Literal["JWT", "REQUEST"]
    identity_source: tuple[str, ...] = ()
    issuer: str | None = None
    audience: tuple[str, ...] = ()
    authorizer_uri: str | None = None
    authorizer_credentials: str | None = None
    payload_format_version: str | None = None
    enable_simple_responses: bool = False
    result_ttl_s: int = 0


class Cors(Struct, frozen=True, kw_only=True):
    """Cross-origin settings answered by the gateway itself; `max_age_s` None means absent."""

    allow_origins: tuple[str, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age_s: int | None = None
    allow_credentials: bool = False


class HttpApi(Struct, frozen=True, kw_only=True, tag="HTTP"):
    """An HTTP API as deployed."""

    id: str
    name: str
    version: str = ""
    description: str = ""
    disable_execute_api_endpoint: bool = False
    routes: tuple[Route, ...] = ()
    authorizers: tuple[HttpAuthorizer, ...] = ()
    cors: Cors | None = None
