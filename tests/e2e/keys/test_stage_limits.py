"""The throttles of stages, of their methods and routes, and of an account: nobody needs a key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.control.installation import Api, Running, installation
from e2e.keys.keyed import (
    PACE,
    THROTTLED,
    Plan,
    call,
    everywhere,
    keyed_api,
    new_api,
    statuses,
    told,
)
from serving import Backend
from serving import bargate as run_bargate

NOTHING_PASSES = {"rateLimit": 0, "burstLimit": 0}


def throttle_stage(running: Running, api: Api, methods: dict[str, dict[str, Any]]) -> None:
    """Throttle methods (`~1pets/GET`, `*/*`); all workers do on return.

    /probe is shut besides, by the same change, so that its refusal tells of the others.
    """
    changes = [
        {"op": "replace", "path": f"/{method}/throttling/{name}", "value": str(value)}
        for method, throttle in (methods | {"~1probe/GET": NOTHING_PASSES}).items()
        for name, value in throttle.items()
    ]
    running.client("apigateway").update_stage(
        restApiId=api.id, stageName=api.stage, patchOperations=changes
    )
    everywhere(lambda: told(call(running, api, None, "/probe")) == THROTTLED)


@pytest.fixture
def api(bargate: Running) -> Api:
    return new_api(bargate, "/pets", "/probe", requires_key=False)


def test_a_stage_throttles_one_method_for_all_callers(
    bargate: Running, api: Api, run_dir: Path
) -> None:
    throttle_stage(bargate, api, {"~1pets/GET": PACE})
    assert statuses(bargate, api, None, 2, "/pets") == [200, 200]
    third = call(bargate, api, None, "/pets")
    assert told(third) == THROTTLED
    assert statuses(bargate, api, None, 4) == [200] * 4
    assert "throttle.stage" in run_bargate("why", third.request_id, run_dir=run_dir).stdout


def test_a_stage_throttles_the_method_of_the_root(bargate: Running, api: Api) -> None:
    throttle_stage(bargate, api, {"~1/GET": PACE})
    assert statuses(bargate, api, None, 3) == [200, 200, 429]
    assert statuses(bargate, api, None, 4, "/pets") == [200] * 4


def test_a_throttle_of_all_methods_gives_each_its_own_bucket(bargate: Running, api: Api) -> None:
    throttle_stage(bargate, api, {"*/*": PACE})
    assert statuses(bargate, api, None, 3) == [200, 200, 429]
    assert statuses(bargate, api, None, 3, "/pets") == [200, 200, 429]


def test_the_throttle_of_a_method_goes_before_that_of_all(bargate: Running, api: Api) -> None:
    usual = {"rateLimit": 0.01, "burstLimit": 1}
    throttle_stage(bargate, api, {"*/*": usual, "~1pets/GET": {**usual, "burstLimit": 3}})
    assert statuses(bargate, api, None, 2) == [200, 429]
    assert statuses(bargate, api, None, 4, "/pets") == [200, 200, 200, 429]


def test_the_throttle_of_a_stage_holds_for_all_keys_together(bargate: Running) -> None:
    api = keyed_api(bargate, "/pets", "/probe")
    plan = Plan.of(bargate, api, throttle={"rateLimit": 100, "burstLimit": 100})
    first, second = plan.add_key(), plan.add_key()
    changes = [
        {"op": "replace", "path": f"/~1pets/GET/throttling/{name}", "value": str(value)}
        for name, value in PACE.items()
    ]
    bargate.client("apigateway").update_stage(
        restApiId=api.id, stageName=api.stage, patchOperations=changes
    )
    plan.add_key()  # what came before is known by then
    assert call(bargate, api, first, "/pets").status == 200
    assert call(bargate, api, second, "/pets").status == 200
    assert told(call(bargate, api, first, "/pets")) == THROTTLED
    assert told(call(bargate, api, second, "/pets")) == THROTTLED
    # Who is refused for another reason takes nothing, and is told of that reason.
    assert call(bargate, api, "x" * 40, "/pets").status == 403


def http_api(running: Running, origin: Backend, **settings: Any) -> str:
    """Make an HTTP API with GET /a, /b and /probe; gives the path it is served under.

    All workers serve it on return, /probe throttled to nothing.
    """
    client = running.client("apigatewayv2")
    api_id = client.create_api(Name="routes", ProtocolType="HTTP")["ApiId"]
    integration = client.create_integration(
        ApiId=api_id,
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="GET",
        IntegrationUri=f"http://127.0.0.1:{origin.port}/routes",
        PayloadFormatVersion="1.0",
    )
    for path in ("/a", "/b", "/probe"):
        target = f"integrations/{integration['IntegrationId']}"
        client.create_route(ApiId=api_id, RouteKey=f"GET {path}", Target=target)
    shut = {"GET /probe": {"ThrottlingRateLimit": 0, "ThrottlingBurstLimit": 0}}
    settings["RouteSettings"] = settings.get("RouteSettings", {}) | shut
    client.create_stage(ApiId=api_id, StageName="$default", AutoDeploy=True, **settings)
    path = f"/_api/{api_id}"
    everywhere(lambda: running.call(f"{path}/probe").status == 429)
    return path


ROUTE_PACE = {"ThrottlingRateLimit": 0.01, "ThrottlingBurstLimit": 2}


def test_the_default_settings_of_an_http_api_give_each_route_a_bucket(
    bargate: Running, origin: Backend, run_dir: Path
) -> None:
    path = http_api(bargate, origin, DefaultRouteSettings=ROUTE_PACE)
    assert [bargate.call(f"{path}/a").status for _ in range(2)] == [200, 200]
    third = bargate.call(f"{path}/a")
    assert (third.status, third.json) == (429, {"message": "Too Many Requests"})
    assert [bargate.call(f"{path}/b").status for _ in range(3)] == [200, 200, 429]
    assert "throttle.stage" in run_bargate("why", third.request_id, run_dir=run_dir).stdout


def test_the_settings_of_a_route_hold_for_it_alone(bargate: Running, origin: Backend) -> None:
    path = http_api(bargate, origin, RouteSettings={"GET /a": ROUTE_PACE})
    assert [bargate.call(f"{path}/a").status for _ in range(3)] == [200, 200, 429]
    assert [bargate.call(f"{path}/b").status for _ in range(4)] == [200] * 4


@pytest.fixture
def of_an_account(tmp_path: Path, run_dir: Path) -> Iterator[Running]:
    folder = tmp_path / "data"
    options = ("--workers", "2", "--account-throttle", "0.01:2")
    with installation(*options, folder=folder, run_dir=run_dir) as running:
        yield running


def test_the_throttle_of_an_account_holds_for_all_its_apis_together(
    of_an_account: Running, run_dir: Path
) -> None:
    first, second = (new_api(of_an_account, requires_key=False) for _ in range(2))
    locked = keyed_api(of_an_account)
    # A call that its key refuses takes nothing of what the others have.
    assert statuses(of_an_account, locked, None, 4) == [403] * 4
    assert call(of_an_account, first, None).status == 200
    assert call(of_an_account, second, None).status == 200
    for api in (first, second):
        refused = call(of_an_account, api, None)
        assert told(refused) == THROTTLED
        explained = run_bargate("why", refused.request_id, run_dir=run_dir).stdout
        assert "throttle.account" in explained
    shown = of_an_account.client("apigateway").get_account()["throttleSettings"]
    assert shown == {"rateLimit": 0.01, "burstLimit": 2}
