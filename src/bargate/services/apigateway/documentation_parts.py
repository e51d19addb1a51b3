"""Documentation parts: what is written about the entities of a REST API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from bargate.records.documentation import DOCUMENTATION_PART, DocumentationPart
from bargate.services.apigateway.documentation_values import (
    checked_properties,
    read_location,
    show_part,
)
from bargate.services.apigateway.errors import conflict
from bargate.services.apigateway.finding import the_api
from bargate.services.apigateway.more_listing import Listing, need, page
from bargate.services.apigateway.patch import Rule, Step, Table, patched
from bargate.services.apigateway.shape import new_id
from bargate.services.operation import operation
from bargate.store.interface import AlreadyExists
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params

MISSING: Final = "Invalid Documentation part identifier specified"  # AWS [O]
MAX_PARTS: Final = 2_000  # AWS [D] quotas: documentation parts of an API


@operation(writes=True)
def create_documentation_part(call: OperationCall, request: Params) -> Params:
    """Write about one entity."""
    the_api(call, request)
    part = new_part(call, request["restApiId"], request["location"], request["properties"])
    _check_count(call, request["restApiId"])
    try:
        return show_part(call.tx.create(DOCUMENTATION_PART, part))
    except AlreadyExists as error:
        text = "Documentation part already exists for the specified location"
        raise conflict(f"{text}: type '{part.location.type}'") from error


def new_part(
    call: OperationCall, api_id: str, location: Params, properties: str
) -> DocumentationPart:
    """Make a part of what was written; raises BadRequestException."""
    return DocumentationPart(
        account_id=call.account_id,
        region=call.region,
        rest_api_id=api_id,
        id=new_id(),
        location=read_location(location),
        properties=checked_properties(properties),
    )


def _check_count(call: OperationCall, api_id: str) -> None:
    if call.tx.count(DOCUMENTATION_PART, (call.account_id, call.region, api_id)) >= MAX_PARTS:
        text = f"An API can have at most {MAX_PARTS} documentation parts"
        raise AwsError("LimitExceededException", text)


def _the_part(call: OperationCall, request: Params) -> DocumentationPart:
    api = the_api(call, request)
    return need(call, DOCUMENTATION_PART, (api.id, request["documentationPartId"]), MISSING)


@operation()
def get_documentation_part(call: OperationCall, request: Params) -> Params:
    """Give a part."""
    return show_part(_the_part(call, request))


@operation()
def get_documentation_parts(call: OperationCall, request: Params) -> Params:
    """List the parts, by type, name or path if asked; all kept parts are DOCUMENTED."""
    api = the_api(call, request)
    if request.get("locationStatus") == "UNDOCUMENTED":
        return {"items": []}  # [I] entities without a part have none to give

    def is_asked_for(part: DocumentationPart) -> bool:
        place = part.location
        asked = (("type", place.type), ("nameQuery", place.name), ("path", place.path))
        return all(request.get(name) in {None, "", found} for name, found in asked)

    prefix = (call.account_id, call.region, api.id)
    listing = Listing(kind=DOCUMENTATION_PART, prefix=prefix, accept=is_asked_for)
    return page(call, request, listing, show_part)


@operation(writes=True)
def update_documentation_part(call: OperationCall, request: Params) -> Params:
    """Change what a part says."""
    part = _the_part(call, request)
    changed = patched(part, request, _PATCHES)
    key = DOCUMENTATION_PART.key_of(part)
    return show_part(call.tx.update(DOCUMENTATION_PART, key, lambda _: changed))


def _properties(part: DocumentationPart, step: Step) -> DocumentationPart:
    return replace(part, properties=checked_properties(step.text()))


_PATCHES: Final = Table((Rule("/properties", ("replace",), _properties),))


@operation(writes=True)
def delete_documentation_part(call: OperationCall, request: Params) -> Params:
    """Take a part away."""
    call.tx.delete(DOCUMENTATION_PART, DOCUMENTATION_PART.key_of(_the_part(call, request)))
    return {}
