"""`x-amazon-apigateway-integration` of a REST API's method (AWS [D] apigw-objects §10)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast, get_args

from bargate.model.rest_api import (
    ContentHandling,
    Integration,
    IntegrationResponse,
    IntegrationType,
    MethodResponse,
    PassthroughBehavior,
)
from bargate.openapi.expressions import request_mapping, response_mapping
from bargate.openapi.extensions import PREFIX
from bargate.openapi.findings import shown
from bargate.openapi.operations import VERBS
from bargate.openapi.patterns import pattern_problem
from bargate.openapi.refs import follow

if TYPE_CHECKING:
    from collections.abc import Collection

    from bargate.openapi.cursor import Cursor

_MEMBERS = {
    "type", "httpMethod", "uri", "requestParameters", "requestTemplates", "passthroughBehavior",
    "contentHandling", "timeoutInMillis", "credentials", "cacheKeyParameters", "cacheNamespace",
    "connectionType", "connectionId", "tlsConfig", "responses", "payloadFormatVersion",
    "responseTransferMode",
}  # fmt: skip
_RESPONSE_MEMBERS = {"statusCode", "responseParameters", "responseTemplates", "contentHandling"}
_TIMEOUT_MS = (50, 29_000)  # AWS [D] apigw-objects §11
_STATUS = re.compile(r"[1-5][0-9]{2}\Z")
_HTTP_URI = re.compile(r"(?:https?://[^\s/?#]|\$\{stageVariables\.)[^\s]*\Z")
_SERVICE = re.compile(r"arn:[^:]*:apigateway:[^:]*:([^:]+):")
_CALLER = "arn:aws:iam::*:user/*"  # AWS [D]: the caller's own credentials
_AWS_URI = re.compile(r"(?:arn:|\$\{stageVariables\.)[^\s]+\Z")


def integration_of(operation: Cursor, *, required: bool = True) -> Cursor | None:
    """Give the place of the operation's integration, its `$ref` followed."""
    found = operation.at(PREFIX + "integration")
    if found is None and not required:
        return None
    if found is None:
        # AWS [O]: CreateDeployment refuses a method without integration
        operation.error(
            "No integration defined for method", f"write {PREFIX}integration with type and uri"
        )
        return None
    return follow(found)


def read_integration(
    cursor: Cursor, declared: Collection[str], method_responses: tuple[MethodResponse, ...]
) -> Integration:
    """Read an integration of a method whose request parameters are `declared`."""
    cursor.refuse_unknown(_MEMBERS, extensible=True)
    kind = _type(cursor)
    _check_connection(cursor)
    _check_cache(cursor)
    _check_format(cursor)
    method = _http_method(cursor, kind)
    if kind in {"AWS", "AWS_PROXY"}:
        _check_function(cursor, method)
    passthrough = cursor.choice("passthroughBehavior", get_args(PassthroughBehavior), folded=True)
    return Integration(
        type=kind,
        http_method=method,
        uri=_uri(cursor, kind),
        request_parameters=request_mapping(cursor, "requestParameters", declared),
        request_templates=cursor.text_map("requestTemplates"),
        passthrough_behavior=cast("PassthroughBehavior", passthrough or "WHEN_NO_MATCH"),
        content_handling=_content_handling(cursor),
        timeout_ms=cursor.integer("timeoutInMillis", *_TIMEOUT_MS) or _TIMEOUT_MS[1],
        credentials=cursor.text("credentials"),
        insecure_skip_verification=_skips_verification(cursor),
        responses=_responses(cursor, kind, method_responses),
    )


def _type(cursor: Cursor) -> IntegrationType:
    if not cursor.has("type"):
        cursor.error("type is missing", "write http_proxy, http, aws_proxy, aws or mock")
    kind = cast(
        "IntegrationType | None", cursor.choice("type", get_args(IntegrationType), folded=True)
    )
    return kind or "MOCK"


def _check_function(cursor: Cursor, method: str | None) -> None:
    """Warn of what is refused at every call (see `mapping.lambda_function`)."""
    service = _SERVICE.match(cursor.text("uri") or "")
    if service is not None and service[1] != "lambda":
        cursor.warn(
            f"the AWS service {shown(service[1])} cannot be called: calls are refused with 500",
            "invoke a Lambda function, or use http_proxy",
            "uri",
        )
    elif method not in {None, "POST"}:
        cursor.warn(
            f"a function is invoked by POST, not {method}: calls are refused with 500",
            "write httpMethod: POST",
            "httpMethod",
        )
    if cursor.text("credentials") == _CALLER:
        cursor.warn(
            "functions cannot be invoked with the caller's credentials: calls are refused with 500",
            "write the ARN of a role, or remove it",
            "credentials",
        )


def _http_method(cursor: Cursor, kind: IntegrationType) -> str | None:
    method = cursor.choice("httpMethod", set(VERBS.values()), folded=True)
    if method is None and kind != "MOCK" and not cursor.has("httpMethod"):
        # AWS [R] apigw-errors §5
        cursor.error("Enumeration value for HttpMethod must be non-empty", "write httpMethod")
    return method


def _uri(cursor: Cursor, kind: IntegrationType) -> str | None:
    uri = cursor.text("uri", required=kind != "MOCK")
    if uri is None or kind == "MOCK":
        return uri
    if kind in {"HTTP", "HTTP_PROXY"} and not _HTTP_URI.match(uri):
        # AWS [R] apigw-errors §5
        cursor.error("Invalid HTTP endpoint specified for URI", "write http(s)://host/path", "uri")
    if kind in {"AWS", "AWS_PROXY"} and not _AWS_URI.match(uri):
        cursor.error("Invalid ARN specified in the request", "write arn:aws:apigateway:…", "uri")
    return uri


def _check_connection(cursor: Cursor) -> None:
    if cursor.choice("connectionType", ("INTERNET", "VPC_LINK"), folded=True) == "VPC_LINK":
        cursor.text("connectionId", required=True)
        cursor.warn(
            "there are no VPC links here: the uri is called directly",
            "make sure that the gateway can reach it",
            "connectionType",
        )


def _check_cache(cursor: Cursor) -> None:
    cursor.texts("cacheKeyParameters")
    cursor.text("cacheNamespace")
    for key in ("cacheKeyParameters", "cacheNamespace"):
        if cursor.has(key):
            cursor.warn("responses are not cached", "remove it", key)


def _check_format(cursor: Cursor) -> None:
    version = cursor.label("payloadFormatVersion")
    if version not in {None, "1.0"}:
        cursor.error(
            f"payload format {shown(str(version))} is for HTTP APIs only",
            "write 1.0, or import with --http-api",
            "payloadFormatVersion",
        )
    cursor.choice("responseTransferMode", ("BUFFERED", "STREAM"), folded=True)


def _skips_verification(cursor: Cursor) -> bool:
    tls = cursor.object("tlsConfig")
    if tls is None:
        return False
    tls.refuse_unknown({"insecureSkipVerification"})
    return tls.flag("insecureSkipVerification")


def _content_handling(cursor: Cursor) -> ContentHandling | None:
    found = cursor.choice("contentHandling", get_args(ContentHandling), folded=True)
    return cast("ContentHandling | None", found)


def _responses(
    cursor: Cursor, kind: IntegrationType, method_responses: tuple[MethodResponse, ...]
) -> tuple[IntegrationResponse, ...]:
    responses = cursor.object("responses")
    found = []
    for pattern, place in responses.members() if responses else ():
        if not place.is_object():
            continue
        _check_pattern(pattern, place)
        response = _response(pattern, place)
        if response is not None:
            found.append(response)
            if not kind.endswith("_PROXY"):
                _check_declared(response, place, method_responses)
    return tuple(found)


def _check_pattern(pattern: str, place: Cursor) -> None:
    problem = pattern_problem(pattern)
    if problem is not None:
        place.error(
            f"the selection pattern is no regular expression: {problem}",
            r"write for example 4\d{2}, or default",
        )


def _response(pattern: str, place: Cursor) -> IntegrationResponse | None:
    place.refuse_unknown(_RESPONSE_MEMBERS, extensible=True)
    status = place.label("statusCode")
    if status is None and not place.has("statusCode"):
        place.error("statusCode is missing", "write for example '200'")
    if status is not None and not _STATUS.match(status):
        place.error(f"{shown(status)} is no status code", "write for example '200'", "statusCode")
    return IntegrationResponse(
        status_code=status or "",
        selection_pattern=None if pattern == "default" else pattern,
        response_parameters=response_mapping(place, "responseParameters"),
        response_templates={
            content_type: template
            for content_type, template in place.text_map("responseTemplates").items()
            # AWS's own export writes this for "no template"
            if template != "__passthrough__"
        },
        content_handling=_content_handling(place),
    )


def _check_declared(
    response: IntegrationResponse, place: Cursor, method_responses: tuple[MethodResponse, ...]
) -> None:
    declared = {method.status_code: method for method in method_responses}
    method = declared.get(response.status_code)
    if method is None:
        # AWS [O]: PutIntegrationResponse asks for the method response first
        place.error(
            f"Invalid response status code specified: {shown(response.status_code)}",
            "list the status under the operation's responses",
            "statusCode",
        )
        return
    for name in response.response_parameters:
        if name.lower() not in {known.lower() for known in method.response_parameters}:
            place.error(
                f"Invalid mapping expression parameter specified: {shown(name)}",
                f"list the header under responses.{response.status_code}.headers",
                "responseParameters",
                name,
            )
