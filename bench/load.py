"""Load: wrk at full speed (closed loop), and wrk as many users who pause (a set rate).

A set rate is made of independent users: each of N connections waits a random time between an
answer and its next request, so that arrivals do not follow the server's answers and the server's
queue is its own. wrk itself measures the latency, in C; a paced client in Python at these rates
would measure mostly itself.
"""

import subprocess
from pathlib import Path

import msgspec
from msgspec import Struct

from bench.process import LOAD_CORE, MeasureError, cores

CONNECTIONS = 32

_SCRIPT = Path(__file__).with_name("wrk.lua")
_THINK_S = 0.008
_MOST_USERS = 512


class Request(Struct, frozen=True):
    """What is asked again and again.

    Files may replace it by requests that are asked in turn: `paths` holds a path a line, `signed`
    a path and its header lines, parted by tabs. `address` is where the gateway answers,
    with `tls` over TLS, whose certificate nobody looks at.
    """

    path: str
    headers: tuple[str, ...] = ()
    body: Path | None = None
    paths: Path | None = None
    signed: Path | None = None
    address: str = "127.0.0.1"
    tls: bool = False


class Round(Struct, frozen=True):
    """What wrk counted in one round."""

    requests: int
    duration_us: int
    refused: int
    broken: int
    p50_us: int
    p99_us: int
    max_us: int

    @property
    def requests_per_s(self) -> float:
        """Answers a second."""
        return self.requests * 1e6 / self.duration_us


def full_speed(port: int, request: Request, seconds: float) -> Round:
    """Ask as fast as 32 connections can."""
    return _wrk(port, request, seconds, CONNECTIONS, ())


def at_rate(port: int, request: Request, seconds: float, requests_per_s: float) -> Round:
    """Ask `requests_per_s` times a second, after a short run that finds the right pause."""
    users = users_for(requests_per_s)
    pause_s = users / requests_per_s
    trial = _wrk(port, request, 1, users, (f"think_ms={pause_s * 1000:.3f}",))
    pause_s = corrected_pause_s(pause_s, users, requests_per_s, trial.requests_per_s)
    return _wrk(port, request, seconds, users, (f"think_ms={pause_s * 1000:.3f}",))


def users_for(requests_per_s: float) -> int:
    """Give the number of connections at which each pauses for about 8 ms."""
    return max(16, min(_MOST_USERS, round(requests_per_s * _THINK_S)))


def corrected_pause_s(pause_s: float, users: int, wanted: float, got: float) -> float:
    """Give the pause that makes up for the time which answers took in the trial."""
    return max(0.0, pause_s - (users / got - users / wanted))


def parse(output: str) -> Round:
    """Read wrk.lua's line; raise `MeasureError` on lost connections or refused requests."""
    for line in output.splitlines():
        if line.startswith("RESULT "):
            return _clean(msgspec.json.decode(line.removeprefix("RESULT "), type=Round))
    raise MeasureError("wrk gave no result")


def _clean(counted: Round) -> Round:
    if counted.refused or counted.broken or not counted.requests:
        raise MeasureError(
            f"{counted.requests} answers, {counted.refused} of them not 2xx or 3xx, "
            f"{counted.broken} connection errors"
        )
    return counted


def _wrk(
    port: int, request: Request, seconds: float, connections: int, options: tuple[str, ...]
) -> Round:
    command = (
        *cores(LOAD_CORE),
        *("wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", str(_SCRIPT)),
        *_headers(request),
        f"{'https' if request.tls else 'http'}://{request.address}:{port}{request.path}",
        "--",
        *_files(request),
        *options,
    )
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode:
        raise MeasureError(f"wrk: {done.stderr.strip() or done.stdout.strip()}")
    return parse(done.stdout)


def _headers(request: Request) -> list[str]:
    headers = () if request.signed is not None else request.headers
    return [part for header in headers for part in ("-H", header)]


def _files(request: Request) -> list[str]:
    named = {"body": request.body, "paths": request.paths, "signed": request.signed}
    return [f"{name}={path}" for name, path in named.items() if path is not None]
