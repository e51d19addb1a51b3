"""What an integration may say: the checks of PutIntegration and UpdateIntegration.

AWS [R] apigw-errors §5 where a text is not tagged otherwise.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

from bargate.arn import MalformedArn, parse_arn
from bargate.model.rest_api import ContentHandling, Integration, IntegrationType, Method
from bargate.openapi.expressions import REQUEST_SOURCE, REQUEST_TARGET, is_declared
from bargate.services.apigateway.errors import (
    bad_request,
    invalid_mapping,
    one_of,
    undeclared_mapping,
)
from bargate.services.apigateway.method_checks import VERBS
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Collection

    from bargate.records.rest_resource import Connection
    from bargate.services.operation import OperationCall

_HTTP_URI = re.compile(r"(?:https?://[^\s/?#]|\$\{stageVariables\.)[^\s]*")
_STAGE_VARIABLE = "${stageVariables."
_TIMEOUT_MS = (50, 29_000)  # AWS [D] apigw-objects §11
_PASSTHROUGH = ("WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER")
_MAX_TEMPLATE_CHARACTERS = 300 * 1024  # AWS [D] apigw-objects §11
_MAX_URI_CHARACTERS = 8_192
_PROXIED = frozenset({"lambda", "firehose"})


def check_integration(
    call: OperationCall, method: Method, integration: Integration, connection: Connection
) -> None:
    """Refuse an integration of `method` that cannot be right."""
    one_of(integration.type, "putIntegrationInput.type", get_args(IntegrationType))
    _check_settings(integration)
    if integration.type != "MOCK":
        _check_http_method(integration.http_method)
    if integration.type in {"HTTP", "HTTP_PROXY"}:
        _check_http_uri(integration.uri)
    elif integration.type in {"AWS", "AWS_PROXY"}:
        _check_aws_uri(integration)
    _check_credentials(call, integration)
    _check_connection(connection)
    _check_mapping(integration.request_parameters, method.request_parameters)


def _check_settings(integration: Integration) -> None:
    one_of(
        integration.passthrough_behavior, "putIntegrationInput.passthroughBehavior", _PASSTHROUGH
    )
    if integration.content_handling is not None:
        path = "putIntegrationInput.contentHandling"
        one_of(integration.content_handling, path, get_args(ContentHandling))
    low, high = _TIMEOUT_MS
    if not low <= integration.timeout_ms <= high:
        raise bad_request(f"Timeout should be between {low} ms and {high} ms")  # AWS [O]
    for template in integration.request_templates.values():
        if len(template) > _MAX_TEMPLATE_CHARACTERS:
            raise bad_request("Mapping template is too large")  # [I]


def _check_http_method(verb: str | None) -> None:
    if not verb:
        raise bad_request("Enumeration value for HttpMethod must be non-empty")
    if verb not in VERBS:
        raise bad_request(f"Invalid HttpMethod specified. Valid options are {','.join(VERBS)}")


def _check_http_uri(uri: str | None) -> None:
    if not uri or len(uri) > _MAX_URI_CHARACTERS or not _HTTP_URI.fullmatch(uri):
        raise bad_request("Invalid HTTP endpoint specified for URI")


def _check_aws_uri(integration: Integration) -> None:
    uri = integration.uri or ""
    if uri.startswith(_STAGE_VARIABLE):
        return
    try:
        arn = parse_arn(uri)
    except MalformedArn as error:
        raise bad_request("Invalid ARN specified in the request") from error
    if len(uri) > _MAX_URI_CHARACTERS or arn.service != "apigateway" or not arn.region:
        raise bad_request("Invalid ARN specified in the request")
    if not arn.resource.startswith(("path/", "action/")):
        raise bad_request("AWS ARN for integration must contain path or action")
    # The account segment of these ARNs names the service that is called.
    if integration.type == "AWS_PROXY" and arn.account not in _PROXIED:
        raise bad_request(
            "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose"
            " stream invocations."
        )
    if integration.credentials is None and arn.account.rpartition(".")[2] != "lambda":
        raise bad_request("Role ARN must be specified for AWS integrations")  # AWS [O]


def _check_credentials(call: OperationCall, integration: Integration) -> None:
    role = integration.credentials
    if role is None or role == "arn:aws:iam::*:user/*":  # AWS [D]: the caller's own identity
        return
    try:
        arn = parse_arn(role)
    except MalformedArn as error:
        raise bad_request("Invalid ARN specified in the request") from error
    if arn.service != "iam" or not arn.resource.startswith("role/"):
        raise bad_request("Invalid ARN specified in the request")
    if arn.account != call.account_id:
        raise AwsError(
            "AccessDeniedException", "Cross-account pass role is not allowed.", 403
        )  # AWS [O]


def _check_connection(connection: Connection) -> None:
    if connection.connection_type is not None:
        path = "putIntegrationInput.connectionType"
        one_of(connection.connection_type, path, ("INTERNET", "VPC_LINK"))
    if connection.connection_type == "VPC_LINK" and not connection.connection_id:
        raise bad_request("Connection ID must be specified for VPC_LINK integrations")  # [I]
    if connection.response_transfer_mode is not None:
        path = "putIntegrationInput.responseTransferMode"
        one_of(connection.response_transfer_mode, path, ("BUFFERED", "STREAM"))


def _check_mapping(mapping: dict[str, str], declared: Collection[str]) -> None:
    for target, source in mapping.items():
        if not REQUEST_TARGET.match(target):
            raise invalid_mapping(target)
        if not REQUEST_SOURCE.match(source):
            raise invalid_mapping(source)
        if not is_declared(source, declared):
            raise undeclared_mapping(source)
