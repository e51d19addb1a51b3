"""`x-amazon-apigateway-integration` of an HTTP API's route."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from bargate.model.http_api import HttpIntegration
from bargate.openapi.findings import shown
from bargate.openapi.operations import VERBS

if TYPE_CHECKING:
    from bargate.openapi.cursor import Cursor

_MEMBERS = {
    "type", "httpMethod", "uri", "payloadFormatVersion", "requestParameters",
    "responseParameters", "timeoutInMillis", "credentials", "connectionType", "connectionId",
    "tlsConfig", "integrationSubtype", "description",
}  # fmt: skip
_UNREAD = {"responses", "passthroughBehavior", "contentHandling", "requestTemplates"}
_TIMEOUT_MS = (50, 30_000)
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - RFC 9110 §5.6.2, no secret
_REQUEST_TARGET = re.compile(
    rf"(?:append|overwrite|remove):(?:header\.{_TOKEN}|querystring\.[^\s]+)\Z|overwrite:path\Z"
)
_RESPONSE_TARGET = re.compile(
    rf"(?:append|overwrite|remove):header\.{_TOKEN}\Z|overwrite:statuscode\Z"
)
_STATUS = re.compile(r"[2-5][0-9]{2}\Z")
_HTTP_URI = re.compile(r"(?:https?://[^\s/?#]|\$\{stageVariables\.)[^\s]*\Z")
_VARIABLE = re.compile(r"\$\{?([A-Za-z]+)")
_REQUEST_VARIABLES = {"request", "context", "stageVariables"}
_RESPONSE_VARIABLES = {"response", "context", "stageVariables"}


def http_integration(cursor: Cursor) -> HttpIntegration:
    """Read the integration at `cursor`."""
    cursor.refuse_unknown(_MEMBERS | _UNREAD, extensible=True)
    for key in _UNREAD:
        if cursor.has(key):
            cursor.warn("HTTP APIs do not read this", "remove it", key)
    kind = _type(cursor)
    return HttpIntegration(
        type=kind,
        uri=_uri(cursor, kind),
        http_method=cursor.choice("httpMethod", set(VERBS.values()), folded=True) or "ANY",
        payload_format_version=_format(cursor, kind),
        request_parameters=_request_parameters(cursor),
        response_parameters=_response_parameters(cursor),
        timeout_ms=cursor.integer("timeoutInMillis", *_TIMEOUT_MS) or _TIMEOUT_MS[1],
        credentials=cursor.text("credentials"),
        server_name_to_verify=_server_name(cursor),
        integration_subtype=cursor.text("integrationSubtype") if kind == "AWS_PROXY" else None,
        connection_id=_connection_id(cursor),
    )


def _type(cursor: Cursor) -> Literal["HTTP_PROXY", "AWS_PROXY"]:
    written = cursor.text("type") or ""
    if written.upper() == "AWS_PROXY":
        if cursor.has("integrationSubtype"):
            cursor.warn(
                "actions of AWS services cannot be called: calls are refused with 500",
                "invoke a Lambda function, or use http_proxy",
                "integrationSubtype",
            )
        return "AWS_PROXY"
    if written.upper() != "HTTP_PROXY":
        cursor.error(
            f"an HTTP API has no integrations of type {shown(written)!r}",
            "write http_proxy or aws_proxy",
            "type",
        )
    return "HTTP_PROXY"


def _uri(cursor: Cursor, kind: Literal["HTTP_PROXY", "AWS_PROXY"]) -> str:
    is_service = kind == "AWS_PROXY" and cursor.text("integrationSubtype") is not None
    uri = cursor.text("uri", required=not is_service) or ""
    if kind == "HTTP_PROXY" and uri and not _HTTP_URI.match(uri):
        cursor.error("Invalid HTTP endpoint specified for URI", "write http(s)://host/path", "uri")
    return uri


def _connection_id(cursor: Cursor) -> str | None:
    if cursor.choice("connectionType", ("INTERNET", "VPC_LINK"), folded=True) != "VPC_LINK":
        return None
    cursor.warn(
        "there are no VPC links here: the uri is called directly",
        "make sure that the gateway can reach it",
        "connectionType",
    )
    return cursor.text("connectionId", required=True)


def _format(cursor: Cursor, kind: Literal["HTTP_PROXY", "AWS_PROXY"]) -> str:
    version = cursor.label("payloadFormatVersion") or "1.0"
    allowed = {"1.0"} if kind == "HTTP_PROXY" else {"1.0", "2.0"}
    if version not in allowed:
        cursor.error(
            f"payload format {shown(version)} is not for {kind}",
            f"write {' or '.join(sorted(allowed))}",
            "payloadFormatVersion",
        )
    return version


def _server_name(cursor: Cursor) -> str | None:
    tls = cursor.object("tlsConfig")
    if tls is None:
        return None
    tls.refuse_unknown({"serverNameToVerify"})
    return tls.text("serverNameToVerify", required=True)


def _request_parameters(cursor: Cursor) -> dict[str, str]:
    found = cursor.text_map("requestParameters")
    if cursor.has("integrationSubtype"):
        return found  # they are the service's own
    place = cursor.at("requestParameters")
    if place is not None:
        _check_mapping(place, found, _REQUEST_TARGET, _REQUEST_VARIABLES)
    return found


def _response_parameters(cursor: Cursor) -> dict[str, dict[str, str]]:
    by_status = cursor.object("responseParameters")
    found = {}
    for status, place in by_status.members() if by_status else ():
        if not _STATUS.match(status):
            place.error(f"{shown(status)!r} is no status code", "write 200 to 599")
        elif by_status is not None and place.is_object():
            found[status] = by_status.text_map(status)
            _check_mapping(place, found[status], _RESPONSE_TARGET, _RESPONSE_VARIABLES)
    return found


def _check_mapping(
    place: Cursor, mapping: dict[str, str], targets: re.Pattern[str], variables: set[str]
) -> None:
    for target, value in mapping.items():
        if not targets.match(target):
            place.error(
                f"Invalid mapping expression specified: {shown(target)}",
                "write for example append:header.NAME, overwrite:path or remove:header.NAME",
                target,
            )
        for variable in _VARIABLE.findall(value):
            if variable not in variables:
                place.error(
                    f"Invalid mapping expression specified: {shown(value)}",
                    f"write one of {', '.join('$' + each for each in sorted(variables))}",
                    target,
                )
