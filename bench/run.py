"""A whole run: rounds over the scenarios, latency, the control plane, the microbenchmarks."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bench import control, functions, machine, measure, nginx, pools, process
from bench.load import Round
from bench.measure import Sample
from bench.process import GATEWAY_CORE, MeasureError
from bench.results import NotRun, Results, Settings
from bench.scenarios import SCENARIOS, Scenario
from bench.targets import judge
from bench.testbed import WORK, Testbed, new_key, new_testbed

LATENCY, FUNCTIONS, CONTROL, MICRO = "latency", "functions", "control", "micro"
POOLS = "pools"
NAMES = (*(scenario.name for scenario in SCENARIOS), LATENCY, FUNCTIONS, CONTROL, POOLS, MICRO)
# What needs neither a backend nor a load tool.
_ALONE = frozenset({CONTROL, POOLS, MICRO})

_ROOT = WORK.parent.parent
_COMPARED_AT_HALF_LOAD = ("nginx", "open")

Found = TypeVar("Found")


class Run:
    """One run; `tell` is called with what is being done, `missing` maps commands to reasons."""

    def __init__(
        self,
        settings: Settings,
        chosen: frozenset[str],
        missing: dict[str, str],
        tell: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._missing = missing
        self._tell = tell
        self._chosen = chosen
        self._failed: dict[str, str] = {}
        self._results = Results(machine=machine.facts(), settings=settings)

    def steps(self) -> int:
        """Count how often `tell` will be called."""
        latency = len(_COMPARED_AT_HALF_LOAD) * (LATENCY in self._chosen)
        rounds = (len(self._scenarios()) + latency) * self._settings.rounds
        return rounds + len((_ALONE | {FUNCTIONS}) & self._chosen)

    def go(self) -> Results:
        """Measure everything that was chosen."""
        needed = [self._missing[name] for name in ("nginx", "wrk") if name in self._missing]
        if needed:
            self._failed |= dict.fromkeys(self._chosen - _ALONE, needed[0])
        else:
            self._with_backend()
        if CONTROL in self._chosen:
            self._try(CONTROL, "control plane", self._control)
        if POOLS in self._chosen:
            self._try(POOLS, "user pools", self._pools)
        if MICRO in self._chosen:
            self._try(MICRO, "microbenchmarks", self._micro)
        self._results.not_run = [NotRun(name, why) for name, why in self._failed.items()]
        self._results.targets = judge(self._results)
        return self._results

    def _with_backend(self) -> None:
        WORK.mkdir(exist_ok=True)
        testbed = new_testbed(process.free_port(), new_key())
        with nginx.backend(WORK, testbed.backend_port, testbed.jwks):
            self._throughput(testbed)
            if LATENCY in self._chosen:
                self._latency(testbed)
            if FUNCTIONS in self._chosen:
                self._try(FUNCTIONS, "functions", lambda: self._functions(testbed))

    def _scenarios(self) -> list[Scenario]:
        return [scenario for scenario in SCENARIOS if scenario.name in self._chosen]

    def _throughput(self, testbed: Testbed) -> None:
        samples: dict[str, list[Sample]] = {scenario.name: [] for scenario in self._scenarios()}
        for number in range(self._settings.rounds):
            for scenario in self._scenarios():
                self._sample(scenario, testbed, number, samples[scenario.name])
        self._results.throughput = {
            scenario.name: measure.throughput(scenario.title, samples[scenario.name])
            for scenario in self._scenarios()
            if samples[scenario.name] and scenario.name not in self._failed
        }

    def _sample(
        self, scenario: Scenario, testbed: Testbed, number: int, into: list[Sample]
    ) -> None:
        if scenario.needs in self._missing:
            self._failed[scenario.name] = self._missing[scenario.needs]
        sample = self._try(
            scenario.name,
            f"round {number + 1}: {scenario.title}",
            lambda: measure.at_full_speed(scenario, testbed, self._settings.seconds),
        )
        if sample:
            into.append(sample)

    def _latency(self, testbed: Testbed) -> None:
        own = self._results.throughput.get("open")
        if own is None:
            self._failed[LATENCY] = "half of Bargate's open route is not known"
            return
        rate = own.requests_per_s / 2
        compared = [one for one in SCENARIOS if one.name in _COMPARED_AT_HALF_LOAD]
        rounds: dict[str, list[Round]] = {scenario.name: [] for scenario in compared}
        for _ in range(self._settings.rounds):
            for scenario in compared:
                found = self._at_rate(scenario, testbed, rate)
                rounds[scenario.name].extend([found] if found else [])
        self._results.latency_at_half_load = {
            scenario.name: measure.latency(scenario.title, rate, rounds[scenario.name])
            for scenario in compared
            if rounds[scenario.name]
        }

    def _at_rate(self, scenario: Scenario, testbed: Testbed, rate: float) -> Round | None:
        return self._try(
            LATENCY,
            f"{scenario.title} at {rate:,.0f} requests/s",
            lambda: measure.at_rate(scenario, testbed, self._settings.seconds, rate),
        )

    def _functions(self, testbed: Testbed) -> None:
        self._results.functions = functions.function_figures(testbed)

    def _control(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            self._results.control = control.control_figures(Path(folder))

    def _pools(self) -> None:
        WORK.mkdir(exist_ok=True)
        self._results.pools = pools.pool_figures(WORK, self._settings)

    def _micro(self) -> None:
        command = [*process.cores(GATEWAY_CORE), sys.executable, "-m", "bench.micro"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise MeasureError(done.stderr.strip().rpartition("\n")[2])
        self._results.microseconds = json.loads(done.stdout)

    def _try(self, name: str, title: str, step: Callable[[], Found]) -> Found | None:
        """Do one step unless `name` failed before; remember why it failed."""
        self._tell(title)
        if name in self._failed:
            return None
        try:
            return step()
        except (MeasureError, OSError, subprocess.TimeoutExpired) as error:
            self._failed[name] = str(error).replace(str(_ROOT), ".")
            return None
