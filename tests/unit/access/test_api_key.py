"""API keys: which are sent, which open a stage, and which do not."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from msgspec import structs

from bargate.access import api_key
from bargate.access.call import Facts
from bargate.access.verdict import Denial
from bargate.model.usage_plan import ApiKey, KeyOnPlan, PlanStage, UsagePlan
from bargate.snapshot.api_keys import CompiledApiKeys
from building import ACCOUNT, call, guarded, method, rest_api

REGION = "us-east-1"
VALUE = "k" * 40
PLAN = UsagePlan(
    account_id=ACCOUNT,
    region=REGION,
    id="p1",
    name="gold",
    stages=(PlanStage(api_id="petstore", stage="prod"),),
)
KEY = ApiKey(
    account_id=ACCOUNT,
    region=REGION,
    id="k1",
    digest=sha256(VALUE.encode()).hexdigest(),
    enabled=True,
    plans=(KeyOnPlan("p1", "2026-11-01"),),
)


def directory(*, key: ApiKey = KEY, plan: UsagePlan = PLAN) -> CompiledApiKeys:
    keys = CompiledApiKeys()
    keys.apply(f"plan/{ACCOUNT}/{REGION}/{plan.id}", plan)
    keys.apply(f"api_key/{ACCOUNT}/{REGION}/{key.id}", key)
    return keys


def step_of(keys: CompiledApiKeys, **fields: Any) -> Any:
    api = rest_api(("/pets", method(api_key_required=True)), **fields)
    step = api_key.CONTROL.compile(structs.replace(guarded(api), api_keys=keys))
    assert step is not None
    return step


def reason(step: Any, headers: dict[str, str], facts: Facts | None = None) -> str | None:
    verdict = step(call(headers=headers), facts or Facts({}))
    if verdict is None:
        return None
    assert isinstance(verdict, Denial)
    assert (verdict.response_type, verdict.message) == ("INVALID_API_KEY", None)
    assert VALUE not in verdict.detail
    return verdict.reason


def test_a_key_of_a_plan_of_the_stage_opens() -> None:
    facts = Facts({})
    assert reason(step_of(directory()), {"X-Api-Key": VALUE}, facts) is None
    assert facts.api_key_id == "k1"
    assert facts.admission is not None
    told = api_key.CONTROL.narrate(call(), facts)
    assert told == "API key k1 on usage plan p1 (gold)"


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (None, "missing"),
        ("", "missing"),
        (VALUE.upper(), "unknown"),
        (VALUE + "k", "unknown"),
        (VALUE[:-1], "unknown"),
        (VALUE + " ", "unknown"),
        (f"{VALUE}, {VALUE}", "unknown"),  # sent twice
        ("k1", "unknown"),  # the id is not the value
        (KEY.digest, "unknown"),
        ("\xe9" * 40, "unknown"),
        ("%6b" * 40, "unknown"),
    ],
)
def test_other_values_open_nothing(sent: str | None, why: str) -> None:
    headers = {} if sent is None else {"x-api-key": sent}
    assert reason(step_of(directory()), headers) == f"api_key.{why}"


def test_a_disabled_key_opens_nothing() -> None:
    keys = directory(key=structs.replace(KEY, enabled=False))
    assert reason(step_of(keys), {"x-api-key": VALUE}) == "api_key.disabled"


@pytest.mark.parametrize(
    "stage",
    [
        PlanStage(api_id="petstore", stage="dev"),
        PlanStage(api_id="other", stage="prod"),
    ],
)
def test_a_key_on_a_plan_of_another_stage_opens_nothing(stage: PlanStage) -> None:
    keys = directory(plan=structs.replace(PLAN, stages=(stage,)))
    assert reason(step_of(keys), {"x-api-key": VALUE}) == "api_key.on_no_plan"


def test_a_key_of_another_account_or_region_opens_nothing() -> None:
    for field, value in (("account_id", "999999999999"), ("region", "eu-west-1")):
        keys = directory(key=structs.replace(KEY, **{field: value}))
        assert reason(step_of(keys), {"x-api-key": VALUE}) == "api_key.unknown"


def test_changes_hold_from_the_next_call_on() -> None:
    keys = directory()
    step, headers = step_of(keys), {"x-api-key": VALUE}
    assert reason(step, headers) is None
    keys.apply(f"api_key/{ACCOUNT}/{REGION}/k1", structs.replace(KEY, enabled=False))
    assert reason(step, headers) == "api_key.disabled"
    keys.apply(f"api_key/{ACCOUNT}/{REGION}/k1", KEY)
    keys.apply(f"plan/{ACCOUNT}/{REGION}/p1", None)
    assert reason(step, headers) == "api_key.on_no_plan"
    keys.apply(f"api_key/{ACCOUNT}/{REGION}/k1", None)
    assert reason(step, headers) == "api_key.unknown"


def test_a_value_that_went_to_another_key_stays_its() -> None:
    keys = directory()
    other = structs.replace(KEY, id="k2")
    keys.apply(f"api_key/{ACCOUNT}/{REGION}/k2", other)
    keys.apply(f"api_key/{ACCOUNT}/{REGION}/k1", None)
    facts = Facts({})
    assert reason(step_of(keys), {"x-api-key": VALUE}, facts) is None
    assert facts.api_key_id == "k2"


def test_with_the_authorizers_key_the_header_counts_for_nothing() -> None:
    step = step_of(directory(), api_key_source="AUTHORIZER")
    assert reason(step, {"x-api-key": VALUE}) == "api_key.missing"
    facts = Facts({}, usage_identifier_key=VALUE)
    assert reason(step, {"x-api-key": "another"}, facts) is None
    for other in ("x" * 20, "\ud800" * 20, "\u00e9" * 20):
        assert reason(step, {}, Facts({}, usage_identifier_key=other)) == "api_key.unknown"


def test_a_method_that_requires_no_key_has_no_step() -> None:
    assert api_key.CONTROL.compile(guarded(rest_api(("/pets", method())))) is None


def test_a_gateway_without_keys_knows_none() -> None:
    step = api_key.CONTROL.compile(guarded(rest_api(("/pets", method(api_key_required=True)))))
    assert reason(step, {"x-api-key": VALUE}) == "api_key.unknown"


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bargate.snapshot.api_keys.MAX_REMEMBERED", 3)
    keys = directory()
    for number in range(10):
        stage = PlanStage(api_id=f"a{number}", stage="prod")
        keys._plans[f"plan/{ACCOUNT}/{REGION}/p1"] = structs.replace(PLAN, stages=(stage,))
        keys.admit((ACCOUNT, REGION, f"a{number}", "prod"), KEY.digest)
        assert len(keys._admitted) <= 3
