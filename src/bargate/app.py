"""Where the parts of a gateway are built and joined, and its life from start to stop.

load documents ──► Supervisor (workers) ──► ready lines
     ▲                   │
     │ changed file,     ├──► why: a local socket for questions
     │ SIGHUP            │
     └── reload ─────────┴──► SIGTERM, SIGINT: drain and stop
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bargate.documents import fingerprints, load
from bargate.gateway.fetch import fetch
from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.gateway.log_format import compile_format
from bargate.gateway.questions import QuestionSocket, UnsafeFolder
from bargate.gateway.stderr_log import log_to_stderr
from bargate.gateway.supervisor import Supervisor
from bargate.gateway.worker_process import WorkerFailed
from bargate.openapi import Finding, InvalidDocument
from bargate.settings import run_directory
from bargate.snapshot.snapshot import API_PREFIX, DEFAULT_STAGE

if TYPE_CHECKING:
    from bargate.documents import Fingerprints, Loaded, Source
    from bargate.settings import GatewaySettings

Show = Callable[[Iterable[Finding]], None]

WATCH_S = 0.25
INTERRUPT_DRAIN_S = 1.5

_log = logging.getLogger("bargate")


def available_cores() -> int:
    """Give the number of cores this process may run on."""
    return len(os.sched_getaffinity(0))


async def serve(source: Source, settings: GatewaySettings, show: Show) -> None:
    """Serve until told to stop; `show` tells the operator what is found in documents.

    Raises InvalidDocument, InvalidConfiguration, OSError or WorkerFailed when it cannot start.
    """
    log = log_to_stderr()
    try:
        await _serve(source, settings, show)
    finally:
        log.shut()


async def _serve(source: Source, settings: GatewaySettings, show: Show) -> None:
    watched = fingerprints(source.files)
    loaded = load(source, HttpKeyDirectory(fetch))
    if settings.access_log_format is not None:
        compile_format(settings.access_log_format, loaded.installation)
    show(loaded.warnings)
    supervisor = Supervisor(settings, loaded.installation)
    signals = _Signals()
    questions = None
    try:
        await supervisor.start()
        questions = await _answer_questions(supervisor)
        _announce(loaded, settings, supervisor.address)
        await _Reloading(source, supervisor, show, watched).until(signals)
    finally:
        if questions is not None:
            await questions.stop()
        await supervisor.stop(signals.drain_s(settings.drain_s))


class _Signals:
    """Signals as events: `reload` for SIGHUP, `stop` for SIGTERM and SIGINT."""

    def __init__(self) -> None:
        self.reload = asyncio.Event()
        self.stop = asyncio.Event()
        self._interrupted = False
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self.reload.set)
        loop.add_signal_handler(signal.SIGTERM, self.stop.set)
        loop.add_signal_handler(signal.SIGINT, self._interrupt)

    def _interrupt(self) -> None:
        self._interrupted = True
        self.stop.set()

    def drain_s(self, patient_s: float) -> float:
        """How long calls in flight may take: a person at the keyboard does not wait."""
        return min(INTERRUPT_DRAIN_S, patient_s) if self._interrupted else patient_s


class _Reloading:
    """Serves the documents as they are now, whenever they change."""

    def __init__(
        self, source: Source, supervisor: Supervisor, show: Show, served: Fingerprints
    ) -> None:
        self._source = source
        self._supervisor = supervisor
        self._show = show
        self._served = served

    async def until(self, signals: _Signals) -> None:
        """Reload on SIGHUP, and when a file has changed and then kept still for a moment."""
        seen = self._served
        while not await _is_set_within(signals.stop, WATCH_S):
            now = fingerprints(self._source.files)
            has_settled = now == seen and now != self._served
            seen = now
            if has_settled or signals.reload.is_set():
                signals.reload.clear()
                self._served = now
                await self._reload()

    async def _reload(self) -> None:
        """Serve the documents, or say why not and keep serving the old ones."""
        try:
            loaded = load(self._source, HttpKeyDirectory(fetch))
            self._show(loaded.warnings)
            await self._supervisor.swap(loaded.installation)
        except InvalidDocument as invalid:
            self._show(invalid.findings)
            _log.error("reload refused: the documents served before are still served")
        except (WorkerFailed, TimeoutError) as error:
            _log.error("reload refused: %s; what was served before is still served", error)
        except Exception:  # noqa: BLE001  the edge of a reload
            # A bug met while reading a document must not end what is being served.
            _log.exception("reload refused: the documents served before are still served")
        else:
            click.echo(f"bargate: reloaded {', '.join(self._source.files)}")


async def _is_set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


async def _answer_questions(supervisor: Supervisor) -> QuestionSocket | None:
    """Open the local socket of `bargate why`; a gateway serves without it too."""
    folder = run_directory(dict(os.environ), Path(tempfile.gettempdir()), os.getuid())
    questions = QuestionSocket(folder / f"gateway-{supervisor.address[1]}.sock", supervisor.why)
    try:
        await questions.start()
    except (OSError, UnsafeFolder) as error:
        _log.warning("`bargate why` will not find this gateway: %s", error)
        return None
    return questions


def _announce(loaded: Loaded, settings: GatewaySettings, address: tuple[str, int]) -> None:
    host = f"[{address[0]}]" if ":" in address[0] else address[0]
    base = f"{'https' if settings.tls else 'http'}://{host}:{address[1]}"
    click.echo(f"bargate: gateway listening on {base}")
    for each in loaded.apis:
        api = each.served.api
        for stage in each.served.stages:
            below = "" if stage.name == DEFAULT_STAGE else f"/{stage.name}"
            click.echo(f"bargate: API {api.name} at {base}{API_PREFIX}{api.id}{below}")
    sys.stdout.flush()
