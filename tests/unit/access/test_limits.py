"""Usage plans and throttling: which limits a call meets, and how it ends when one is reached."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from msgspec import structs

from bargate.access import limits
from bargate.access.api_keys import Admission
from bargate.access.call import NO_LEDGER, Facts
from bargate.access.control import GuardedRoute
from bargate.access.verdict import Denial, Need
from bargate.gateway.fetch import fetch
from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.ledger.counters import (
    Bucket,
    Counted,
    Lacking,
    Limit,
    Quota,
    Spent,
    Taken,
    Unreachable,
    Use,
)
from bargate.ledger.replay import Replayed
from bargate.model.http_api import HttpApi, Route
from bargate.model.installation import Installation, Stage
from bargate.model.quota import Allowance
from bargate.model.usage_plan import Throttle
from building import ACCOUNT, PLACE, call, guarded, method, rest_api

SLOW = Throttle(rate_limit=2.0, burst_limit=1)
FAST = Throttle(rate_limit=100.0, burst_limit=50)
PREFIX = f"stage/{ACCOUNT}/us-east-1/petstore/prod"
PLAN_BUCKET = Bucket("plan/x", 10.0, 5)
QUOTA = Quota(
    ACCOUNT,
    "us-east-1",
    "p1",
    "k1",
    Allowance(limit=5, offset=0, period="DAY", first_day=date(2026, 11, 1)),
)
ADMISSION = Admission(
    key_id="k1", plan_id="p1", plan_name="gold", limits=(PLAN_BUCKET, QUOTA), methods={}
)


class Asked:
    """Counters that remember what they were asked, and answer as told."""

    def __init__(self, answer: Counted | None = None) -> None:
        self.limits: list[tuple[Limit, ...]] = []
        self.answer = answer or Taken()

    def take(self, limits: Sequence[Limit], now: float) -> Counted:
        self.limits.append(tuple(limits))
        return self.answer

    def remaining(self, quota: Quota) -> int | None:
        return 4


def step_of(
    verb: str = "GET",
    path: str = "/pets",
    throttles: dict[str, Throttle] | None = None,
    place: Installation = PLACE,
    **fields: Any,
) -> Any:
    api = rest_api((path, method(verb, **fields)))
    made = structs.replace(
        guarded(api, place=place), stage=Stage(name="prod", throttles=throttles or {})
    )
    return limits.REST_CONTROL.compile(made)


def asked(step: Any, verb: str = "GET", admission: Admission | None = None) -> tuple[Limit, ...]:
    counters = Asked()
    facts = Facts({}, admission=admission, counters=counters)
    assert step(call(verb), facts) is None
    assert facts.limits == counters.limits[0]
    assert facts.counted == Taken()
    return counters.limits[0]


def test_a_method_that_nothing_limits_has_no_step() -> None:
    assert step_of() is None
    assert step_of(throttles={"/other/GET": SLOW, "/pets/POST": SLOW}) is None


def test_a_methods_own_setting_goes_before_the_one_of_all() -> None:
    throttles = {"*/*": FAST, "/pets/GET": SLOW}
    assert asked(step_of(throttles=throttles)) == (Bucket(f"{PREFIX}/pets/GET", 2.0, 1),)
    assert asked(step_of("POST", throttles=throttles), "POST") == (
        Bucket(f"{PREFIX}/pets/POST", 100.0, 50),
    )


def test_each_method_has_a_bucket_of_its_own() -> None:
    throttles = {"*/*": FAST}
    one, other = step_of(throttles=throttles), step_of(path="/owners", throttles=throttles)
    assert asked(one)[0] != asked(other)[0]


def test_the_root_is_named_as_aws_names_it() -> None:
    step = step_of(path="/", throttles={"//GET": SLOW})
    assert asked(step) == (Bucket(f"{PREFIX}//GET", 2.0, 1),)


def test_an_any_method_is_limited_by_the_verb_that_comes() -> None:
    step = step_of("ANY", throttles={"/pets/GET": SLOW, "*/*": FAST})
    assert asked(step, "GET") == (Bucket(f"{PREFIX}/pets/GET", 2.0, 1),)
    assert asked(step, "PUT") == (Bucket(f"{PREFIX}/pets/ANY", 100.0, 50),)
    assert asked(step_of("ANY", throttles={"/pets/GET": SLOW}), "PUT") == ()


def test_the_order_is_plan_stage_account() -> None:
    place = structs.replace(PLACE, account_throttle=FAST)
    step = step_of(throttles={"/pets/GET": SLOW}, place=place, api_key_required=True)
    of_method = Bucket("plan/x/pets", 1.0, 1)
    admission = structs.replace(ADMISSION, methods={"/pets/GET": of_method})
    assert asked(step, admission=admission) == (
        PLAN_BUCKET,
        QUOTA,
        of_method,
        Bucket(f"{PREFIX}/pets/GET", 2.0, 1),
        Bucket(f"account/{ACCOUNT}/us-east-1", 100.0, 50),
    )


def test_a_method_without_a_key_ignores_plans() -> None:
    step = step_of(throttles={"*/*": FAST})
    assert asked(step, admission=ADMISSION) == (Bucket(f"{PREFIX}/pets/GET", 100.0, 50),)


@pytest.mark.parametrize(
    ("limit", "kind", "reason"),
    [
        (PLAN_BUCKET, "THROTTLED", "throttle.plan"),
        (Bucket(f"{PREFIX}/pets/GET", 2.0, 1), "THROTTLED", "throttle.stage"),
        (Bucket(f"account/{ACCOUNT}/us-east-1", 2.0, 1), "THROTTLED", "throttle.account"),
        (QUOTA, "QUOTA_EXCEEDED", "quota.exceeded"),
    ],
)
def test_a_limit_that_is_reached_refuses(limit: Limit, kind: str, reason: str) -> None:
    facts = Facts({}, admission=ADMISSION, counters=Asked(Spent(limit, 1.0)))
    denial = step_of(api_key_required=True)(call(), facts)
    assert isinstance(denial, Denial)
    assert (denial.response_type, denial.reason) == (kind, reason)
    assert denial.message is None  # the type's own text: Too Many Requests, Limit Exceeded


def test_what_is_lacking_is_asked_for_and_the_call_decided_anew() -> None:
    lacking = Lacking((PLAN_BUCKET,))
    counters = Asked(lacking)
    facts = Facts({}, admission=ADMISSION, counters=counters)
    step = step_of(api_key_required=True)
    assert step(call(), facts) == Need(lacking)
    assert facts.counted is None
    counters.answer = Taken()
    assert step(call(), facts) is None


def test_what_cannot_be_counted_is_refused() -> None:
    facts = Facts({}, admission=ADMISSION, counters=Asked(Unreachable("gone")))
    denial = step_of(api_key_required=True)(call(), facts)
    assert isinstance(denial, Denial)
    assert (denial.status, denial.message) == (503, "Service Unavailable")
    assert denial.reason == "ledger.unreachable"
    without = step_of(throttles={"*/*": FAST})(call(), Facts({}, counters=NO_LEDGER))
    assert isinstance(without, Denial)
    assert without.status == 503


def test_without_a_key_nothing_of_a_plan_is_let_through() -> None:
    denial = step_of(api_key_required=True)(call(), Facts({}, counters=Asked()))
    assert isinstance(denial, Denial)
    assert denial.response_type == "INVALID_API_KEY"


def test_a_replay_answers_as_then_and_takes_nothing() -> None:
    step = step_of(api_key_required=True)
    spent = Facts({}, admission=ADMISSION, counters=Replayed(Spent(QUOTA, 9.0)))
    denial = step(call(), spent)
    assert isinstance(denial, Denial)
    assert denial.reason == "quota.exceeded"
    for counted in (None, Taken(), Lacking(())):
        facts = Facts({}, admission=ADMISSION, counters=Replayed(counted, Asked()))
        assert step(call(), facts) is None
        assert limits.REST_CONTROL.narrate(call(), facts) == (
            "one taken of the bucket plan/x (10 a second, burst 5),"
            " the quota of key k1 on plan p1 (5 a day), of which 4 remain"
        )


def test_use_without_a_quota_is_counted_too() -> None:
    use = Use(ACCOUNT, "us-east-1", "p1", "k1")
    admission = structs.replace(ADMISSION, limits=(use,))
    assert asked(step_of(api_key_required=True), admission=admission) == (use,)


def route_step(throttles: dict[str, Throttle], key: str = "GET /pets") -> Any:
    route = Route(route_key=key)
    api = HttpApi(id="shop", name="Shop", routes=(route,))
    stage = Stage(name="$default", throttles=throttles)
    return limits.HTTP_CONTROL.compile(
        GuardedRoute(PLACE, api, stage, route, HttpKeyDirectory(fetch))
    )


def test_a_routes_setting_goes_before_the_stages() -> None:
    name = f"stage/{ACCOUNT}/us-east-1/shop/$default"
    assert route_step({}) is None
    assert route_step({"GET /other": SLOW}) is None
    assert asked(route_step({"*/*": FAST, "GET /pets": SLOW})) == (
        Bucket(f"{name}GET /pets", 2.0, 1),
    )
    assert asked(route_step({"*/*": FAST}, "$default")) == (Bucket(f"{name}$default", 100.0, 50),)
