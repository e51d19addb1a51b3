"""One scenario, measured once: started, checked, warmed up, loaded, stopped."""

import time
from statistics import median

from msgspec import Struct

from bench import load, machine, process
from bench.ask import ask
from bench.load import Round
from bench.process import GATEWAY_CORE, MeasureError
from bench.results import Latency, Throughput
from bench.scenarios import Scenario
from bench.testbed import Gateway, Testbed

_WARM_UP_S = 1


class Sample(Struct, frozen=True):
    """What one round showed."""

    round: Round
    gateway_cpu: float
    others_cpu: float
    rss_idle_bytes: int
    rss_loaded_bytes: int


def at_full_speed(scenario: Scenario, testbed: Testbed, seconds: float) -> Sample:
    """Measure one round at full speed."""
    with scenario.start(testbed) as gateway:
        check(gateway)
        rss_idle_bytes = _rss_bytes(gateway)
        load.full_speed(gateway.port, gateway.request, _WARM_UP_S)
        started, cpu, core = time.monotonic(), process.cpu_seconds(gateway.pid), _core()
        measured = load.full_speed(gateway.port, gateway.request, seconds)
        share = (process.cpu_seconds(gateway.pid) - cpu) / (time.monotonic() - started)
        others = max(0.0, _share(core, _core()) - share)
        return Sample(measured, share, others, rss_idle_bytes, _rss_bytes(gateway))


def at_rate(scenario: Scenario, testbed: Testbed, seconds: float, requests_per_s: float) -> Round:
    """Measure one round at a set rate."""
    with scenario.start(testbed) as gateway:
        check(gateway)
        return load.at_rate(gateway.port, gateway.request, seconds, requests_per_s)


def check(gateway: Gateway) -> None:
    """Raise `MeasureError` unless the gateway passes what it should pass and refuses the rest."""
    status = ask(gateway.port, gateway.request)
    if status != 200:
        raise MeasureError(f"answered {status} to a call that should pass")
    if gateway.refused:
        request, wanted = gateway.refused
        status = ask(gateway.port, request)
        if status != wanted:
            raise MeasureError(
                f"answered {status} instead of {wanted} to a call that should not pass"
            )


def throughput(title: str, samples: list[Sample]) -> Throughput:
    """Sum up the rounds of one scenario."""
    return Throughput(
        title,
        rounds=[round(sample.round.requests_per_s) for sample in samples],
        p50_ms=_median_ms([sample.round.p50_us for sample in samples]),
        p99_ms=_median_ms([sample.round.p99_us for sample in samples]),
        gateway_cpu=round(median(sample.gateway_cpu for sample in samples), 2),
        others_cpu=round(max(sample.others_cpu for sample in samples), 2),
        rss_idle_mb=_megabytes(median(sample.rss_idle_bytes for sample in samples)),
        rss_loaded_mb=_megabytes(max(sample.rss_loaded_bytes for sample in samples)),
    )


def latency(title: str, asked_per_s: float, rounds: list[Round]) -> Latency:
    """Sum up the rounds at a set rate."""
    return Latency(
        title,
        asked_per_s=round(asked_per_s),
        requests_per_s=round(median(one.requests_per_s for one in rounds)),
        p50_ms=_median_ms([one.p50_us for one in rounds]),
        p99_ms=_median_ms([one.p99_us for one in rounds]),
    )


def _rss_bytes(gateway: Gateway) -> int:
    return process.rss_bytes(gateway.worker or process.worker(gateway.pid))


def _core() -> tuple[int, int]:
    return machine.core_busy(GATEWAY_CORE)


def _share(before: tuple[int, int], after: tuple[int, int]) -> float:
    return (after[0] - before[0]) / max(1, after[1] - before[1])


def _median_ms(values_us: list[int]) -> float:
    return round(median(values_us) / 1000, 3)


def _megabytes(size_bytes: float) -> float:
    return round(size_bytes / 1e6, 1)
