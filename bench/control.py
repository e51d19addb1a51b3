"""The control plane's figures, each from a gateway of its own with two workers on both cores.

empty store      ──► start times, memory when idle
16 clients       ──► reads and durable writes a second
10,000 routes    ──► a one-method change until all workers enforce it, start times
100,000 API keys ──► start times
"""

import asyncio
import time
from pathlib import Path
from statistics import median

from bench import keys_peer
from bench.control_plane import Change, bench_user, control_plane_load, route_change, routes_api
from bench.process import free_port
from bench.start import Started, memory_mib, serving, start_times

EMPTY_START, ROUTES_START = "start on an empty store, s", "start with 10,000 routes, s"
KEYS_START = "start with 100,000 API keys, s"
READS, WRITES = "reads, 16 clients, a second", "durable writes, 16 clients, a second"
DEPLOYMENT = "CreateDeployment with 10,000 routes, answered, ms"
ENFORCED = "one-method change of 10,000 routes, enforced, ms"
IDLE = "control process, idle, MB"

_ROUTES, _CHANGES, _STARTS = 10_000, 4, 3
_SETTLED_S = 1.0
_MB_PER_MIB = 1.048576


def control_figures(folder: Path) -> dict[str, float]:
    """Measure everything; `folder` is empty. Raises `MeasureError`."""
    return {**_empty(folder), **_load(folder), **_routes(folder), **_keys(folder)}


def _empty(folder: Path) -> dict[str, float]:
    with serving(folder / "idle") as started:
        time.sleep(_SETTLED_S)
        idle_mb = memory_mib(started.pid)["control"] * _MB_PER_MIB
    return {EMPTY_START: median(start_times(runs=_STARTS)), IDLE: idle_mb}


def _load(folder: Path) -> dict[str, float]:
    with serving(folder / "load") as started:
        load = asyncio.run(control_plane_load(started))
    return {READS: load.reads_per_s, WRITES: load.writes_per_s}


def _routes(folder: Path) -> dict[str, float]:
    data = folder / "routes"
    with serving(data) as started:
        changes = asyncio.run(_changes(started))
    return {
        DEPLOYMENT: 1000 * median(change.deployment_s for change in changes),
        # The worst of them: the promise is made for every change.
        ENFORCED: 1000 * max(change.enforced_s for change in changes),
        ROUTES_START: median(start_times(data, runs=_STARTS)),
    }


def _keys(folder: Path) -> dict[str, float]:
    data = folder / "keys"
    with serving(data) as started:
        keys_peer.make_keys(data, started.endpoint, free_port(), keys_peer.MOST)
    return {KEYS_START: median(start_times(data, runs=_STARTS))}


async def _changes(started: Started) -> list[Change]:
    client = await bench_user(started)
    api = await routes_api(client, _ROUTES)
    return await route_change(started, client, api, runs=_CHANGES)
