"""Which REST API and stage answers below which path of a custom domain name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from bargate.records.base_path_mapping import BASE_PATH_MAPPING, BasePathMapping
from bargate.records.rest_api import REST_API
from bargate.records.rest_stage import REST_STAGE
from bargate.services.apigateway.domain_name_values import the_domain_name
from bargate.services.apigateway.errors import bad_request, conflict, not_found
from bargate.services.apigateway.more_listing import Listing, find, page
from bargate.services.apigateway.patch import Rule, Step, Table, patched
from bargate.services.apigateway.shape import new_id, present
from bargate.services.operation import operation
from bargate.store.interface import AlreadyExists

if TYPE_CHECKING:
    from bargate.records.domain_name import DomainName
    from bargate.services.operation import OperationCall, Params

NONE: Final = "(none)"  # AWS [M] CreateBasePathMapping: no base path, or no stage
MISSING: Final = "Invalid base path mapping identifier specified"  # AWS [O]
_BASE_PATH: Final = re.compile(r"[A-Za-z0-9$_.+!*'()~-]{1,300}", re.ASCII)


@operation(writes=True)
def create_base_path_mapping(call: OperationCall, request: Params) -> Params:
    """Map a base path to an API of the caller's, and to a stage of it unless callers name one."""
    domain = the_domain_name(call, request)
    api_id, stage = request["restApiId"], _name(request.get("stage"))
    check_destination(call, api_id, stage)
    mapping = BasePathMapping(
        account_id=call.account_id,
        region=call.region,
        domain_name=domain.domain_name,
        base_path=checked_base_path(request.get("basePath")),
        api_id=api_id,
        stage=stage,
        api_mapping_id=new_id(),
        created_date=call.now,
    )
    return _store(call, mapping)


def _store(call: OperationCall, mapping: BasePathMapping) -> Params:
    try:
        return show_base_path_mapping(call.tx.create(BASE_PATH_MAPPING, mapping))
    except AlreadyExists as error:
        raise conflict("Base path already exists for this domain name") from error  # AWS [O]


def _name(text: str | None) -> str | None:
    return None if text in {None, "", NONE} else text


def checked_base_path(text: str | None) -> str:
    """Give a base path, "" for none; it is one segment of a path."""
    path = _name(text) or ""
    if path and _BASE_PATH.fullmatch(path) is None:
        raise bad_request(
            "API Gateway V1 doesn't support the slash character (/) in base path mappings."
            if "/" in path
            else "Invalid base path specified"
        )  # AWS [O]
    return path


def check_destination(call: OperationCall, api_id: str, stage: str | None) -> None:
    """Check that API and stage exist and are the caller's."""
    if find(call, REST_API, api_id) is None:
        raise bad_request("Invalid REST API identifier specified")  # AWS [R] its text elsewhere
    if stage is not None and find(call, REST_STAGE, api_id, stage) is None:
        raise bad_request("Invalid stage identifier specified")  # AWS [O]


def _the_mapping(call: OperationCall, domain: DomainName, base_path: str) -> BasePathMapping:
    found = find(call, BASE_PATH_MAPPING, domain.domain_name, _name(base_path) or "")
    if found is None:
        raise not_found(MISSING)
    return found


@operation()
def get_base_path_mapping(call: OperationCall, request: Params) -> Params:
    """Give a mapping."""
    domain = the_domain_name(call, request)
    return show_base_path_mapping(_the_mapping(call, domain, request["basePath"]))


@operation()
def get_base_path_mappings(call: OperationCall, request: Params) -> Params:
    """List the mappings of a domain name, those to HTTP APIs too."""
    domain = the_domain_name(call, request)
    prefix = (call.account_id, call.region, domain.domain_name)
    listing = Listing(kind=BASE_PATH_MAPPING, prefix=prefix)
    return page(call, request, listing, show_base_path_mapping)


@operation(writes=True)
def update_base_path_mapping(call: OperationCall, request: Params) -> Params:
    """Change path, API or stage of a mapping."""
    found = _the_mapping(call, the_domain_name(call, request), request["basePath"])
    changed = patched(found, request, _PATCHES)
    check_destination(call, changed.api_id, changed.stage)
    key = BASE_PATH_MAPPING.key_of(found)
    if BASE_PATH_MAPPING.key_of(changed) == key:
        return show_base_path_mapping(call.tx.update(BASE_PATH_MAPPING, key, lambda _: changed))
    call.tx.delete(BASE_PATH_MAPPING, key)
    return _store(call, changed)


def _base_path(found: BasePathMapping, step: Step) -> BasePathMapping:
    return replace(found, base_path=checked_base_path(step.value))


def _api(found: BasePathMapping, step: Step) -> BasePathMapping:
    return replace(found, api_id=step.text())


def _stage(found: BasePathMapping, step: Step) -> BasePathMapping:
    return replace(found, stage=_name(step.value))


_PATCHES: Final = Table(
    (
        Rule("/basePath", ("replace",), _base_path),
        Rule("/basepath", ("replace",), _base_path),  # AWS [O] both spellings
        Rule("/restapiId", ("replace",), _api),
        Rule("/restApiId", ("replace",), _api),
        Rule("/stage", ("replace",), _stage),
    )
)


@operation(writes=True)
def delete_base_path_mapping(call: OperationCall, request: Params) -> Params:
    """Take a mapping away."""
    found = _the_mapping(call, the_domain_name(call, request), request["basePath"])
    call.tx.delete(BASE_PATH_MAPPING, BASE_PATH_MAPPING.key_of(found))
    return {}


def show_base_path_mapping(found: BasePathMapping) -> Params:
    """Write a mapping as AWS does."""
    return present(basePath=found.base_path or NONE, restApiId=found.api_id, stage=found.stage)
