"""Request validators: which halves of a request are checked before it goes on."""

from __future__ import annotations

from msgspec import structs

from bargate.records.request_validator import REQUEST_VALIDATOR, RequestValidatorRecord
from bargate.services.apigateway.errors import bad_request, conflict
from bargate.services.apigateway.finding import find_api, the_api, the_validator
from bargate.services.apigateway.patch import Rule, Step, Table, patched
from bargate.services.apigateway.references import first_use
from bargate.services.apigateway.shape import new_id, page, present
from bargate.services.operation import OperationCall, Params, operation

_MAX_NAME_CHARACTERS = 1_024


@operation(writes=True)
def create_request_validator(call: OperationCall, request: Params) -> Params:
    """Add a validator to an API."""
    api = find_api(call, request["restApiId"])
    if api is None:
        # AWS [R] apigw-errors §5: 400 here, 404 elsewhere
        raise bad_request("Invalid REST API identifier specified")
    validator = RequestValidatorRecord(
        account_id=api.account_id,
        region=api.region,
        api_id=api.id,
        id=new_id(),
        name=_checked_name(request.get("name")),
        validate_request_body=bool(request.get("validateRequestBody")),
        validate_request_parameters=bool(request.get("validateRequestParameters")),
    )
    return validator_output(call.tx.create(REQUEST_VALIDATOR, validator))


def _checked_name(name: str | None) -> str | None:
    if name is not None and len(name) > _MAX_NAME_CHARACTERS:
        raise bad_request("Request validator name is too long")  # [I]
    return name or None


@operation()
def get_request_validator(call: OperationCall, request: Params) -> Params:
    """Give a validator."""
    return validator_output(the_validator(call, request))


@operation()
def get_request_validators(call: OperationCall, request: Params) -> Params:
    """List the validators of an API."""
    return page(call, REQUEST_VALIDATOR, the_api(call, request).key(), request, validator_output)


@operation(writes=True)
def update_request_validator(call: OperationCall, request: Params) -> Params:
    """Change a validator."""
    validator = the_validator(call, request)
    changed = patched(validator, request, _PATCHES)
    call.tx.update(REQUEST_VALIDATOR, validator.key(), lambda _: changed)
    return validator_output(changed)


@operation(writes=True)
def delete_request_validator(call: OperationCall, request: Params) -> Params:
    """Delete a validator that no method uses."""
    validator = the_validator(call, request)
    use = first_use(
        call.tx,
        validator.key()[:3],
        lambda method: method.request_validator_id == validator.id,
    )
    if use is not None:
        # [I]: as of models. A method that names a validator must not lose its checks in silence.
        raise conflict(
            f"Cannot delete request validator '{validator.id}', is referenced in method request:"
            f" {use}"
        )
    call.tx.delete(REQUEST_VALIDATOR, validator.key())
    return {}


def _name(validator: RequestValidatorRecord, step: Step) -> RequestValidatorRecord:
    return structs.replace(validator, name=_checked_name(step.value))


def _body(validator: RequestValidatorRecord, step: Step) -> RequestValidatorRecord:
    return structs.replace(validator, validate_request_body=step.flag())


def _parameters(validator: RequestValidatorRecord, step: Step) -> RequestValidatorRecord:
    return structs.replace(validator, validate_request_parameters=step.flag())


_PATCHES = Table(
    (
        Rule("/name", ("replace",), _name),
        Rule("/validateRequestBody", ("replace",), _body),
        Rule("/validateRequestParameters", ("replace",), _parameters),
    )
)


def validator_output(validator: RequestValidatorRecord) -> Params:
    """Give `RequestValidator`."""
    return present(
        id=validator.id,
        name=validator.name,
        validateRequestBody=validator.validate_request_body,
        validateRequestParameters=validator.validate_request_parameters,
    )
