"""API mappings: which API and stage answers below which path of a custom domain name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import structs

from bargate.records.base_path_mapping import BASE_PATH_MAPPING, BasePathMapping
from bargate.records.http_api import HTTP_API
from bargate.records.http_stage import HTTP_STAGE
from bargate.records.rest_api import REST_API
from bargate.records.rest_stage import REST_STAGE
from bargate.services.apigatewayv2.domain_names import domain_of
from bargate.services.apigatewayv2.errors import bad_request, conflict, not_found, shown
from bargate.services.apigatewayv2.ids import new_id
from bargate.services.apigatewayv2.pages import page
from bargate.services.operation import OperationCall, Params, operation
from bargate.services.place import place_of

if TYPE_CHECKING:
    from bargate.store.kind import Kind

_KEY = re.compile(r"[A-Za-z0-9$_.+!*'()-]+(?:/[A-Za-z0-9$_.+!*'()-]+)*\Z")
_MAX_KEY = 300


@operation(writes=True)
def create_api_mapping(call: OperationCall, request: Params) -> Params:
    """Let a stage of an API answer below a path of a domain name."""
    domain = domain_of(call, request)
    _check_stage(call, request["ApiId"], request["Stage"])
    mapping = BasePathMapping(
        account_id=domain.account_id,
        region=domain.region,
        domain_name=domain.domain_name,
        base_path=_checked_key(request.get("ApiMappingKey") or ""),
        api_id=request["ApiId"],
        stage=request["Stage"],
        api_mapping_id=new_id(),
        created_date=call.now,
    )
    _refuse_same(call, mapping)
    return show(call.tx.create(BASE_PATH_MAPPING, mapping))


@operation()
def get_api_mapping(call: OperationCall, request: Params) -> Params:
    """Give one mapping."""
    return show(_found(call, request))


@operation()
def get_api_mappings(call: OperationCall, request: Params) -> Params:
    """List the mappings of a domain name."""
    domain = domain_of(call, request)
    prefix = (domain.account_id, domain.region, domain.domain_name)
    return page(call, request, BASE_PATH_MAPPING, prefix, show)


@operation(writes=True)
def update_api_mapping(call: OperationCall, request: Params) -> Params:
    """Let another stage answer, or below another path."""
    old = _found(call, request)
    stage = request.get("Stage") or old.stage
    key = request.get("ApiMappingKey")
    new = structs.replace(
        old,
        api_id=request["ApiId"],
        stage=stage,
        base_path=old.base_path if key is None else _checked_key(key),
    )
    if stage is not None:
        _check_stage(call, new.api_id, stage)
    elif new.api_id != old.api_id:
        raise bad_request("Stage is required when the API changes")
    call.tx.delete(BASE_PATH_MAPPING, BASE_PATH_MAPPING.key_of(old))
    _refuse_same(call, new)
    return show(call.tx.create(BASE_PATH_MAPPING, new))


@operation(writes=True)
def delete_api_mapping(call: OperationCall, request: Params) -> Params:
    """Remove a mapping."""
    call.tx.delete(BASE_PATH_MAPPING, BASE_PATH_MAPPING.key_of(_found(call, request)))
    return {}


def show(mapping: BasePathMapping) -> Params:
    """Give a mapping as this API shows it."""
    return {
        "ApiId": mapping.api_id,
        "ApiMappingId": mapping.api_mapping_id,
        "ApiMappingKey": mapping.base_path,
        "Stage": mapping.stage or "",
    }


def _found(call: OperationCall, request: Params) -> BasePathMapping:
    domain = domain_of(call, request)
    mapping_id = request["ApiMappingId"]
    key = (domain.account_id, domain.region, domain.domain_name, mapping_id)
    found = call.tx.find_by(BASE_PATH_MAPPING, "api_mapping_id", key)
    if found is None:
        raise not_found(f"Invalid API mapping identifier specified {shown(mapping_id)}")
    return found


def _checked_key(key: str) -> str:
    if key and (len(key) > _MAX_KEY or not _KEY.match(key)):
        raise bad_request(
            "API mapping key should not start or end with a '/' or contain empty parts or other"
            f" characters than letters, numbers and $-_.+!*'(): {shown(key)}"
        )
    return key


def _check_stage(call: OperationCall, api_id: str, stage: str) -> None:
    """Refuse an API or stage that is not there, REST APIs counting too (AWS [D])."""
    key = (*place_of(call).prefix, api_id)
    kinds: tuple[tuple[Kind[Any], Kind[Any]], ...] = (
        (HTTP_API, HTTP_STAGE),
        (REST_API, REST_STAGE),
    )
    for api_kind, stage_kind in kinds:
        if call.tx.find(api_kind, key) is None:
            continue
        if call.tx.find(stage_kind, (*key, stage)) is None:
            raise bad_request(f"Invalid stage identifier specified {shown(stage)}")
        return
    raise not_found(f"Invalid API identifier specified {key[0]}:{shown(api_id)}")


def _refuse_same(call: OperationCall, mapping: BasePathMapping) -> None:
    if call.tx.find(BASE_PATH_MAPPING, BASE_PATH_MAPPING.key_of(mapping)) is not None:
        raise conflict("ApiMapping key already exists for this domain name")  # AWS [O]
