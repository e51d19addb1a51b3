"""What becomes of asynchronous invocations that fail: how often, and how long, they are tried again.

They are those of a whole function: `$LATEST` and every version and alias go by them. [I]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from bargate.model.function import LATEST, UNQUALIFIED
from bargate.records.function import LAMBDA_FUNCTION, EventSettings
from bargate.services.lambda_.errors import invalid, missing
from bargate.services.lambda_.lookup import the_function
from bargate.services.lambda_.names import ref_of
from bargate.services.operation import operation

if TYPE_CHECKING:
    from bargate.services.lambda_.names import FunctionRef
    from bargate.services.operation import OperationCall, Params


@operation(writes=True)
def put_function_event_invoke_config(call: OperationCall, request: Params) -> Params:
    """Set them; what is not given gets AWS's default."""
    ref = _ref(call, request)
    _check(request)
    return _stored(call, ref, EventSettings(modified_at=call.now), request)


@operation(writes=True)
def update_function_event_invoke_config(call: OperationCall, request: Params) -> Params:
    """Change some of them."""
    ref = _ref(call, request)
    old = _settings(call, ref)
    _check(request)
    return _stored(call, ref, old, request)


@operation()
def get_function_event_invoke_config(call: OperationCall, request: Params) -> Params:
    """Give them."""
    ref = _ref(call, request)
    return _told(ref, _settings(call, ref))


@operation(writes=True)
def delete_function_event_invoke_config(call: OperationCall, request: Params) -> Params:
    """Go back to AWS's defaults."""
    ref = _ref(call, request)
    _settings(call, ref)
    call.tx.update(LAMBDA_FUNCTION, ref.key, lambda old: replace(old, events=None))
    return {}


@operation()
def list_function_event_invoke_configs(call: OperationCall, request: Params) -> Params:
    """List them: those of the function, if they are set."""
    ref = _ref(call, request)
    found = the_function(call, ref).events
    return {"FunctionEventInvokeConfigs": [] if found is None else [_told(ref, found)]}


def _ref(call: OperationCall, request: Params) -> FunctionRef:
    ref = ref_of(call, request)
    if ref.qualifier not in {UNQUALIFIED, LATEST}:
        raise invalid(
            "Bargate keeps one configuration of asynchronous invocations a function, which holds"
            f" for its versions and aliases, too: leave ':{ref.qualifier}' away."
        )
    return ref


def _check(request: Params) -> None:
    destinations = request.get("DestinationConfig") or {}
    if any((each or {}).get("Destination") for each in destinations.values()):
        raise invalid(
            "Bargate does not support destinations: let the function itself report what it did."
        )
    given = (request.get("MaximumRetryAttempts"), request.get("MaximumEventAgeInSeconds"))
    if given == (None, None):
        raise invalid("You must specify at least one of error handling or destination setting.")


def _settings(call: OperationCall, ref: FunctionRef) -> EventSettings:
    found = the_function(call, ref).events
    if found is None:
        raise missing(f"The function {ref.arn}:{LATEST} doesn't have an EventInvokeConfig")
    return found


def _stored(
    call: OperationCall, ref: FunctionRef, old: EventSettings, request: Params
) -> dict[str, Any]:
    the_function(call, ref)
    new = EventSettings(
        max_retries=request.get("MaximumRetryAttempts", old.max_retries),
        max_age_s=request.get("MaximumEventAgeInSeconds", old.max_age_s),
        modified_at=call.now,
    )
    call.tx.update(LAMBDA_FUNCTION, ref.key, lambda function: replace(function, events=new))
    return _told(ref, new)


def _told(ref: FunctionRef, found: EventSettings) -> dict[str, Any]:
    output: dict[str, Any] = {
        "FunctionArn": f"{ref.arn}:{LATEST}",
        "LastModified": found.modified_at,
        "DestinationConfig": {"OnSuccess": {}, "OnFailure": {}},
    }
    if found.max_retries is not None:
        output["MaximumRetryAttempts"] = found.max_retries
    if found.max_age_s is not None:
        output["MaximumEventAgeInSeconds"] = found.max_age_s
    return output
