"""A whole document as a REST API, as AWS's ImportRestApi reads it.

paths ──► operations ──► parameters, bodies, responses ──► Method
                    └──► security ──► MethodAccess ──────┘
root extensions ──► policy, validators, gateway responses, settings
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from bargate.model.rest_api import Authorizer, Method, RequestValidator, Resource, RestApi
from bargate.openapi.bodies import request_models
from bargate.openapi.endpoint import endpoint_settings
from bargate.openapi.extensions import PREFIX
from bargate.openapi.gateway_responses import gateway_responses
from bargate.openapi.integrations import integration_of, read_integration
from bargate.openapi.operations import Operation, PathItem, path_items
from bargate.openapi.parameters import parameters_of, request_parameters
from bargate.openapi.policy import resource_policy
from bargate.openapi.responses import method_responses
from bargate.openapi.rest_authorizers import rest_authorizer
from bargate.openapi.rest_paths import ResourceTree, normalized
from bargate.openapi.rest_security import method_access
from bargate.openapi.schemas import Schemas
from bargate.openapi.security import Scheme, read_schemes
from bargate.openapi.validators import chosen_validator, request_validators

if TYPE_CHECKING:
    from bargate.openapi.cursor import Cursor
    from bargate.openapi.reading import Reading


class _Parts(Struct, frozen=True, eq=False):
    """What methods refer to."""

    schemes: dict[str, Scheme[Authorizer]]
    validators: dict[str, RequestValidator]
    schemas: Schemas
    is_draft: bool


def read_rest_api(reading: Reading) -> RestApi:
    """Read the API; errors are in the report, and the result is then of no use."""
    root = reading.root
    parts = _Parts(
        read_schemes(reading, partial(rest_authorizer, reading)),
        request_validators(reading),
        Schemas(reading),
        reading.is_draft,
    )
    resources = tuple(_resources(reading, parts))
    if reading.is_draft:
        parts.schemas.use_all()
    parts.schemas.check_circles()
    info = root.object("info")
    endpoint = endpoint_settings(root)
    return RestApi(
        id=reading.api_id,
        name=(info.text("title") if info else None) or "",
        version=(info.label("version") if info else None) or "",
        description=(info.text("description") if info else None) or "",
        policy=resource_policy(reading),
        api_key_source=_api_key_source(root),
        binary_media_types=root.texts(PREFIX + "binary-media-types"),
        disable_execute_api_endpoint=endpoint.disabled,
        endpoint_type=endpoint.type,
        vpc_endpoint_ids=endpoint.vpc_endpoint_ids,
        resources=resources,
        authorizers=tuple(s.authorizer for s in parts.schemes.values() if s.authorizer),
        request_validators=tuple(parts.validators.values()),
        models=parts.schemas.models(),
        gateway_responses=gateway_responses(root),
    )


def _api_key_source(root: Cursor) -> Literal["HEADER", "AUTHORIZER"]:
    found = root.choice(PREFIX + "api-key-source", ("HEADER", "AUTHORIZER"), folded=True)
    return "AUTHORIZER" if found == "AUTHORIZER" else "HEADER"


def _resources(reading: Reading, parts: _Parts) -> list[Resource]:
    tree = ResourceTree()
    return [
        _resource(reading, parts, item)
        for item in path_items(reading.root)
        if tree.add(item.path, item.cursor)
    ]


def _resource(reading: Reading, parts: _Parts, item: PathItem) -> Resource:
    path = normalized(item.path)
    return Resource(
        id=reading.derived_id("resource", path),
        path=path,
        methods=tuple(_method(operation, parts) for operation in item.operations),
    )


def _method(operation: Operation, parts: _Parts) -> Method:
    cursor = operation.cursor
    access = method_access(cursor, parts.schemes)
    validator = chosen_validator(cursor, parts.validators)
    parameters = parameters_of(operation)
    declared = request_parameters(operation, parameters)
    responses = method_responses(cursor, parts.schemas)
    place = integration_of(cursor, required=not parts.is_draft)
    integration = None if place is None else read_integration(place, declared, responses)
    return Method(
        http_method=operation.verb,
        authorization_type=access.authorization_type,
        authorizer_id=access.authorizer_id,
        authorization_scopes=access.scopes,
        api_key_required=access.api_key_required,
        operation_name=cursor.text("operationId"),
        request_validator_id=None if validator is None else validator.id,
        request_parameters=declared,
        request_models=request_models(operation, parameters, parts.schemas),
        integration=integration,
        method_responses=responses,
    )
