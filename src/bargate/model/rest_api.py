"""A REST API (`apigateway`): resources, methods, integrations and what protects them.

Names and defaults follow the API Gateway model (AWS [M] apigateway 2015-07-09).
"""

from typing import Literal

from msgspec import Struct

IntegrationType = Literal["HTTP", "HTTP_PROXY", "MOCK", "AWS", "AWS_PROXY"]
AuthorizationType = Literal["NONE", "AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS"]
PassthroughBehavior = Literal["WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"]
ContentHandling = Literal["CONVERT_TO_BINARY", "CONVERT_TO_TEXT"]


class IntegrationResponse(Struct, frozen=True, kw_only=True):
    """How one class of backend answers becomes a method response.

    `selection_pattern` is a regular expression over the backend's status code ("" or None is the
    default response); `response_parameters` maps `method.response.header.X` to an expression.
    """

    status_code: str
    selection_pattern: str | None = None
    response_parameters: dict[str, str] = {}
    response_templates: dict[str, str] = {}
    content_handling: ContentHandling | None = None


class Integration(Struct, frozen=True, kw_only=True):
    """What stands behind a method. `request_parameters` maps `integration.request.*` to exprs."""

    type: IntegrationType
    http_method: str | None = None
    uri: str | None = None
    request_parameters: dict[str, str] = {}
    request_templates: dict[str, str] = {}
    passthrough_behavior: PassthroughBehavior = "WHEN_NO_MATCH"
    content_handling: ContentHandling | None = None
    timeout_ms: int = 29_000
    credentials: str | None = None
    insecure_skip_verification: bool = False
    responses: tuple[IntegrationResponse, ...] = ()


class MethodResponse(Struct, frozen=True, kw_only=True):
    """A status a method may answer with; `response_parameters` maps header name exprs to required."""

    status_code: str
    response_parameters: dict[str, bool] = {}
    response_models: dict[str, str] = {}


class Method(Struct, frozen=True, kw_only=True):
    """One verb of a resource (`ANY` for every verb) with its access settings.

    `request_parameters` maps `method.request.{header|path|querystring}.NAME` to required;
    `request_models` maps a content type to a model name.
    """

    http_method: str
    authorization_type: AuthorizationType = "NONE"
    authorizer_id: str | None = None
    authorization_scopes: tuple[str, ...] = ()
    api_key_required: bool = False
    operation_name: str | None = None
    request_validator_id: str | None = None
    request_parameters: dict[str, bool] = {}
    request_models: dict[str, str] = {}
    integration: Integration | None = None
    method_responses: tuple[MethodResponse, ...] = ()


class Resource(Struct, frozen=True, kw_only=True):
    """A path such as `/pets/{petId}` or `/files/{proxy+}`, and its methods."""

    id: str
    path: str
    methods: tuple[Method, ...] = ()


class Authorizer(Struct, frozen=True, kw_only=True):
    """A REST authorizer; `identity_source` in AWS's form, e.g. `method.request.header.Auth`."""

    id: str
    name: str
    type: Literal["TOKEN", "REQUEST", "COGNITO_USER_POOLS"]
    identity_source: str | None = None
    identity_validation_expression: str | None = None
    provider_arns: tuple[str, ...] = ()
    authorizer_uri: str | None = None
    authorizer_credentials: str | None = None
    result_ttl_s: int = 300


class RequestValidator(Struct, frozen=True, kw_only=True):
    """Which halves of a request are validated."""

    id: str
    name: str
    validate_request_parameters: bool = False
    validate_request_body: bool = False


class Model(Struct, frozen=True, kw_only=True):
    """A named JSON Schema (draft 4) as JSON text; `$ref`s to other models are resolved in it."""

    name: str
    schema: str
    content_type: str = "application/json"


class GatewayResponse(Struct, frozen=True, kw_only=True):
    """A customised gateway response; None means what the default says."""

    response_type: str
    status_code: str | None = None
    response_parameters: dict[str, str] = {}
    response_templates: dict[str, str] | None = None


class RestApi(Struct, frozen=True, kw_only=True, tag="REST"):
    """A REST API as deployed. `policy` is a resource policy as JSON text, short forms expanded.

    A PRIVATE one is reached through interface endpoints alone; `vpc_endpoint_ids` name those that
    have host names of their own for it.
    """

    id: str
    name: str
    version: str = ""
    description: str = ""
    policy: str | None = None
    api_key_source: Literal["HEADER", "AUTHORIZER"] = "HEADER"
    binary_media_types: tuple[str, ...] = ()
    disable_execute_api_endpoint: bool = False
    endpoint_type: Literal["REGIONAL", "EDGE", "PRIVATE"] = "REGIONAL"
    vpc_endpoint_ids: tuple[str, ...] = ()
    resources: tuple[Resource, ...] = ()
    authorizers: tuple[Authorizer, ...] = ()
    request_validators: tuple[RequestValidator, ...] = ()
    models: tuple[Model, ...] = ()
    gateway_responses: tuple[GatewayResponse, ...] = ()

    @property
    def is_private(self) -> bool:
        """Whether interface endpoints alone lead to it."""
        return self.endpoint_type == "PRIVATE"
