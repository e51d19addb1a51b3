"""Methods that require an API key, with boto3 and plain calls: who passes, and what is told."""

from __future__ import annotations

import dataclasses
import http.client
import json
from pathlib import Path

import pytest

from e2e.control.installation import Api, Running, until
from e2e.keys.keyed import (
    FORBIDDEN,
    ApiKey,
    Plan,
    call,
    everywhere,
    keyed_api,
    new_api,
    new_key,
    told,
)
from serving import Answer, Backend
from serving import bargate as run_bargate


@pytest.fixture(scope="module")
def api(bargate: Running) -> Api:
    return keyed_api(bargate)


@pytest.fixture(scope="module")
def plan(bargate: Running, api: Api) -> Plan:
    return Plan.of(bargate, api)


@pytest.fixture(scope="module")
def key(plan: Plan) -> ApiKey:
    return plan.add_key()


def why(answer: Answer, run_dir: Path) -> str:
    done = run_bargate("why", answer.request_id, "--json", run_dir=run_dir)
    assert done.returncode == 0, done.stderr
    return done.stdout


def assert_refused(answer: Answer, run_dir: Path, reason: str, value: str | None) -> None:
    """Hold a refusal against AWS's, and what is told of it to the operator alone."""
    assert told(answer) == FORBIDDEN
    explained = why(answer, run_dir)
    assert json.loads(explained)["reason"] == reason
    if value is not None:
        assert value not in explained
        assert value.encode() not in answer.body


def test_a_key_on_a_plan_of_the_stage_opens_the_method(
    bargate: Running, api: Api, key: ApiKey
) -> None:
    assert call(bargate, api, key).status == 200
    for header in ("X-API-Key", "X-Api-Key", "X-API-KEY"):
        assert call(bargate, api, key, header=header).status == 200


def test_a_call_without_a_key_is_refused(bargate: Running, api: Api, run_dir: Path) -> None:
    assert_refused(call(bargate, api, None), run_dir, "api_key.missing", None)
    assert_refused(call(bargate, api, ""), run_dir, "api_key.missing", None)
    other = call(bargate, api, "x" * 40, header="authorization")
    assert_refused(other, run_dir, "api_key.missing", "x" * 40)


def test_a_key_that_nobody_made_is_refused(
    bargate: Running, api: Api, key: ApiKey, run_dir: Path
) -> None:
    value = key.value
    for guess in ("x" * 40, value[:-1], value + "x", value.swapcase(), f"{value}, {value}", key.id):
        assert guess != value
        assert_refused(call(bargate, api, guess), run_dir, "api_key.unknown", guess)


def test_a_key_in_a_header_that_comes_twice_is_refused(
    bargate: Running, api: Api, key: ApiKey, run_dir: Path
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", bargate.gateway.port, timeout=30)
    connection.putrequest("GET", api.path)
    connection.putheader("x-api-key", key.value)
    connection.putheader("X-Api-Key", key.value)
    connection.endheaders()
    response = connection.getresponse()
    names = {name.lower(): value for name, value in response.getheaders()}
    answer = Answer(response.status, names, response.read())
    connection.close()
    assert_refused(answer, run_dir, "api_key.unknown", key.value)


def test_a_key_in_the_query_opens_nothing(
    bargate: Running, api: Api, key: ApiKey, run_dir: Path
) -> None:
    answer = call(bargate, api, None, f"?x-api-key={key.value}")
    assert_refused(answer, run_dir, "api_key.missing", key.value)


def test_a_disabled_key_is_refused_and_opens_once_it_is_enabled(
    bargate: Running, api: Api, plan: Plan, run_dir: Path
) -> None:
    disabled = plan.add_key(enabled=False)
    assert_refused(call(bargate, api, disabled), run_dir, "api_key.disabled", disabled.value)
    change = [{"op": "replace", "path": "/enabled", "value": "true"}]
    bargate.client("apigateway").update_api_key(apiKey=disabled.id, patchOperations=change)
    until(lambda: call(bargate, api, disabled).status == 200)


def test_a_key_on_no_plan_of_the_stage_is_refused(
    bargate: Running, api: Api, run_dir: Path
) -> None:
    """A key on no plan at all is no different from one that nobody made: it opens nothing."""
    elsewhere = Plan.of(bargate, keyed_api(bargate)).add_key()
    assert_refused(call(bargate, api, elsewhere), run_dir, "api_key.on_no_plan", elsewhere.value)
    unplanned = new_key(bargate)
    assert told(call(bargate, api, unplanned)) == FORBIDDEN


def test_a_key_opens_no_other_stage_of_its_api(bargate: Running, api: Api, key: ApiKey) -> None:
    bargate.client("apigateway").create_deployment(restApiId=api.id, stageName="beta")
    beta = dataclasses.replace(api, stage="beta")
    everywhere(lambda: b"Missing" in bargate.call(beta.path, method="DELETE").body)
    assert told(call(bargate, beta, key)) == FORBIDDEN


def test_a_key_that_leaves_its_plan_or_is_deleted_opens_nothing_any_more(
    bargate: Running, api: Api, plan: Plan
) -> None:
    client = bargate.client("apigateway")
    left, deleted = plan.add_key(), plan.add_key()
    assert call(bargate, api, left).status == call(bargate, api, deleted).status == 200
    client.delete_usage_plan_key(usagePlanId=plan.id, keyId=left.id)
    client.delete_api_key(apiKey=deleted.id)
    for gone in (left, deleted):
        everywhere(lambda gone=gone: told(call(bargate, api, gone)) == FORBIDDEN)


def test_a_method_that_requires_no_key_ignores_any(bargate: Running) -> None:
    open_api = new_api(bargate, requires_key=False)
    assert call(bargate, open_api, "no key at all").status == 200


def test_the_id_of_the_key_reaches_a_backend_and_never_a_clients_word_for_it(
    bargate: Running, origin: Backend
) -> None:
    api = keyed_api(bargate)
    client = bargate.client("apigateway")
    where = {"restApiId": api.id, "resourceId": api.root_id, "httpMethod": "GET"}
    client.put_integration(
        **where,
        type="HTTP_PROXY",
        integrationHttpMethod="GET",
        uri=f"http://127.0.0.1:{origin.port}/keyed",
        requestParameters={
            "integration.request.header.x-key-id": "context.identity.apiKeyId",
        },
    )
    client.create_deployment(restApiId=api.id, stageName=api.stage)
    key = Plan.of(bargate, api).add_key()

    def arrives() -> bool:
        origin.received.clear()
        headers = {"x-api-key": key.value, "x-key-id": "forged"}
        assert bargate.call(api.path, headers=headers).status == 200
        return bool(origin.received)

    everywhere(arrives)
    (received,) = origin.received
    assert received.header("x-key-id") == key.id
