"""`x-amazon-apigateway-request-validators` and which of them a method uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.model.rest_api import RequestValidator
from bargate.nearest import did_you_mean
from bargate.openapi.extensions import PREFIX
from bargate.openapi.findings import shown

if TYPE_CHECKING:
    from bargate.openapi.cursor import Cursor
    from bargate.openapi.reading import Reading

_CHOICE = PREFIX + "request-validator"


def request_validators(reading: Reading) -> dict[str, RequestValidator]:
    """Read the validators of the API by their names."""
    validators = reading.root.object(PREFIX + "request-validators")
    found = {}
    for name, place in validators.members() if validators else ():
        if place.is_object():
            place.refuse_unknown({"validateRequestBody", "validateRequestParameters"})
            found[name] = RequestValidator(
                id=reading.derived_id("validator", name),
                name=name,
                validate_request_parameters=place.flag("validateRequestParameters"),
                validate_request_body=place.flag("validateRequestBody"),
            )
    return found


def chosen_validator(
    operation: Cursor, validators: dict[str, RequestValidator]
) -> RequestValidator | None:
    """Give the validator that the operation names, or else the root's."""
    place = operation if operation.has(_CHOICE) else operation.root()
    name = place.text(_CHOICE)
    if name is None:
        return None
    found = validators.get(name)
    if found is None:
        remedy = did_you_mean(name, validators, f"define it under {PREFIX}request-validators")
        place.error(f"no request validator is named {shown(name)!r}", remedy, _CHOICE)
    return found
