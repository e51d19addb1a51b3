"""What the workers counted, in Prometheus' exposition format."""

from __future__ import annotations

import time
from itertools import accumulate
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from bargate.gateway.metrics import DECISION_BOUNDS_S, UPSTREAM_BOUNDS_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bargate.control.messages import Collected
    from bargate.gateway.metrics import Histogram

_STAGE_LABELS = ("api_id", "stage")


def expose(collected: Collected) -> bytes:
    """Write all metrics."""
    registry = CollectorRegistry()
    registry.register(_Families(collected))
    return generate_latest(registry)


class _Families(Collector):
    """The metrics of one moment."""

    def __init__(self, collected: Collected) -> None:
        self._collected = collected

    def collect(self) -> Iterator[Metric]:
        """Give the families in the order in which they are written."""
        yield self._calls()
        yield self._latencies(
            "bargate_decision_seconds",
            "Time from a request's head to the decision, with the wait for a body",
            DECISION_BOUNDS_S,
        )
        yield self._latencies(
            "bargate_upstream_seconds", "Time that integrations took", UPSTREAM_BOUNDS_S
        )
        yield self._leases()
        version = GaugeMetricFamily("bargate_snapshot_version", "Version that all workers serve")
        version.add_metric((), self._collected.version)
        yield version
        age = GaugeMetricFamily("bargate_snapshot_age_seconds", "Time since it was taken over")
        age.add_metric((), max(0.0, time.time() - self._collected.applied_at))
        yield age

    def _calls(self) -> Metric:
        family = CounterMetricFamily(
            "bargate_calls",
            "Calls by outcome; reason is why a call was refused, empty for the others",
            labels=(*_STAGE_LABELS, "status", "reason"),
        )
        for each in self._collected.metrics.calls:
            labels = (each.api_id, each.stage, str(each.status), each.reason)
            family.add_metric(labels, each.count)
        return family

    def _leases(self) -> Metric:
        family = CounterMetricFamily(
            "bargate_leases",
            "Tokens of limits leased to workers, and what was answered without one",
            labels=("outcome",),
        )
        counts = self._collected.metrics.leases
        for outcome in ("leased", "spent", "unreachable", "unleased"):
            family.add_metric((outcome,), getattr(counts, outcome))
        return family

    def _latencies(self, name: str, text: str, bounds_s: tuple[float, ...]) -> Metric:
        family = HistogramMetricFamily(name, text, labels=_STAGE_LABELS)
        for each in self._collected.metrics.latencies:
            histogram = each.decision if bounds_s is DECISION_BOUNDS_S else each.upstream
            labels = (each.api_id, each.stage)
            family.add_metric(labels, _buckets(histogram, bounds_s), histogram.sum_s)
        return family


def _buckets(histogram: Histogram, bounds_s: tuple[float, ...]) -> list[tuple[str, float]]:
    """Give the counts as Prometheus has them: each bucket holds all that are below it too."""
    names = [*(f"{bound:g}" for bound in bounds_s), "+Inf"]
    return list(zip(names, accumulate(map(float, histogram.counts)), strict=True))
