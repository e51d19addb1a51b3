"""The throttles and quotas of usage plans: how many calls pass, and what is told of the next."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from e2e.control.installation import Api, Running, installation, until
from e2e.keys.keyed import (
    PACE,
    QUOTA_EXCEEDED,
    THROTTLED,
    Plan,
    call,
    everywhere,
    is_served,
    keyed_api,
    statuses,
    told,
)
from serving import bargate as run_bargate

QUOTA = {"limit": 3, "period": "DAY"}


@pytest.fixture
def api(bargate: Running) -> Api:
    """An API for a plan of its own."""
    return keyed_api(bargate, "/pets")


def test_a_plan_lets_each_key_a_burst_of_calls(bargate: Running, api: Api, run_dir: Path) -> None:
    plan = Plan.of(bargate, api, throttle=PACE)
    key, other = plan.add_key(), plan.add_key()
    assert statuses(bargate, api, key, 2) == [200, 200]
    third = call(bargate, api, key)
    assert told(third) == THROTTLED
    # The bucket is of the key, over all methods of all the plan's stages.
    assert told(call(bargate, api, key, "/pets")) == THROTTLED
    assert call(bargate, api, other).status == 200
    explained = run_bargate("why", third.request_id, run_dir=run_dir).stdout
    assert "throttle.plan" in explained
    assert key.id in explained
    assert key.value not in explained


def test_a_plan_throttles_a_method_of_its_stage(bargate: Running, api: Api) -> None:
    key = Plan.of(bargate, api, methods={"/pets/GET": PACE}).add_key()
    assert statuses(bargate, api, key, 2, "/pets") == [200, 200]
    assert told(call(bargate, api, key, "/pets")) == THROTTLED
    assert statuses(bargate, api, key, 4) == [200] * 4


def test_a_plan_throttles_the_method_of_the_root(bargate: Running, api: Api) -> None:
    key = Plan.of(bargate, api, methods={"//GET": PACE}).add_key()
    assert statuses(bargate, api, key, 3) == [200, 200, 429]
    assert statuses(bargate, api, key, 3, "/pets") == [200] * 3


def test_calls_that_come_at_once_share_one_bucket(bargate: Running, api: Api) -> None:
    key = Plan.of(bargate, api, throttle={"rateLimit": 0.01, "burstLimit": 10}).add_key()
    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(lambda _: call(bargate, api, key).status, range(48)))
    assert sorted(found) == [200] * 10 + [429] * 38


def test_a_quota_lets_so_many_calls_a_day_through(
    bargate: Running, api: Api, run_dir: Path
) -> None:
    plan = Plan.of(bargate, api, quota=QUOTA)
    key, other = plan.add_key(), plan.add_key()
    assert statuses(bargate, api, key, 3) == [200] * 3
    fourth = call(bargate, api, key)
    assert told(fourth) == QUOTA_EXCEEDED
    until(lambda: plan.usage(key) == [3, 0])
    assert call(bargate, api, other).status == 200
    explained = run_bargate("why", fourth.request_id, run_dir=run_dir).stdout
    assert "quota.exceeded" in explained
    assert key.value not in explained


def test_what_is_granted_anew_lets_so_many_more_calls_pass(bargate: Running, api: Api) -> None:
    plan = Plan.of(bargate, api, quota=QUOTA)
    key = plan.add_key()
    assert statuses(bargate, api, key, 4) == [200, 200, 200, 429]
    plan.let_remain(key, 2)
    until(lambda: call(bargate, api, key).status == 200)
    until(lambda: call(bargate, api, key).status == 200)
    everywhere(lambda: told(call(bargate, api, key)) == QUOTA_EXCEEDED)
    until(lambda: plan.usage(key) == [5, 0])


def test_what_is_taken_away_lets_no_call_pass(bargate: Running, api: Api) -> None:
    plan = Plan.of(bargate, api, quota={"limit": 100, "period": "DAY"})
    key = plan.add_key()
    assert call(bargate, api, key).status == 200
    until(lambda: plan.usage(key) == [1, 99])  # nothing is leased any more
    plan.let_remain(key, 0)
    everywhere(lambda: told(call(bargate, api, key)) == QUOTA_EXCEEDED)


def test_a_refused_call_counts_against_no_quota(bargate: Running, api: Api) -> None:
    plan = Plan.of(bargate, api, throttle=PACE, quota={"limit": 10, "period": "DAY"})
    key = plan.add_key()
    assert statuses(bargate, api, key, 8) == [200, 200, *[429] * 6]
    until(lambda: plan.usage(key) == [2, 8])


def test_a_plan_without_a_quota_counts_use_all_the_same(bargate: Running, api: Api) -> None:
    plan = Plan.of(bargate, api)
    key = plan.add_key()
    assert statuses(bargate, api, key, 5) == [200] * 5
    until(lambda: plan.usage(key)[0] == 5)


def test_a_throttle_that_is_changed_holds_at_once(bargate: Running, api: Api) -> None:
    plan = Plan.of(bargate, api)
    key = plan.add_key()
    assert statuses(bargate, api, key, 5) == [200] * 5
    change = [
        {"op": "add", "path": "/throttle/rateLimit", "value": "0"},
        {"op": "add", "path": "/throttle/burstLimit", "value": "0"},
    ]
    bargate.client("apigateway").update_usage_plan(usagePlanId=plan.id, patchOperations=change)
    everywhere(lambda: told(call(bargate, api, key)) == THROTTLED)


@pytest.fixture
def own(tmp_path: Path, run_dir: Path) -> Iterator[Running]:
    """An installation that a test may break."""
    with installation("--workers", "2", folder=tmp_path / "data", run_dir=run_dir) as running:
        yield running


def test_use_outlives_a_kill_of_the_whole_installation(own: Running, run_dir: Path) -> None:
    api = keyed_api(own)
    plan = Plan.of(own, api, quota=QUOTA)
    key = plan.add_key()
    assert statuses(own, api, key, 4) == [200, 200, 200, 429]
    processes = (own.gateway.process.pid, *own.child_ids)
    for process_id in processes:
        os.kill(process_id, signal.SIGKILL)
    own.gateway.process.wait()
    with installation("--workers", "2", folder=own.folder, run_dir=run_dir) as again:
        everywhere(lambda: is_served(again, api))
        assert told(call(again, api, key)) == QUOTA_EXCEEDED
        assert Plan(again, api, plan.id).usage(key) == [3, 0]
