"""A refused call leaves little behind, however large what was wrong with it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import structs

from bargate.access.call import Facts
from bargate.access.control import GuardedMethod
from bargate.access.valid_body import CONTROL
from bargate.access.verdict import Denial
from bargate.gateway.fetch import fetch
from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.model.installation import Installation, Stage
from bargate.model.rest_api import Method, Model
from building import OK, VALIDATORS, call, rest_api

LARGE = "k" * 1_000_000
SCHEMAS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "an unexpected member": ({"properties": {"a": {}}, "additionalProperties": False}, {LARGE: 1}),
    "a place": ({"additionalProperties": {"type": "string"}}, {LARGE: 1}),
    "many places": (
        {"additionalProperties": {"type": "string"}},
        {f"{at}{LARGE}": 1 for at in range(5)},
    ),
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_validation_error_is_short(name: str) -> None:
    schema, body = SCHEMAS[name]
    method = Method(
        http_method="POST",
        authorization_type="NONE",
        request_validator_id="all",
        request_models={"application/json": "Body"},
        method_responses=OK,
    )
    model = Model(name="Body", content_type="application/json", schema=json.dumps(schema))
    api = rest_api(("/pets", method), request_validators=VALIDATORS, models=(model,))
    guarded = GuardedMethod(
        Installation(account_id="123456789012"),
        api,
        Stage(name="prod"),
        api.resources[0],
        method,
        HttpKeyDirectory(fetch),
    )
    step = CONTROL.compile(guarded)
    assert step is not None
    facts = Facts({})
    denial = step(structs.replace(call("POST"), body=json.dumps(body).encode()), facts)
    assert isinstance(denial, Denial)
    assert len(denial.validation_error or "") < 10_000
    assert len(facts.validation_error or "") < 10_000
