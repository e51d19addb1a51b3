"""The figures of one run, as they stand in bench/results.json."""

from pathlib import Path
from statistics import median

import msgspec
from msgspec import Struct

POLICY = "policy, 20 statements"
FILE = Path(__file__).with_name("results.json")


class Settings(Struct, frozen=True):
    """How the figures were made."""

    rounds: int
    seconds: int
    connections: int


class Throughput(Struct, frozen=True):
    """One scenario at full speed.

    `rounds` are requests/s in the order measured; `gateway_cpu` is the share of its core that the
    gateway used (median), near 1 when the gateway and not the load is the limit; `others_cpu` is
    the largest share that anything else took from that core.
    """

    title: str
    rounds: list[float]
    p50_ms: float
    p99_ms: float
    gateway_cpu: float
    others_cpu: float
    rss_idle_mb: float
    rss_loaded_mb: float

    @property
    def requests_per_s(self) -> float:
        """Median of the rounds."""
        return median(self.rounds)


class Latency(Struct, frozen=True):
    """One gateway at a set rate (medians of the rounds)."""

    title: str
    asked_per_s: float
    requests_per_s: float
    p50_ms: float
    p99_ms: float


class NotRun(Struct, frozen=True):
    """Something that was asked for and could not be measured."""

    name: str
    reason: str


class Target(Struct, frozen=True):
    """A figure beside what it should be; `value` is None where it was not measured."""

    name: str
    wanted: str
    value: str | None
    met: bool | None


class Results(Struct, kw_only=True):
    """Everything that one run found out."""

    machine: dict[str, str]
    settings: Settings
    throughput: dict[str, Throughput] = {}
    latency_at_half_load: dict[str, Latency] = {}
    microseconds: dict[str, float] = {}
    control: dict[str, float] = {}
    functions: dict[str, float] = {}
    pools: dict[str, float] = {}
    not_run: list[NotRun] = []
    targets: list[Target] = []


def write(results: Results) -> None:
    """Store the results beside this file."""
    FILE.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n")


def read() -> Results:
    """Read the results of the last run."""
    return msgspec.json.decode(FILE.read_bytes(), type=Results)
