"""Request bodies against the model of their content type.

AWS [R]/[D] apigw-errors §1, apigw-objects §4: 400 `Invalid request body`; an empty body counts as
`{}`; the model is that of the content type, else the `$default` one, else nothing is checked. A
body that names a key twice is refused [I]: which of the two a backend believes is anybody's guess.
"""

import json
from functools import partial
from itertools import islice
from typing import Any, NoReturn

import jsonschema_rs

from bargate.access.call import Call, Facts
from bargate.access.control import GuardedMethod, RestControl, Step
from bargate.access.schema_cost import check_cost
from bargate.access.validation_error import describe_errors
from bargate.access.validator import validator_of
from bargate.access.verdict import Denial
from bargate.model.invalid import InvalidConfiguration

_MAX_ERRORS = 10
_JSON = "application/json"


class _DuplicateKeyError(ValueError):
    """A JSON object names a key twice."""


def _compile(guarded: GuardedMethod) -> Step | None:
    validator = validator_of(guarded)
    models = guarded.method.request_models
    if validator is None or not validator.validate_request_body or not models:
        return None
    schemas = {
        media_type(key): guarded.shared.once(("model", name), partial(_schema, guarded, name))
        for key, name in models.items()
    }
    fallback = schemas.get("$default")

    def valid_body(call: Call, facts: Facts) -> Denial | None:
        content_type = call.header.get(b"content-type")
        kind = _JSON if content_type is None else media_type(content_type.decode("latin-1"))
        schema = schemas.get(kind, fallback)
        if schema is None:
            return None
        error = _error(schema, call.body)
        return None if error is None else _denial(error, facts)

    return valid_body


def media_type(content_type: str) -> str:
    """Give a content type without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def _schema(guarded: GuardedMethod, name: str) -> jsonschema_rs.Draft4Validator:
    path = ("components", "schemas", name)
    text = next((each.schema for each in guarded.api.models if each.name == name), None)
    if text is None:
        raise InvalidConfiguration(path, f"Invalid model identifier specified: {name}")
    try:
        schema = json.loads(text)
        validator = jsonschema_rs.Draft4Validator(schema, offline=True)
    except ValueError as error:
        message = str(error).partition("\n")[0]
        raise InvalidConfiguration(path, f"not a JSON Schema (draft 4): {message}") from error
    check_cost(schema, path)
    return validator


def _error(schema: jsonschema_rs.Draft4Validator, body: bytes) -> str | None:
    """Say what is wrong with a body, None when it is valid."""
    try:
        instance = json.loads(
            body.decode("utf-8") if body else "{}",
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
        )
        if schema.is_valid(instance):
            return None
        return describe_errors(islice(schema.iter_errors(instance), _MAX_ERRORS))
    except RecursionError:
        return "[the body is nested too deeply]"
    except ValueError as error:
        return f"[{error}]"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    instance = dict(pairs)
    if len(instance) != len(pairs):
        raise _DuplicateKeyError("an object names a key twice")
    return instance


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _denial(error: str, facts: Facts) -> Denial:
    facts.validation_error = error
    return Denial(
        response_type="BAD_REQUEST_BODY",
        reason="validation.body",
        detail="the body does not fit the method's model",
        message="Invalid request body",
        validation_error=error,
    )


CONTROL = RestControl(
    name="request body",
    compile=_compile,
    narrate=lambda *_: "the body fits the model",
    reads_body=True,
)
