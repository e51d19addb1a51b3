"""Models: the JSON Schemas that bodies are held against."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import jsonschema_rs
from msgspec import structs

from bargate.records.rest_model import REST_MODEL, RestModel
from bargate.services.apigateway.errors import bad_request, conflict
from bargate.services.apigateway.finding import the_api, the_model
from bargate.services.apigateway.model_schemas import (
    InvalidSchema,
    complete_schema,
    read_schema,
    refers_to,
)
from bargate.services.apigateway.model_templates import template_of
from bargate.services.apigateway.patch import Rule, Step, Table, patched
from bargate.services.apigateway.references import first_use
from bargate.services.apigateway.shape import every, new_id, page, present
from bargate.services.operation import OperationCall, Params, operation

if TYPE_CHECKING:
    from bargate.model.rest_api import Method
    from bargate.store.kind import Key
    from bargate.wire.error import AwsError

_NAME = re.compile(r"[A-Za-z0-9]{1,128}")  # AWS [M] apigateway, CreateModel: alphanumeric


@operation(writes=True)
def create_model(call: OperationCall, request: Params) -> Params:
    """Add a model to an API (AWS [R] apigw-errors §5)."""
    api = the_api(call, request)
    name: str = request["name"]
    if not name:
        raise bad_request("Model name must be non-empty")
    if not _NAME.fullmatch(name):
        raise bad_request("Model name must be alphanumeric")  # [I]
    if not request["contentType"]:
        raise bad_request("Content type must be non-empty")  # AWS [O]
    if call.tx.find(REST_MODEL, (*api.key(), name)) is not None:
        raise conflict("Model name already exists for this REST API")
    model = RestModel(
        account_id=api.account_id,
        region=api.region,
        api_id=api.id,
        id=new_id(),
        name=name,
        content_type=request["contentType"],
        schema=_checked(call, api.key(), name, request.get("schema")),
        description=request.get("description"),
    )
    return model_output(call.tx.create(REST_MODEL, model))


def _checked(call: OperationCall, api: Key, name: str, schema: str | None) -> str:
    """Give a schema that a gateway can hold bodies against, alone and with what it reaches."""
    if not schema:
        raise bad_request("Model schema must have at least 1 property or array items defined")
    schemas = _Schemas(call, api, name, schema)
    try:
        complete = json.loads(complete_schema(name, schemas))
        jsonschema_rs.Draft4Validator(complete, offline=True)
    except InvalidSchema as error:
        raise invalid_model(str(error)) from error
    except ValueError as error:
        raise invalid_model(str(error).partition("\n")[0]) from error
    return schema


class _Schemas:
    """The schemas of an API as they would be with one more; each is read when it is reached."""

    def __init__(self, call: OperationCall, api: Key, name: str, schema: str) -> None:
        self._call, self._api = call, api
        self._name, self._schema = name, schema

    def get(self, name: str) -> str | None:
        if name == self._name:
            return self._schema
        found = self._call.tx.find(REST_MODEL, (*self._api, name))
        return None if found is None else found.schema


def invalid_model(problem: str) -> AwsError:
    """Refuse a schema; the form is AWS's [O]."""
    return bad_request(
        "Invalid model specified: Validation Result: warnings : [], errors : "
        f"[Invalid model schema specified: {problem[:512]}]"
    )


@operation()
def get_model(call: OperationCall, request: Params) -> Params:
    """Give a model; `flatten` with all that it refers to within it."""
    model = the_model(call, request)
    if not request.get("flatten"):
        return model_output(model)
    schemas = _Schemas(call, model.key()[:3], model.name, model.schema)
    try:
        return model_output(structs.replace(model, schema=complete_schema(model.name, schemas)))
    except InvalidSchema as error:
        raise invalid_model(str(error)) from error


@operation()
def get_models(call: OperationCall, request: Params) -> Params:
    """List the models of an API."""
    return page(call, REST_MODEL, the_api(call, request).key(), request, model_output)


@operation()
def get_model_template(call: OperationCall, request: Params) -> Params:
    """Give a mapping template that writes a body of the model's form."""
    try:
        return {"value": template_of(read_schema(the_model(call, request).schema))}
    except InvalidSchema as error:
        raise invalid_model(str(error)) from error


@operation(writes=True)
def update_model(call: OperationCall, request: Params) -> Params:
    """Change the schema or the description of a model."""
    model = the_model(call, request)
    changed = patched(model, request, _PATCHES)
    if changed.schema != model.schema:
        _checked(call, model.key()[:3], model.name, changed.schema)
    return model_output(call.tx.update(REST_MODEL, model.key(), lambda _: changed))


@operation(writes=True)
def delete_model(call: OperationCall, request: Params) -> Params:
    """Delete a model that nothing refers to."""
    model = the_model(call, request)
    api = model.key()[:3]
    use = first_use(call.tx, api, lambda method: _uses(method, model.name))
    if use is not None:
        # AWS [R] apigw-errors §5
        raise conflict(
            f"Cannot delete model '{model.name}', is referenced in method request: {use}"
        )
    for other in every(call.tx, REST_MODEL, api):
        if other.name != model.name and refers_to(other.schema, model.name):
            raise conflict(
                f"Cannot delete model '{model.name}', is referenced in model: {other.name}"
            )  # [I]
    call.tx.delete(REST_MODEL, model.key())
    return {}


def _uses(method: Method, name: str) -> bool:
    answers = [model for each in method.method_responses for model in each.response_models.values()]
    return name in method.request_models.values() or name in answers


def _schema(model: RestModel, step: Step) -> RestModel:
    return structs.replace(model, schema=step.text())


def _description(model: RestModel, step: Step) -> RestModel:
    return structs.replace(model, description=step.value or None)


_PATCHES = Table(
    (Rule("/schema", ("replace",), _schema), Rule("/description", ("replace",), _description))
)


def model_output(model: RestModel) -> Params:
    """Give `Model`."""
    return present(
        id=model.id,
        name=model.name,
        description=model.description,
        schema=model.schema,
        contentType=model.content_type,
    )
