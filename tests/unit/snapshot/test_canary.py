"""A stage with two deployments: which one answers, and what it knows of itself."""

from __future__ import annotations

import json

import pytest
from msgspec import structs

from bargate.access.call import Facts
from bargate.access.verdict import Denial
from bargate.gateway.fetch import fetch
from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.gateway.log_format import compile_format
from bargate.gateway.recent import RecentCalls
from bargate.gateway.serving import CallRecord
from bargate.mapping.plan import Response
from bargate.model.installation import Canary, ServedStage, Stage
from bargate.model.rest_api import GatewayResponse, Integration, IntegrationResponse
from bargate.snapshot.compile import Options, compile_snapshot
from bargate.snapshot.compiled import CompiledStage, Unresolved
from bargate.snapshot.snapshot import Snapshot
from building import OK, PLACE, call, method, rest_api

KEYS = HttpKeyDirectory(fetch)
TELLS = Integration(
    type="MOCK",
    request_templates={"application/json": '{"statusCode": 200}'},
    responses=(
        IntegrationResponse(
            status_code="200",
            response_templates={
                "application/json": '{"canary":"$context.isCanaryRequest","v":"$stageVariables.v"}'
            },
        ),
    ),
)
REFUSAL = GatewayResponse(
    response_type="ACCESS_DENIED",
    response_templates={"application/json": '{"canary":"$context.isCanaryRequest"}'},
)
API = rest_api(
    ("/pets", method(integration=TELLS, method_responses=OK)), gateway_responses=(REFUSAL,)
)
STAGE = Stage(name="prod", variables={"v": "stable"})
DENIAL = Denial(response_type="ACCESS_DENIED", reason="test", detail="d")


def served(percent: float | None) -> ServedStage:
    canary = (
        None
        if percent is None
        else Canary(api=API, percent_traffic=percent, variables={"v": "new"})
    )
    return ServedStage(account_id="1" * 12, region="us-east-1", api=API, stage=STAGE, canary=canary)


def with_canary(percent: float | None, draw: float = 0.0) -> Snapshot:
    place = structs.replace(PLACE, served=(served(percent),))
    return compile_snapshot(place, KEYS, None, Options(draw=lambda: draw))


def resolved(snapshot: Snapshot) -> CompiledStage:
    found = snapshot.resolve(None, "/_api/petstore/prod/pets")
    assert not isinstance(found, Unresolved)
    return found[0]


@pytest.mark.parametrize(
    ("percent", "draw", "expected"),
    [
        (10.0, 0.0999, True),
        (10.0, 0.1001, False),
        (0.0, 0.0, False),
        (100.0, 0.999999, True),
        (0.01, 0.00005, True),
        (None, 0.0, None),
    ],
)
def test_calls_are_split_by_chance(percent: float, draw: float, expected: bool | None) -> None:
    assert resolved(with_canary(percent, draw)).is_canary is expected


@pytest.mark.parametrize(
    ("percent", "answer"),
    [
        (100.0, {"canary": "true", "v": "new"}),
        (0.0, {"canary": "false", "v": "stable"}),
        (None, {"canary": "", "v": "stable"}),
    ],
)
def test_each_deployment_knows_itself_and_its_variables(
    percent: float | None, answer: dict[str, str]
) -> None:
    stage = resolved(with_canary(percent))
    (endpoint,) = stage.router.endpoints
    response = endpoint.ask(call(), Facts({}))
    assert isinstance(response, Response)
    assert json.loads(response.body) == answer
    for matched in (endpoint, None):
        refused = stage.refuser.render(call(), None, matched, DENIAL)
        assert json.loads(refused.body) == {"canary": answer["canary"]}


@pytest.mark.parametrize(
    ("percent", "title", "logged"),
    [
        (100.0, "Pets, stage prod, its canary", "true"),
        (0.0, "Pets, stage prod, not its canary", "false"),
        (None, "Pets, stage prod", "-"),
    ],
)
def test_why_and_the_log_say_which_one_served(
    percent: float | None, title: str, logged: str
) -> None:
    stage = resolved(with_canary(percent))
    record = CallRecord(
        call=call(), stage=stage, endpoint=stage.router.endpoints[0], facts=Facts({}), denial=DENIAL
    )
    calls = RecentCalls()
    calls.remember(record)
    explained = calls.why(record.call.request_id)
    assert explained is not None
    assert explained.steps[0].detail == title
    line = compile_format("$context.isCanaryRequest $context.accountId", PLACE)(record)
    assert line == f"{logged} {'1' * 12}\n".encode()


def test_more_traffic_for_a_canary_compiles_nothing() -> None:
    first = with_canary(10.0)
    more = structs.replace(PLACE, served=(served(20.0),))
    before = first.apis["petstore"].stages["prod"]
    after = compile_snapshot(more, KEYS, first).apis["petstore"].stages["prod"]
    assert before.canary is not None
    assert after.canary is not None
    assert (before.canary_percent, after.canary_percent) == (10.0, 20.0)
    assert after.router is before.router
    assert after.canary.router is before.canary.router
