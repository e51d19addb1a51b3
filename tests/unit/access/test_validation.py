from __future__ import annotations

import json
from typing import Any

import pytest

from bargate.access import valid_body, valid_parameters
from bargate.access.call import Call, Facts
from bargate.access.control import Step
from bargate.access.verdict import Denial
from bargate.model.invalid import InvalidConfiguration
from building import VALIDATORS, call, guarded, method, model, rest_api

PET = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 20},
        "age": {"type": "integer", "minimum": 0},
        "kind": {"enum": ["cat", "dog"]},
    },
    "additionalProperties": False,
}


def parameters_step(**required: bool) -> Step | None:
    names = {f"method.request.{name.replace('__', '.')}": flag for name, flag in required.items()}
    api = rest_api(
        ("/pets/{id}", method(request_validator_id="all", request_parameters=names)),
        request_validators=VALIDATORS,
    )
    return valid_parameters.CONTROL.compile(guarded(api))


def body_step(schema: Any, *, content_type: str = "application/json") -> Step:
    api = rest_api(
        ("/pets", method("POST", request_validator_id="all", request_models={content_type: "Pet"})),
        request_validators=VALIDATORS,
        models=(model("Pet", schema),),
    )
    step = valid_body.CONTROL.compile(guarded(api))
    assert step is not None
    return step


def refused(step: Step, made: Call) -> Denial:
    verdict = step(made, Facts({}))
    assert isinstance(verdict, Denial)
    return verdict


def body(value: Any, **headers: str) -> Call:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return call("POST", headers={"Content-Type": "application/json", **headers}, body=data)


def test_names_all_missing_parameters_in_the_order_of_aws() -> None:
    step = parameters_step(querystring__qs1=True, path__issuer=True, header__X=True)
    assert step is not None
    facts = Facts({})
    denial = step(call(), facts)
    assert isinstance(denial, Denial)
    assert denial.response_type == "BAD_REQUEST_PARAMETERS"
    assert denial.message == "Missing required request parameters: [X, issuer, qs1]"
    assert facts.validation_error == denial.message


@pytest.mark.parametrize("query", ["", "qs1", "qs1=", "qs1=%20", "qs1=+", "QS1=a", "xqs1=a"])
def test_blank_counts_as_missing(query: str) -> None:
    step = parameters_step(querystring__qs1=True)
    assert step is not None
    assert refused(step, call(query=query)).reason == "validation.parameters"


@pytest.mark.parametrize("query", ["qs1=a", "a=b&qs1=0", "qs1=&qs1=b", "%71s1=a"])
def test_a_value_is_a_value(query: str) -> None:
    step = parameters_step(querystring__qs1=True)
    assert step is not None
    assert step(call(query=query), Facts({})) is None


def test_header_names_have_no_case_and_blank_ones_are_missing() -> None:
    step = parameters_step(header__X=True)
    assert step is not None
    assert step(call(headers={"x": "1"}), Facts({})) is None
    assert refused(step, call(headers={"x": " "})).message.endswith("[X]")  # type: ignore[union-attr]


def test_optional_parameters_and_absent_validators_check_nothing() -> None:
    assert parameters_step(querystring__qs1=False) is None
    api = rest_api(
        ("/pets", method(request_parameters={"method.request.querystring.q": True})),
        request_validators=VALIDATORS,
    )
    assert valid_parameters.CONTROL.compile(guarded(api)) is None


@pytest.mark.parametrize(
    "value", [{"name": "Rex"}, {"name": "Rex", "age": 3, "kind": "dog"}, {"name": "Füßli"}]
)
def test_a_fitting_body_passes(value: Any) -> None:
    assert body_step(PET)(body(value), Facts({})) is None


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (b"", 'required properties (["name"])'),
        ({}, 'required properties (["name"])'),
        ({"name": 1}, "instance type does not match"),
        ({"name": ""}, "too short"),
        ({"name": "x" * 21}, "too long"),
        ({"name": "x", "age": -1}, "lower than the required minimum"),
        ({"name": "x", "kind": "cow"}, "not found in enum"),
        ({"name": "x", "other": 1}, "not allowed by the schema"),
        ([], "instance type"),
        (b"{", ""),
        (b'{"name":"x"} trailing', ""),
        (b'{"name":"x","name":"y"}', "names a key twice"),
        (b'{"name":"x","age":NaN}', "NaN"),
        (b'{"name":"\xff"}', ""),
        (b"[" * 100_000, ""),
        (b'{"name":"x","age":' + b"9" * 5000 + b"}", ""),
        (b"\xef\xbb\xbf{}", ""),
    ],
)
def test_any_other_body_is_refused(value: Any, error: str) -> None:
    denial = refused(body_step(PET), body(value))
    assert denial.response_type == "BAD_REQUEST_BODY"
    assert denial.message == "Invalid request body"
    assert error in (denial.validation_error or "")


def test_the_error_is_short_whatever_the_names() -> None:
    many = {f"{at}{'k' * 100_000}": 1 for at in range(50)} | {"name": "x"}
    error = refused(body_step(PET), body(many)).validation_error or ""
    assert "k" * 32 in error
    assert "k" * 65 not in error
    assert len(error) <= 1024


def test_the_error_never_repeats_values() -> None:
    denial = refused(body_step(PET), body({"name": "x" * 21, "age": -77123}))
    assert "77123" not in str(denial)
    assert "xxxx" not in str(denial)


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "APPLICATION/JSON", " application/json "]
)
def test_spellings_of_a_content_type_do_not_escape_the_model(content_type: str) -> None:
    step = body_step(PET)
    assert refused(step, body({}, **{"Content-Type": content_type}))


def test_a_missing_content_type_is_json() -> None:
    assert refused(body_step(PET), call("POST", body=b"{}"))


def test_another_content_type_meets_the_default_model_or_none() -> None:
    other = body({}, **{"Content-Type": "text/plain"})
    assert body_step(PET)(other, Facts({})) is None
    assert refused(body_step(PET, content_type="$default"), other)


def test_a_hostile_pattern_and_body_end_in_bounded_time() -> None:
    step = body_step({"type": "string", "pattern": "^(?=a)(a+)+$"})
    assert refused(step, body("a" * 50_000 + "!"))


@pytest.mark.parametrize(
    "schema",
    [{"type": "objct"}, {"$ref": "http://127.0.0.1:9/x.json"}, {"pattern": "("}, []],
)
def test_a_schema_that_is_none_is_refused(schema: Any) -> None:
    with pytest.raises(InvalidConfiguration) as refusal:
        body_step(schema)
    assert refusal.value.path == ("components", "schemas", "Pet")


def test_an_unknown_model_is_refused() -> None:
    api = rest_api(
        ("/pets", method("POST", request_validator_id="all", request_models={"a/b": "Nope"})),
        request_validators=VALIDATORS,
    )
    with pytest.raises(InvalidConfiguration, match="Invalid model identifier specified: Nope"):
        valid_body.CONTROL.compile(guarded(api))
