"""From the model of a REST API to its live records: what imports and files have in common.

Whatever had the same path, name or type before keeps its id, so that what points to it goes on
pointing to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from bargate.records.gateway_response import GATEWAY_RESPONSE, GatewayResponseRecord
from bargate.records.request_validator import REQUEST_VALIDATOR, RequestValidatorRecord
from bargate.records.rest_api import REST_API, EndpointConfiguration, RestApiRecord
from bargate.records.rest_authorizer import REST_AUTHORIZER, RestAuthorizer
from bargate.records.rest_model import REST_MODEL, RestModel
from bargate.services.apigateway.from_model_resources import Renamed, store_resources
from bargate.services.apigateway.shape import delete_all, every, new_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.model.rest_api import Authorizer, RequestValidator, RestApi
    from bargate.records.rest_resource import Connection
    from bargate.services.place import Place
    from bargate.store.interface import Transaction
    from bargate.store.kind import Key, Kind

Mode = Literal["merge", "overwrite"]


class Beside(Struct, frozen=True, kw_only=True):
    """What a document says beside the model; None is what it does not say.

    `connections` are those of integrations, by path and verb.
    """

    endpoint_configuration: EndpointConfiguration | None = None
    minimum_compression_size: int | None = None
    connections: Mapping[tuple[str, str], Connection] = {}
    warnings: tuple[str, ...] = ()


def store_rest_api(
    tx: Transaction, place: Place, api: RestApi, beside: Beside, mode: Mode = "overwrite"
) -> RestApiRecord:
    """Write the live records of an API, made new if none has its id.

    `overwrite` leaves nothing of what was there; `merge` lets the new win. Deployments, stages
    and tags stay. Raises AlreadyExists when merging gives two variables one parent.
    """
    key = (place.account_id, place.region, api.id)
    former = tx.find(REST_API, key)
    record = _record(place, api, beside, former, mode)
    if former is None:
        tx.create(REST_API, record)
    else:
        tx.update(REST_API, key, lambda _: record)
    if mode == "overwrite":
        for kind in (REST_MODEL, GATEWAY_RESPONSE):
            delete_all(tx, kind, key)
    renamed = Renamed(
        authorizers=_store_authorizers(tx, key, api.authorizers, mode),
        validators=_store_validators(tx, key, api.request_validators, mode),
    )
    _store_models(tx, key, api)
    _store_gateway_responses(tx, key, api)
    store_resources(tx, record, api.resources, renamed, beside.connections, mode == "merge")
    return record


def _record(
    place: Place, api: RestApi, beside: Beside, former: RestApiRecord | None, mode: Mode
) -> RestApiRecord:
    new = RestApiRecord(
        account_id=place.account_id,
        region=place.region,
        id=api.id,
        name=api.name,
        created=place.now,
        root_resource_id=_root_id(api),
        description=api.description or None,
        version=api.version or None,
        binary_media_types=api.binary_media_types,
        minimum_compression_size=beside.minimum_compression_size,
        api_key_source=api.api_key_source,
        endpoint_configuration=beside.endpoint_configuration or EndpointConfiguration(),
        policy=api.policy,
        disable_execute_api_endpoint=api.disable_execute_api_endpoint,
        warnings=beside.warnings,
    )
    if former is None:
        return new
    kept = replace(
        new,
        created=former.created,
        root_resource_id=former.root_resource_id,
        tags=former.tags,
        endpoint_configuration=beside.endpoint_configuration or former.endpoint_configuration,
        security_policy=former.security_policy,
        endpoint_access_mode=former.endpoint_access_mode,
    )
    return kept if mode == "overwrite" else _merged(former, kept)


def _root_id(api: RestApi) -> str:
    return next((each.id for each in api.resources if each.path == "/"), None) or new_id(10)


def _merged(former: RestApiRecord, new: RestApiRecord) -> RestApiRecord:
    """Let the new win where it says something; merging never opens what was closed [I]."""
    size = new.minimum_compression_size
    return replace(
        new,
        description=new.description or former.description,
        version=new.version or former.version,
        binary_media_types=tuple(
            dict.fromkeys((*former.binary_media_types, *new.binary_media_types))
        ),
        minimum_compression_size=former.minimum_compression_size if size is None else size,
        policy=new.policy or former.policy,
        api_key_source=(
            former.api_key_source if new.api_key_source == "HEADER" else new.api_key_source
        ),
        disable_execute_api_endpoint=(
            former.disable_execute_api_endpoint or new.disable_execute_api_endpoint
        ),
    )


def _store_authorizers(
    tx: Transaction, api: Key, authorizers: tuple[Authorizer, ...], mode: Mode
) -> dict[str, str]:
    """Write authorizers; gives the ids under which they are kept by the ids of the model."""
    former = {each.name: each.id for each in every(tx, REST_AUTHORIZER, api)}
    ids = {each.id: former.get(each.name, each.id) for each in authorizers}
    _clear(tx, REST_AUTHORIZER, api, set(ids.values()), mode)
    account_id, region, api_id = api
    for each in authorizers:
        is_pool = each.type == "COGNITO_USER_POOLS"
        record = RestAuthorizer(
            account_id=account_id,
            region=region,
            api_id=api_id,
            id=ids[each.id],
            name=each.name,
            type=each.type,
            auth_type="cognito_user_pools" if is_pool else "custom",  # AWS [R] apigw-objects §2
            provider_arns=each.provider_arns,
            authorizer_uri=each.authorizer_uri,
            authorizer_credentials=each.authorizer_credentials,
            identity_source=each.identity_source,
            identity_validation_expression=each.identity_validation_expression,
            result_ttl_s=each.result_ttl_s,
        )
        _put(tx, REST_AUTHORIZER, record)
    return ids


def _store_validators(
    tx: Transaction, api: Key, validators: tuple[RequestValidator, ...], mode: Mode
) -> dict[str, str]:
    former = {each.name: each.id for each in every(tx, REQUEST_VALIDATOR, api)}
    ids = {each.id: former.get(each.name, each.id) for each in validators}
    _clear(tx, REQUEST_VALIDATOR, api, set(ids.values()), mode)
    account_id, region, api_id = api
    for each in validators:
        record = RequestValidatorRecord(
            account_id=account_id,
            region=region,
            api_id=api_id,
            id=ids[each.id],
            name=each.name,
            validate_request_body=each.validate_request_body,
            validate_request_parameters=each.validate_request_parameters,
        )
        _put(tx, REQUEST_VALIDATOR, record)
    return ids


def _clear(tx: Transaction, kind: Kind[Any], api: Key, kept: set[str], mode: Mode) -> None:
    if mode == "overwrite":
        for record in list(every(tx, kind, api)):
            if record.id not in kept:
                tx.delete(kind, kind.key_of(record))


def _put(tx: Transaction, kind: Kind[Any], record: Any) -> None:
    key = kind.key_of(record)
    if tx.find(kind, key) is None:
        tx.create(kind, record)
    else:
        tx.update(kind, key, lambda _: record)


def _store_models(tx: Transaction, key: Key, api: RestApi) -> None:
    account_id, region, api_id = key
    for each in api.models:
        found = tx.find(REST_MODEL, (*key, each.name))
        record = RestModel(
            account_id=account_id,
            region=region,
            api_id=api_id,
            id=new_id() if found is None else found.id,
            name=each.name,
            content_type=each.content_type,
            schema=each.schema,
        )
        _put(tx, REST_MODEL, record)


def _store_gateway_responses(tx: Transaction, key: Key, api: RestApi) -> None:
    account_id, region, api_id = key
    for each in api.gateway_responses:
        record = GatewayResponseRecord(
            account_id=account_id,
            region=region,
            api_id=api_id,
            response_type=each.response_type,
            status_code=each.status_code,
            response_parameters=each.response_parameters or None,
            response_templates=each.response_templates,
        )
        _put(tx, GATEWAY_RESPONSE, record)
