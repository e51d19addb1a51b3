"""The live records of an API frozen into the model that is deployed.

Its policy names users and roles by their ids from then on (`identity.policy_principals`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.identity.policy_principals import with_ids
from bargate.model.rest_api import (
    Authorizer,
    GatewayResponse,
    Method,
    Model,
    RequestValidator,
    Resource,
    RestApi,
)
from bargate.records.gateway_response import GATEWAY_RESPONSE
from bargate.records.request_validator import REQUEST_VALIDATOR
from bargate.records.rest_authorizer import REST_AUTHORIZER
from bargate.records.rest_model import REST_MODEL
from bargate.records.rest_resource import REST_RESOURCE
from bargate.services.apigateway.model_schemas import complete_schema

if TYPE_CHECKING:
    from bargate.records.rest_api import RestApiRecord
    from bargate.store.interface import Reader
    from bargate.store.kind import Key

_DEFAULT_TTL_S = 300  # AWS [R] apigw-objects §2


def frozen_api(tx: Reader, api: RestApiRecord) -> RestApi:
    """Give the API as it is now; resources without methods answer no call and are left out."""
    key = api.key()
    resources = tuple(_resources(tx, key))
    used = {
        name
        for resource in resources
        for method in resource.methods
        for name in method.request_models.values()
    }
    return RestApi(
        id=api.id,
        name=api.name,
        version=api.version or "",
        description=api.description or "",
        policy=None if api.policy is None else with_ids(tx, api.policy),
        api_key_source=api.api_key_source,
        binary_media_types=api.binary_media_types,
        disable_execute_api_endpoint=api.disable_execute_api_endpoint,
        endpoint_type="PRIVATE" if api.is_private else "REGIONAL",
        vpc_endpoint_ids=api.endpoint_configuration.vpc_endpoint_ids,
        resources=resources,
        authorizers=tuple(_authorizers(tx, key)),
        request_validators=tuple(_validators(tx, key)),
        models=tuple(_models(tx, key, used)),
        gateway_responses=tuple(_gateway_responses(tx, key)),
    )


def _resources(tx: Reader, api: Key) -> list[Resource]:
    found = [
        Resource(
            id=record.id,
            path=record.path,
            methods=tuple(each.method for each in record.methods.values()),
        )
        for record in tx.list(REST_RESOURCE, api)
        if record.methods
    ]
    return sorted(found, key=lambda resource: resource.path)


def _authorizers(tx: Reader, api: Key) -> list[Authorizer]:
    return [
        Authorizer(
            id=record.id,
            name=record.name,
            type=record.type,
            identity_source=record.identity_source,
            identity_validation_expression=record.identity_validation_expression,
            provider_arns=record.provider_arns,
            authorizer_uri=record.authorizer_uri,
            authorizer_credentials=record.authorizer_credentials,
            result_ttl_s=_DEFAULT_TTL_S if record.result_ttl_s is None else record.result_ttl_s,
        )
        for record in tx.list(REST_AUTHORIZER, api)
    ]


def _validators(tx: Reader, api: Key) -> list[RequestValidator]:
    return [
        RequestValidator(
            id=record.id,
            name=record.name or "",
            validate_request_parameters=record.validate_request_parameters,
            validate_request_body=record.validate_request_body,
        )
        for record in tx.list(REQUEST_VALIDATOR, api)
    ]


def _models(tx: Reader, api: Key, used: set[str]) -> list[Model]:
    """Give the models that requests are held against, each complete in itself."""
    if not used:
        return []
    records = {record.name: record for record in tx.list(REST_MODEL, api)}
    schemas = {name: record.schema for name, record in records.items()}
    return [
        Model(
            name=name,
            schema=complete_schema(name, schemas),
            content_type=records[name].content_type,
        )
        for name in sorted(used & records.keys())
    ]


def _gateway_responses(tx: Reader, api: Key) -> list[GatewayResponse]:
    return [
        GatewayResponse(
            response_type=record.response_type,
            status_code=record.status_code,
            response_parameters=record.response_parameters or {},
            response_templates=record.response_templates,
        )
        for record in tx.list(GATEWAY_RESPONSE, api)
    ]


def methods_of(api: RestApi) -> list[tuple[Resource, Method]]:
    """Give every method of a frozen API with its resource."""
    return [(resource, method) for resource in api.resources for method in resource.methods]
