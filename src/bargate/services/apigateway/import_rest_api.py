"""ImportRestApi and PutRestApi: a REST API from an OpenAPI document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from bargate.access.resource_policy import compile_resource_policy
from bargate.model.invalid import InvalidConfiguration
from bargate.model.rest_api import RestApi
from bargate.openapi import Document, InvalidDocument, import_document
from bargate.services.apigateway.errors import bad_request, one_of
from bargate.services.apigateway.finding import the_api
from bargate.services.apigateway.from_model import Beside, Mode, store_rest_api
from bargate.services.apigateway.import_documentation_parts import (
    read_body,
    store_parts,
    written_parts,
)
from bargate.services.apigateway.import_parameters import (
    Choices,
    compression_of,
    connections_of,
    endpoint_of,
    read_choices,
    with_base_path,
)
from bargate.services.apigateway.resource_policy import require_policy_change
from bargate.services.apigateway.rest_apis import rest_api_output
from bargate.services.apigateway.shape import API_ID_CHARACTERS, new_id
from bargate.services.further_permissions import require_pass_role
from bargate.services.operation import operation
from bargate.services.place import place_of
from bargate.store.interface import AlreadyExists

if TYPE_CHECKING:
    from bargate.openapi import Finding
    from bargate.records.rest_api import RestApiRecord
    from bargate.services.operation import OperationCall, Params
    from bargate.wire.error import AwsError

_MAX_WARNINGS: Final = 100
_MAX_TEXT: Final = 8_192


class _Read(Struct, frozen=True, eq=False):
    """A document and what was read of it."""

    document: Document
    api: RestApi
    warnings: tuple[str, ...]
    choices: Choices


@operation(writes=True)
def import_rest_api(call: OperationCall, request: Params) -> Params:
    """Make an API of a document."""
    read = _read(call, request, new_id(API_ID_CHARACTERS))
    stored = _store(call, request, read, "overwrite")
    require_policy_change(call, None, stored.policy)
    return rest_api_output(stored)


@operation(writes=True)
def put_rest_api(call: OperationCall, request: Params) -> Params:
    """Let a document replace an API, or be merged into it (the default, AWS [M])."""
    api = the_api(call, request)
    mode = one_of(request.get("mode") or "merge", "mode", ("merge", "overwrite"))
    read = _read(call, request, api.id)
    stored = _store(call, request, read, "merge" if mode == "merge" else "overwrite")
    require_policy_change(call, api, stored.policy)
    return rest_api_output(stored)


def _read(call: OperationCall, request: Params, api_id: str) -> _Read:
    choices = read_choices(request)
    document = read_body(request["body"])
    if not {"openapi", "swagger"} & set(document.root.entries):
        raise bad_request("Invalid OpenAPI input.")  # AWS [R] apigw-errors §5
    try:
        imported = import_document(
            document,
            api_id=api_id,
            account_id=call.account_id,
            region=call.region,
            partition=call.partition,
            kind="REST",
            is_draft=True,
        )
    except InvalidDocument as invalid:
        raise _refusal(invalid) from invalid
    api = imported.api
    if not isinstance(api, RestApi):
        raise AssertionError("a REST API was asked for")  # noqa: TRY004 - INVARIANT: kind="REST"
    _check_policy(api)
    require_pass_role(call, _roles(api))
    warnings = tuple(_line(each) for each in imported.findings[:_MAX_WARNINGS])
    return _Read(document, with_base_path(api, document, choices), warnings, choices)


def _roles(api: RestApi) -> list[str | None]:
    methods = (method for resource in api.resources for method in resource.methods)
    integrations = (method.integration for method in methods)
    return [
        *(each.credentials for each in integrations if each is not None),
        *(each.authorizer_credentials for each in api.authorizers),
    ]


def _refusal(invalid: InvalidDocument) -> AwsError:
    """Word what is wrong with a document, each error on a line (AWS [O])."""
    lines = "\n\t".join(_line(each) for each in invalid.findings)
    return bad_request(f"Errors found during import:\n\t{lines}"[:_MAX_TEXT])


def _line(finding: Finding) -> str:
    place = f"{finding.path} (line {finding.line})" if finding.path else f"line {finding.line}"
    remedy = f"; {finding.remedy}" if finding.remedy else ""
    return f"{place}: {finding.message}{remedy}"


def _check_policy(api: RestApi) -> None:
    """Refuse a policy that could not be enforced, as UpdateRestApi does."""
    if api.policy is None:
        return
    try:
        compile_resource_policy(api.policy, private=api.is_private)
    except InvalidConfiguration as error:
        raise bad_request(
            "Errors found during import:\n\tInvalid policy document. Please check the policy"
            " syntax and ensure that Principals are valid."
        ) from error


def _store(call: OperationCall, request: Params, read: _Read, mode: Mode) -> RestApiRecord:
    warnings = read.warnings + _store_documentation(call, read)
    if warnings and request.get("failOnWarnings"):
        raise bad_request("Warnings found during import:\n\t" + "\n\t".join(warnings)[:_MAX_TEXT])
    beside = Beside(
        endpoint_configuration=endpoint_of(read.document, read.choices),
        minimum_compression_size=compression_of(read.document),
        connections=connections_of(read.document, read.api.resources),
        warnings=warnings,
    )
    place = place_of(call)
    try:
        return store_rest_api(call.tx, place, read.api, beside, mode)
    except AlreadyExists as error:
        raise bad_request(
            "Errors found during import:\n\tA sibling of a resource already has a variable path"
            " part -- only one is allowed"
        ) from error


def _store_documentation(call: OperationCall, read: _Read) -> tuple[str, ...]:
    if read.choices.ignores_documentation:
        return ()
    api = (call.account_id, call.region, read.api.id)
    return tuple(store_parts(call, api, written_parts(read.document))[1])
