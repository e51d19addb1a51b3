"""Documentation versions: the parts of an API as they were at a time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from bargate.records.documentation import (
    DOCUMENTATION_PART,
    DOCUMENTATION_VERSION,
    DocumentationVersion,
)
from bargate.records.rest_stage import REST_STAGE
from bargate.services.apigateway.documentation_parts import MAX_PARTS
from bargate.services.apigateway.errors import bad_request, conflict, not_found
from bargate.services.apigateway.finding import find_part, the_api
from bargate.services.apigateway.more_listing import Listing, need, page
from bargate.services.apigateway.more_values import is_storable, text_of
from bargate.services.apigateway.patch import Rule, Step, Table, patched
from bargate.services.apigateway.shape import every, present
from bargate.services.operation import operation
from bargate.store.interface import AlreadyExists
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params

MISSING: Final = "Invalid Documentation version specified"  # AWS [O]
MAX_VERSIONS: Final = 100  # [I] a version holds a copy of every part
_VERSION: Final = re.compile(r"[\w.+-]{1,64}", re.ASCII)
_MAX_DESCRIPTION: Final = 1_024


@operation(writes=True)
def create_documentation_version(call: OperationCall, request: Params) -> Params:
    """Freeze the parts as they are, and let a stage show them if asked."""
    api = the_api(call, request)
    if _VERSION.fullmatch(request["documentationVersion"]) is None:
        raise bad_request("Invalid Documentation version specified")
    if call.tx.count(DOCUMENTATION_VERSION, api.key()) >= MAX_VERSIONS:
        text = f"An API can have at most {MAX_VERSIONS} documentation versions"
        raise AwsError("LimitExceededException", text)
    version = DocumentationVersion(
        account_id=call.account_id,
        region=call.region,
        rest_api_id=api.id,
        version=request["documentationVersion"],
        description=text_of(
            request, "description", _MAX_DESCRIPTION, "Invalid description specified"
        ),
        created_date=call.now,
        parts=tuple(call.tx.list(DOCUMENTATION_PART, api.key(), limit=MAX_PARTS)),
    )
    try:
        call.tx.create(DOCUMENTATION_VERSION, version)
    except AlreadyExists as error:
        raise conflict("A documentation version already exists with this name") from error
    _show_on_stage(call, request, version)
    return show_version(version)


def _show_on_stage(call: OperationCall, request: Params, version: DocumentationVersion) -> None:
    name = request.get("stageName")
    if name is None:
        return
    stage = find_part(call, REST_STAGE, version.rest_api_id, name)
    if stage is None:
        raise not_found("Invalid stage identifier specified")
    call.tx.update(
        REST_STAGE,
        REST_STAGE.key_of(stage),
        lambda found: replace(found, documentation_version=version.version),
    )


def _the_version(call: OperationCall, request: Params) -> DocumentationVersion:
    api = the_api(call, request)
    ids = (api.id, request["documentationVersion"])
    return need(call, DOCUMENTATION_VERSION, ids, MISSING)


@operation()
def get_documentation_version(call: OperationCall, request: Params) -> Params:
    """Give a version."""
    return show_version(_the_version(call, request))


@operation()
def get_documentation_versions(call: OperationCall, request: Params) -> Params:
    """List the versions of an API."""
    api = the_api(call, request)
    listing = Listing(kind=DOCUMENTATION_VERSION, prefix=api.key())
    return page(call, request, listing, show_version)


@operation(writes=True)
def update_documentation_version(call: OperationCall, request: Params) -> Params:
    """Change the description."""
    version = _the_version(call, request)
    changed = patched(version, request, _PATCHES)
    key = DOCUMENTATION_VERSION.key_of(version)
    return show_version(call.tx.update(DOCUMENTATION_VERSION, key, lambda _: changed))


def _description(version: DocumentationVersion, step: Step) -> DocumentationVersion:
    text = step.value
    if text is not None and (len(text) > _MAX_DESCRIPTION or not is_storable(text)):
        raise bad_request("Invalid description specified")
    return replace(version, description=text)


_PATCHES: Final = Table((Rule("/description", ("replace",), _description),))


@operation(writes=True)
def delete_documentation_version(call: OperationCall, request: Params) -> Params:
    """Take a version away that no stage shows [I]."""
    version = _the_version(call, request)
    home = (call.account_id, call.region, version.rest_api_id)
    for stage in every(call.tx, REST_STAGE, home):
        if stage.documentation_version == version.version:
            text = f"The documentation version is used by stage {stage.name}"
            raise bad_request(text)
    call.tx.delete(DOCUMENTATION_VERSION, DOCUMENTATION_VERSION.key_of(version))
    return {}


def show_version(version: DocumentationVersion) -> Params:
    """Write a version as AWS does."""
    return present(
        version=version.version,
        createdDate=version.created_date,
        description=version.description,
    )
