"""ImportApi and ReimportApi: an OpenAPI document as an HTTP API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.model.http_api import HttpApi
from bargate.openapi import Imported, InvalidDocument, import_document, read_document
from bargate.services.apigatewayv2.api_output import show
from bargate.services.apigatewayv2.authorizer_settings import check_authorizer
from bargate.services.apigatewayv2.cors import check_cors
from bargate.services.apigatewayv2.deploying import check_api
from bargate.services.apigatewayv2.errors import bad_request
from bargate.services.apigatewayv2.find import api_of
from bargate.services.apigatewayv2.from_model import store_http_api
from bargate.services.apigatewayv2.ids import API_ID_LENGTH, new_id
from bargate.services.apigatewayv2.integration_settings import check_settings
from bargate.services.further_permissions import require_pass_role
from bargate.services.operation import OperationCall, Params, operation
from bargate.services.place import place_of

if TYPE_CHECKING:
    from bargate.openapi import Finding

_MAX_TOLD = 10
_MAX_NAME, _MAX_VERSION, _MAX_DESCRIPTION = 128, 64, 1024  # AWS [M] CreateApiRequest


@operation(writes=True)
def import_api(call: OperationCall, request: Params) -> Params:
    """Create an API from a document; the id is the gateway's to choose."""
    return _stored(call, request, new_id(API_ID_LENGTH))


@operation(writes=True)
def reimport_api(call: OperationCall, request: Params) -> Params:
    """Put a document in place of what an API was."""
    return _stored(call, request, api_of(call, request).id)


def _stored(call: OperationCall, request: Params, api_id: str) -> Params:
    if (request.get("Basepath") or "ignore") != "ignore":
        raise bad_request("Basepath is supported only as ignore: write whole paths")
    imported = _read(call, request["Body"], api_id)
    if request.get("FailOnWarnings") and imported.findings:
        raise bad_request(_told("Warnings found during import", imported.findings))
    if not isinstance(imported.api, HttpApi):
        raise bad_request("Invalid OpenAPI input.")
    _check(imported.api)
    require_pass_role(call, _roles(imported.api))
    warnings = tuple(str(finding) for finding in imported.findings)
    record = store_http_api(call.tx, place_of(call), imported.api, warnings=warnings)
    return show(call, record)


def _read(call: OperationCall, body: str, api_id: str) -> Imported:
    try:
        return import_document(
            read_document(body, file_name="Body"),
            api_id=api_id,
            account_id=call.account_id,
            region=call.region,
            partition=call.partition,
            kind="HTTP",
            is_draft=True,
        )
    except InvalidDocument as error:
        # AWS [R] apigw-errors §5, and what is wrong
        raise bad_request(_told("Invalid OpenAPI input.", error.findings)) from None


def _check(api: HttpApi) -> None:
    """Hold an imported API to what CreateApi and its siblings would refuse."""
    bounds = (
        ("title", api.name, 1, _MAX_NAME),
        ("version", api.version, 0, _MAX_VERSION),
        ("description", api.description, 0, _MAX_DESCRIPTION),
    )
    for name, text, low, high in bounds:
        if not low <= len(text) <= high:
            raise bad_request(f"The {name} must be from {low} to {high} characters long")
    if api.cors is not None:
        check_cors(api.cors)
    for authorizer in api.authorizers:
        check_authorizer(authorizer)
    for route in api.routes:
        if route.integration is not None:
            check_settings(route.integration)
    check_api(api)


def _roles(api: HttpApi) -> list[str | None]:
    integrations = (route.integration for route in api.routes)
    return [
        *(each.credentials for each in integrations if each is not None),
        *(each.authorizer_credentials for each in api.authorizers),
    ]


def _told(summary: str, findings: tuple[Finding, ...]) -> str:
    lines = [str(finding) for finding in findings[:_MAX_TOLD]]
    more = len(findings) - len(lines)
    if more > 0:
        lines.append(f"and {more} more")
    return "\n".join((summary, *lines))
