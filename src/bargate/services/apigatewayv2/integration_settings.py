"""What an integration of an HTTP API may be set to, read from CreateIntegration and its update."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from msgspec import structs

from bargate.mapping.context import Place as MappingPlace
from bargate.mapping.http_api_parameters import compile_request_changes, compile_response_changes
from bargate.mapping.uri import parse_uri
from bargate.model.http_api import HttpIntegration
from bargate.model.invalid import InvalidConfiguration
from bargate.services.apigatewayv2.errors import bad_request, shown

if TYPE_CHECKING:
    from bargate.services.operation import Params

_METHODS = frozenset({"ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_HTTP_URI = re.compile(r"(?:https?://[^\s/?#]|\$\{stageVariables\.)[^\s]*\Z")
_LAMBDA_URI = re.compile(
    r"arn:aws[a-z-]*:(?:lambda:[a-z0-9-]+:[0-9]{12}:function:"
    r"|apigateway:[a-z0-9-]+:lambda:path/)[^\s]+\Z"
)
_SUBTYPE = re.compile(r"[A-Za-z0-9]+-[A-Za-z0-9]+\Z")
_CREDENTIALS = re.compile(r"arn:aws[a-z-]*:iam::(?:[0-9]{12}:role/[^\s]+|\*:user/\*)\Z")
_SERVER_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?\Z")
_VARIABLE = re.compile(r"\$\{?([A-Za-z]+)")
_REQUEST_VARIABLES = frozenset({"request", "context", "stageVariables"})
_RESPONSE_VARIABLES = frozenset({"response", "context", "stageVariables"})
_WEBSOCKET_ONLY = ("ContentHandlingStrategy", "RequestTemplates", "TemplateSelectionExpression")
_MIN_TIMEOUT_MS, _MAX_TIMEOUT_MS = 50, 30_000  # AWS [M]
_MAX_VALUE = 512  # AWS [M] IntegrationParameters
_ANYWHERE = MappingPlace(
    kind="HTTP", account_id="", api_id="", stage="$default", stage_variables={}, domain_name=""
)


def new_settings(request: Params) -> HttpIntegration:
    """Read CreateIntegration; raises BadRequestException."""
    kind = _type(request["IntegrationType"])
    blank = HttpIntegration(type=kind, uri="", http_method="POST" if kind == "AWS_PROXY" else "ANY")
    return changed_settings(blank, request)


def changed_settings(old: HttpIntegration, request: Params) -> HttpIntegration:
    """Read an update over what was; raises BadRequestException."""
    for name in _WEBSOCKET_ONLY:
        if request.get(name):
            raise bad_request(f"{name} is supported only for WebSocket APIs")
    settings = structs.replace(
        old,
        type=_type(request["IntegrationType"]) if request.get("IntegrationType") else old.type,
        uri=_given(request, "IntegrationUri", old.uri) or "",
        http_method=(_given(request, "IntegrationMethod", old.http_method) or "ANY").upper(),
        payload_format_version=(
            _given(request, "PayloadFormatVersion", old.payload_format_version) or "1.0"
        ),
        request_parameters=_merged(old.request_parameters, request.get("RequestParameters")),
        response_parameters=_merged_statuses(old, request.get("ResponseParameters")),
        timeout_ms=request.get("TimeoutInMillis") or old.timeout_ms,
        credentials=_given(request, "CredentialsArn", old.credentials) or None,
        integration_subtype=_given(request, "IntegrationSubtype", old.integration_subtype) or None,
        server_name_to_verify=_server_name(old, request),
        connection_id=_connection(old, request),
    )
    check_settings(settings)
    return settings


def check_settings(settings: HttpIntegration) -> None:
    """Refuse what the gateway could not do as it is told; raises BadRequestException."""
    if settings.http_method not in _METHODS:
        raise bad_request(f"Invalid HTTP method specified: {shown(settings.http_method)}")
    if not _MIN_TIMEOUT_MS <= settings.timeout_ms <= _MAX_TIMEOUT_MS:
        # AWS [O] the words of PutIntegration
        raise bad_request(
            f"Timeout should be between {_MIN_TIMEOUT_MS} ms and {_MAX_TIMEOUT_MS} ms"
        )
    formats = {"1.0"} if settings.type == "HTTP_PROXY" else {"1.0", "2.0"}
    if settings.payload_format_version not in formats:
        raise bad_request(
            f"PayloadFormatVersion for {settings.type} must be {' or '.join(sorted(formats))}"
        )
    if settings.credentials is not None and not _CREDENTIALS.match(settings.credentials):
        raise bad_request(f"Invalid credentials ARN specified: {shown(settings.credentials)}")
    name = settings.server_name_to_verify
    if name is not None and not _SERVER_NAME.match(name):
        raise bad_request(f"Invalid server name to verify specified: {shown(name)}")
    _check_target(settings)
    if settings.integration_subtype is None:
        _check_parameters(settings)


def shown_settings(settings: HttpIntegration) -> Params:
    """Give the settings as the API shows them."""
    output: Params = {
        "ConnectionType": "INTERNET" if settings.connection_id is None else "VPC_LINK",
        "IntegrationMethod": settings.http_method,
        "IntegrationType": settings.type,
        "PayloadFormatVersion": settings.payload_format_version,
        "TimeoutInMillis": settings.timeout_ms,
    }
    optional = {
        "ConnectionId": settings.connection_id,
        "CredentialsArn": settings.credentials,
        "IntegrationSubtype": settings.integration_subtype,
        "IntegrationUri": settings.uri,
        "RequestParameters": settings.request_parameters,
        "ResponseParameters": settings.response_parameters,
    }
    output |= {name: value for name, value in optional.items() if value}
    if settings.server_name_to_verify is not None:
        output["TlsConfig"] = {"ServerNameToVerify": settings.server_name_to_verify}
    return output


def _type(written: str) -> Literal["HTTP_PROXY", "AWS_PROXY"]:
    if written == "HTTP_PROXY":
        return "HTTP_PROXY"
    if written == "AWS_PROXY":
        return "AWS_PROXY"
    # AWS [M]: AWS, HTTP and MOCK are for WebSocket APIs
    raise bad_request(f"Integration type {shown(written)} is supported only for WebSocket APIs")


def _given(request: Params, name: str, old: str | None) -> str | None:
    value: str | None = request.get(name)
    return old if value is None else value


def _merged(old: dict[str, str], given: dict[str, str] | None) -> dict[str, str]:
    """Put new entries over the old; an empty value removes its entry (AWS [O])."""
    merged = {**old, **(given or {})}
    return {name: value for name, value in merged.items() if value != ""}


def _merged_statuses(
    old: HttpIntegration, given: dict[str, dict[str, str]] | None
) -> dict[str, dict[str, str]]:
    merged = {**old.response_parameters, **(given or {})}
    return {status: changes for status, changes in merged.items() if changes}


def _server_name(old: HttpIntegration, request: Params) -> str | None:
    tls = request.get("TlsConfig")
    return old.server_name_to_verify if tls is None else tls.get("ServerNameToVerify") or None


def _connection(old: HttpIntegration, request: Params) -> str | None:
    was = "INTERNET" if old.connection_id is None else "VPC_LINK"
    given: str | None = request.get("ConnectionId") or None
    if (request.get("ConnectionType") or was) == "VPC_LINK":
        link = given or old.connection_id
        if link is None:
            raise bad_request("ConnectionId is required when the ConnectionType is VPC_LINK")
        return link
    if given is not None:
        raise bad_request("ConnectionId is allowed only when the ConnectionType is VPC_LINK")
    return None


def _check_target(settings: HttpIntegration) -> None:
    if settings.type == "HTTP_PROXY":
        if settings.integration_subtype is not None:
            raise bad_request("IntegrationSubtype is allowed only for AWS_PROXY integrations")
        _check_http_uri(settings.uri)
    elif settings.integration_subtype is not None:
        if not _SUBTYPE.match(settings.integration_subtype):
            raise bad_request(
                f"Invalid integration subtype specified: {shown(settings.integration_subtype)}"
            )
        if settings.uri:
            raise bad_request("IntegrationUri is not allowed together with IntegrationSubtype")
    elif not _LAMBDA_URI.match(settings.uri):
        raise bad_request(f"Invalid ARN specified in the request: {shown(settings.uri)}")


def _check_http_uri(uri: str) -> None:
    # AWS [R] apigw-errors §5. Listeners and services of a VPC are ARNs at AWS; there are none here.
    if not _HTTP_URI.match(uri):
        raise bad_request("Invalid HTTP endpoint specified for URI")
    if "stageVariables" in uri:
        return  # what it comes to is known, and tried, at each stage
    try:
        parse_uri(uri, {}, ("IntegrationUri",))
    except InvalidConfiguration as error:
        raise bad_request(error.message) from None


def _check_parameters(settings: HttpIntegration) -> None:
    _check_words(settings.request_parameters, _REQUEST_VARIABLES)
    for changes in settings.response_parameters.values():
        _check_words(changes, _RESPONSE_VARIABLES)
    try:
        compile_request_changes(settings.request_parameters, _ANYWHERE, ("RequestParameters",))
        compile_response_changes(settings.response_parameters, _ANYWHERE, ("ResponseParameters",))
    except InvalidConfiguration as error:
        where = ".".join(error.path)
        raise bad_request(
            f"Invalid mapping expression specified: {shown(where)}: {error.message}"
        ) from None


def _check_words(changes: dict[str, str], variables: frozenset[str]) -> None:
    for key, value in changes.items():
        if re.search(r"\s", key) or len(value) > _MAX_VALUE:
            raise bad_request(f"Invalid mapping expression specified: {shown(key)}")
        for variable in _VARIABLE.findall(value):
            if variable not in variables:
                raise bad_request(f"Invalid mapping expression specified: {shown(value)}")
