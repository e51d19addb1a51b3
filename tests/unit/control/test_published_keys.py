"""API keys, usage plans and stage settings as workers are sent them, within one commit."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest

from bargate.model.usage_plan import ApiKey, PlanQuota, PlanStage, Throttle, UsagePlan
from endpoint import Endpoint

HOME = "123456789012/us-east-1"


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as running:
        yield running


@pytest.fixture
def apigateway(endpoint: Endpoint) -> Any:
    return endpoint.client("apigateway")


def deployed(apigateway: Any) -> str:
    made = apigateway.create_rest_api(name="pets")
    where = {"restApiId": made["id"], "resourceId": made["rootResourceId"], "httpMethod": "GET"}
    apigateway.put_method(**where, authorizationType="NONE", apiKeyRequired=True)
    apigateway.put_integration(**where, type="MOCK")
    apigateway.create_deployment(restApiId=made["id"], stageName="prod")
    return str(made["id"])


def test_a_key_is_published_with_its_plans_and_without_its_value(
    endpoint: Endpoint, apigateway: Any
) -> None:
    api_id = deployed(apigateway)
    key = apigateway.create_api_key(name="k", enabled=True)
    assert not [name for name in endpoint.published() if name.startswith("api_key/")]
    plan = apigateway.create_usage_plan(
        name="gold",
        apiStages=[
            {
                "apiId": api_id,
                "stage": "prod",
                "throttle": {"//GET": {"rateLimit": 2.0, "burstLimit": 1}},
            }
        ],
        throttle={"burstLimit": 7},
        quota={"limit": 9, "offset": 2, "period": "WEEK"},
    )
    apigateway.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    state = endpoint.published()
    served = state[f"api_key/{HOME}/{key['id']}"]
    assert isinstance(served, ApiKey)
    assert served.digest == sha256(key["value"].encode()).hexdigest()
    assert key["value"] not in repr(served)
    assert served.enabled
    assert [each.usage_plan_id for each in served.plans] == [plan["id"]]
    found = state[f"plan/{HOME}/{plan['id']}"]
    assert isinstance(found, UsagePlan)
    slow = Throttle(rate_limit=2.0, burst_limit=1)
    assert found.stages == (PlanStage(api_id=api_id, stage="prod", throttle={"//GET": slow}),)
    assert found.throttle == Throttle(rate_limit=10_000.0, burst_limit=7)
    assert found.quota == PlanQuota(limit=9, offset=2, period="WEEK")


def test_every_change_is_followed(endpoint: Endpoint, apigateway: Any) -> None:
    api_id = deployed(apigateway)
    key = apigateway.create_api_key(name="k", enabled=True)
    stages = [{"apiId": api_id, "stage": "prod"}]
    plan = apigateway.create_usage_plan(name="gold", apiStages=stages)
    where = {"usagePlanId": plan["id"], "keyId": key["id"]}
    apigateway.create_usage_plan_key(**where, keyType="API_KEY")
    name = f"api_key/{HOME}/{key['id']}"
    disable = [{"op": "replace", "path": "/enabled", "value": "false"}]
    apigateway.update_api_key(apiKey=key["id"], patchOperations=disable)
    assert not endpoint.published()[name].enabled
    remove = [{"op": "remove", "path": "/apiStages", "value": f"{api_id}:prod"}]
    apigateway.update_usage_plan(usagePlanId=plan["id"], patchOperations=remove)
    assert endpoint.published()[f"plan/{HOME}/{plan['id']}"].stages == ()
    apigateway.delete_usage_plan_key(**where)
    assert name not in endpoint.published()
    apigateway.create_usage_plan_key(**where, keyType="API_KEY")
    assert name in endpoint.published()
    apigateway.delete_api_key(apiKey=key["id"])
    assert name not in endpoint.published()
    apigateway.delete_usage_plan(usagePlanId=plan["id"])
    assert f"plan/{HOME}/{plan['id']}" not in endpoint.published()


def test_all_keys_are_there_after_a_restart_of_the_control_process(
    endpoint: Endpoint, apigateway: Any
) -> None:
    plans = [apigateway.create_usage_plan(name=f"p{n}") for n in range(2)]
    for number in range(5):
        key = apigateway.create_api_key(name=f"k{number}", enabled=number % 2 == 0)
        for plan in plans[: number % 3]:
            apigateway.create_usage_plan_key(
                usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY"
            )
    before = endpoint.published()
    endpoint.run(endpoint.publisher.publish_everything())
    after = endpoint.published()
    assert after == before
    assert len([name for name in after if name.startswith("api_key/")]) == 3


def stage_patch(path: str, value: str) -> list[dict[str, str]]:
    return [{"op": "replace", "path": path, "value": value}]


def test_method_settings_are_published_with_the_stage(endpoint: Endpoint, apigateway: Any) -> None:
    api_id = deployed(apigateway)
    where = {"restApiId": api_id, "stageName": "prod"}

    def throttles() -> dict[str, Throttle]:
        found: dict[str, Throttle] = endpoint.published()[f"stage/{api_id}/prod"].stage.throttles
        return found

    assert throttles() == {}
    for path, value in (
        ("/~1/GET/throttling/rateLimit", "3"),
        ("/~1/GET/throttling/burstLimit", "4"),
        ("/~1pets~1{id}/POST/throttling/burstLimit", "0"),
        ("/*/*/metrics/enabled", "true"),
        ("/~1owners/GET/logging/loglevel", "INFO"),
    ):
        apigateway.update_stage(**where, patchOperations=stage_patch(path, value))
    # AWS [R] apigw-objects §1: once any setting is made, the others are shown as the defaults. They
    # limit nothing here: a log level must not lift the limit that all methods have.
    shown = apigateway.get_stage(**where)["methodSettings"]
    assert {each["throttlingRateLimit"] for each in shown.values()} == {3.0, 10_000.0}
    assert throttles() == {
        "//GET": Throttle(rate_limit=3.0, burst_limit=4),
        "/pets/{id}/POST": Throttle(rate_limit=10_000.0, burst_limit=0),
    }
    for value, is_there in (("7", True), ("-1", False)):
        apigateway.update_stage(
            **where, patchOperations=stage_patch("/*/*/throttling/rateLimit", value)
        )
        assert ("*/*" in throttles()) is is_there


def test_route_settings_are_published_with_the_stage(endpoint: Endpoint) -> None:
    client = endpoint.client("apigatewayv2")
    api_id = client.create_api(
        Name="shop", ProtocolType="HTTP", RouteKey="GET /pets", Target="http://127.0.0.1:1/"
    )["ApiId"]
    where = {"ApiId": api_id, "StageName": "$default"}
    assert endpoint.published()[f"stage/{api_id}/$default"].stage.throttles == {}
    limits = {"ThrottlingRateLimit": 5.0, "ThrottlingBurstLimit": 3}
    client.update_stage(
        **where,
        DefaultRouteSettings={"ThrottlingBurstLimit": 9},
        RouteSettings={"GET /pets": limits},
    )
    assert endpoint.published()[f"stage/{api_id}/$default"].stage.throttles == {
        "*/*": Throttle(rate_limit=10_000.0, burst_limit=9),
        "GET /pets": Throttle(rate_limit=5.0, burst_limit=3),
    }
