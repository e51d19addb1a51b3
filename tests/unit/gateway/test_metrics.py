from __future__ import annotations

import pytest
from msgspec import msgpack, structs

from bargate.access.verdict import Denial
from bargate.gateway import metrics
from bargate.gateway.metrics import CallCount, Counters, Metrics, merged
from bargate.gateway.serving import CallRecord
from building import call, method, rest_api, snapshot

STAGE = snapshot(rest_api(("/pets", method()))).apis["petstore"].stages["prod"]
DENIAL = Denial(response_type="ACCESS_DENIED", reason="test.reason", detail="d")


def record(**fields: object) -> CallRecord:
    return CallRecord(**{"call": call(), "stage": STAGE, "status": 200, **fields})  # type: ignore[arg-type]


def test_counts_by_api_stage_status_and_reason() -> None:
    counters = Counters()
    for _ in range(3):
        counters.call_done(record())
    counters.call_done(record(status=403, denial=DENIAL))
    counters.call_done(record(stage=None, status=403, denial=DENIAL))
    assert set(counters.metrics().calls) == {
        CallCount("petstore", "prod", 200, "", 3),
        CallCount("petstore", "prod", 403, "test.reason", 1),
        CallCount("", "", 403, "test.reason", 1),
    }


def test_parts_the_time_of_a_call_at_the_backend() -> None:
    counters = Counters()
    counters.call_done(record(latency_s=0.00002))
    passed_on = record(
        started_s=10.0, integration_started_s=10.0004, integration_latency_s=0.03, latency_s=0.04
    )
    counters.call_done(passed_on)
    (latency,) = counters.metrics().latencies
    decided = dict(zip((*metrics.DECISION_BOUNDS_S, None), latency.decision.counts, strict=True))
    upstream = dict(zip((*metrics.UPSTREAM_BOUNDS_S, None), latency.upstream.counts, strict=True))
    assert {bound for bound, count in decided.items() if count} == {0.000025, 0.0005}
    assert {bound for bound, count in upstream.items() if count} == {0.05}
    assert latency.decision.sum_s == pytest.approx(0.00042)
    assert latency.upstream.sum_s == pytest.approx(0.03)


def test_the_longest_are_in_a_bucket_of_their_own() -> None:
    counters = Counters()
    counters.call_done(record(latency_s=3600.0))
    (latency,) = counters.metrics().latencies
    assert latency.decision.counts[-1] == 1


def test_never_holds_more_series_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "MAX_SERIES", 10)
    monkeypatch.setattr(metrics, "MAX_STAGES", 2)
    counters = Counters()
    for number in range(50):
        counters.call_done(record(stage=structs.replace(STAGE, name=f"s{number}")))
    counted = counters.metrics()
    assert len(counted.calls) == 11
    assert sum(each.count for each in counted.calls) == 50
    assert CallCount("", "", 0, "", 40) in counted.calls
    assert len(counted.latencies) == 3
    assert sum(sum(each.decision.counts) for each in counted.latencies) == 50


def test_workers_counts_add_up_and_travel() -> None:
    one, other = Counters(), Counters()
    one.call_done(record(latency_s=0.1))
    other.call_done(record(latency_s=0.2))
    other.call_done(record(status=500))
    both = merged((one.metrics(), Metrics(), other.metrics()))
    assert CallCount("petstore", "prod", 200, "", 2) in both.calls
    assert CallCount("petstore", "prod", 500, "", 1) in both.calls
    (latency,) = both.latencies
    assert sum(latency.decision.counts) == 3
    assert latency.decision.sum_s == pytest.approx(0.3)
    assert msgpack.decode(msgpack.encode(both), type=Metrics) == both
