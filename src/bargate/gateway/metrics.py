"""What workers count: calls by API, stage, status and denial reason, and how long things took.

    call_done ──► Counters (one a worker) ──► Collected ──► merged ──► Metrics (all workers')

A number of series is never exceeded, whatever is called: what comes beyond is counted together,
under no API and no stage.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from msgspec import Struct

from bargate.ledger.lease_counts import LeaseCounts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bargate.gateway.serving import CallRecord

MAX_SERIES = 10_000
MAX_STAGES = 2_000
# Upper bounds in seconds; what is longer is in a last bucket of its own.
DECISION_BOUNDS_S = (
    0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0
)  # fmt: skip
UPSTREAM_BOUNDS_S = (
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 29.0
)  # fmt: skip


class CallCount(Struct, frozen=True):
    """How many calls ended so.

    `reason` is empty for answered calls, `status` 0 for those whose client left; API and stage are
    empty where none was found.
    """

    api_id: str
    stage: str
    status: int
    reason: str
    count: int


class Histogram(Struct, frozen=True):
    """How many durations fell into each bucket, the last without bound, and their sum."""

    counts: tuple[int, ...]
    sum_s: float


class StageLatency(Struct, frozen=True):
    """Durations at one stage: until the decision (with the wait for a body), and upstream."""

    api_id: str
    stage: str
    decision: Histogram
    upstream: Histogram


class Metrics(Struct, frozen=True):
    """All that was counted; buckets are bounded by `DECISION_BOUNDS_S`, `UPSTREAM_BOUNDS_S`."""

    calls: tuple[CallCount, ...] = ()
    latencies: tuple[StageLatency, ...] = ()
    leases: LeaseCounts = LeaseCounts()


class _Timed:
    """The durations at one stage."""

    __slots__ = ("decision", "decision_s", "upstream", "upstream_s")

    def __init__(self) -> None:
        self.decision = [0] * (len(DECISION_BOUNDS_S) + 1)
        self.upstream = [0] * (len(UPSTREAM_BOUNDS_S) + 1)
        self.decision_s = 0.0
        self.upstream_s = 0.0


class _Series:
    """The number of calls that ended alike, and where their durations go."""

    __slots__ = ("count", "timed")

    def __init__(self, timed: _Timed) -> None:
        self.count = 0
        self.timed = timed


_Key = tuple[str, str, int, str]  # API id, stage, status, reason


class Counters:
    """The counts of one worker, from its start on."""

    __slots__ = ("_series", "_timed")

    def __init__(self) -> None:
        self._series: dict[_Key, _Series] = {}
        self._timed: dict[tuple[str, str], _Timed] = {}

    def call_done(self, record: CallRecord) -> None:
        """Count a finished call. On the hot path."""
        stage, denial = record.stage, record.denial
        reason = "" if denial is None else denial.reason
        if stage is None:
            key = ("", "", record.status, reason)
        else:
            key = (stage.api_id, stage.name, record.status, reason)
        series = self._series.get(key) or self._new(key)
        series.count += 1
        timed, began_s = series.timed, record.integration_started_s
        decided_s = record.latency_s if began_s is None else began_s - record.started_s
        timed.decision[bisect_left(DECISION_BOUNDS_S, decided_s)] += 1
        timed.decision_s += decided_s
        upstream_s = record.integration_latency_s
        if upstream_s is not None:
            timed.upstream[bisect_left(UPSTREAM_BOUNDS_S, upstream_s)] += 1
            timed.upstream_s += upstream_s

    def metrics(self) -> Metrics:
        """Give what was counted so far."""
        return Metrics(
            tuple(CallCount(*key, series.count) for key, series in self._series.items()),
            tuple(
                StageLatency(
                    api_id,
                    stage,
                    Histogram(tuple(timed.decision), timed.decision_s),
                    Histogram(tuple(timed.upstream), timed.upstream_s),
                )
                for (api_id, stage), timed in self._timed.items()
            ),
        )

    def _new(self, key: _Key) -> _Series:
        """Begin a series; beyond the bounds, give the one of everything else."""
        if len(self._series) >= MAX_SERIES:
            key = ("", "", 0, "")
        known = self._series.get(key)
        if known is None:
            place = key[:2] if len(self._timed) < MAX_STAGES else ("", "")
            timed = self._timed.get(key[:2]) or self._timed.setdefault(place, _Timed())
            known = self._series[key] = _Series(timed)
        return known


def merged(all_metrics: Iterable[Metrics]) -> Metrics:
    """Add up the counts of several workers."""
    calls: dict[tuple[str, str, int, str], int] = {}
    latencies: dict[tuple[str, str], StageLatency] = {}
    leases = LeaseCounts()
    for metrics in all_metrics:
        leases += metrics.leases
        for each in metrics.calls:
            key = (each.api_id, each.stage, each.status, each.reason)
            calls[key] = calls.get(key, 0) + each.count
        for latency in metrics.latencies:
            stage = (latency.api_id, latency.stage)
            known = latencies.get(stage)
            latencies[stage] = latency if known is None else _sum(known, latency)
    return Metrics(
        tuple(CallCount(*key, count) for key, count in calls.items()),
        tuple(latencies.values()),
        leases,
    )


def _sum(one: StageLatency, other: StageLatency) -> StageLatency:
    return StageLatency(
        one.api_id,
        one.stage,
        _sum_of(one.decision, other.decision),
        _sum_of(one.upstream, other.upstream),
    )


def _sum_of(one: Histogram, other: Histogram) -> Histogram:
    counts = tuple(a + b for a, b in zip(one.counts, other.counts, strict=True))
    return Histogram(counts, one.sum_s + other.sum_s)
