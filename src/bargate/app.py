"""Where the parts of Bargate are built and joined, and its life from start to stop.

load documents ──► Supervisor (workers) ◄── Keeper (control process) ──► ready lines
     ▲                   │                       ▲
     │ changed file,     ├──► why: a local       │ documents are stored there,
     │ SIGHUP            │    socket             │ and come back as parts to serve
     └── reload ─────────┴───────────────────────┴──► SIGTERM, SIGINT: drain and stop

With `--api-listen off` there is no control process: documents go straight to the workers.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from bargate.control.keeper import ControlFailed, Keeper
from bargate.control.temporary import temporary_folder
from bargate.gateway.questions import QuestionSocket, UnsafeFolder
from bargate.gateway.stderr_log import log_to_stderr
from bargate.gateway.supervisor import Supervisor
from bargate.gateway.worker_process import WorkerFailed
from bargate.settings import ControlSettings, run_directory
from bargate.snapshot.parts import Update, state_of
from bargate.source import fingerprints

if TYPE_CHECKING:
    from bargate.documents import Loaded
    from bargate.model.installation import Installation
    from bargate.openapi import Finding
    from bargate.settings import GatewaySettings
    from bargate.source import Fingerprints, Source

Show = Callable[[Iterable["Finding"]], None]
# Lets what was loaded from documents be served.
Deliver = Callable[["Loaded"], Awaitable[None]]

WATCH_S = 0.25
INTERRUPT_DRAIN_S = 1.5

_log = logging.getLogger("bargate")


class Endpoint(Struct, frozen=True):
    """Where AWS's own APIs answer; `data` None keeps their state for the life of the process."""

    host: str
    port: int
    data: Path | None = None
    dev: bool = False


def available_cores() -> int:
    """Give the number of cores this process may run on."""
    return len(os.sched_getaffinity(0))


async def serve(
    source: Source, settings: GatewaySettings, endpoint: Endpoint | None, show: Show
) -> None:
    """Serve until told to stop; `show` tells the operator what is found in documents.

    Raises InvalidDocument, InvalidConfiguration, OSError, WorkerFailed or ControlFailed when it
    cannot start.
    """
    log = log_to_stderr()
    try:
        with contextlib.ExitStack() as folders:
            control = None
            if endpoint is not None:
                folder = endpoint.data or folders.enter_context(temporary_folder())
                control = _control_settings(source, endpoint, folder)
            await _serve(source, settings, control, show)
    finally:
        log.shut()


def _control_settings(source: Source, endpoint: Endpoint, folder: Path) -> ControlSettings:
    return ControlSettings(
        folder=str(folder.absolute()),
        host=endpoint.host,
        port=endpoint.port,
        is_temporary=endpoint.data is None,
        dev=endpoint.dev,
        account_id=source.account_id,
        region=source.region,
        partition=source.partition,
        domain=source.domain,
        issuers=source.issuers,
    )


async def _serve(
    source: Source, settings: GatewaySettings, control: ControlSettings | None, show: Show
) -> None:
    watched = fingerprints(source.files)
    loaded = _load(source) if source.files else None
    installation = source.installation() if loaded is None else loaded.installation
    _check_log_format(settings, installation)
    if loaded is not None:
        show(loaded.warnings)
    state = {} if control else state_of(installation)
    supervisor = Supervisor(settings, state, installation)
    signals = _Signals()
    async with contextlib.AsyncExitStack() as stack:
        keeper = None
        stops: list[Callable[[], Awaitable[None]]] = [
            partial(_stop_workers, supervisor, signals, settings)
        ]
        stack.push_async_callback(_stop_together, stops)
        if control is not None:
            gateway_url = _url(supervisor.address, is_tls=settings.tls is not None)
            keeper = Keeper(control, gateway_url, supervisor)
            stops.append(keeper.stop)
        await _start(supervisor, keeper)
        deliver = _straight(supervisor) if keeper is None else _stored(keeper, supervisor)
        if keeper is not None and loaded is not None:
            await deliver(loaded)
        questions = await _answer_questions(supervisor)
        if questions is not None:
            stack.push_async_callback(questions.stop)
        _announce(loaded, settings, supervisor.address)
        if keeper is not None:
            _announce_endpoint(keeper)
        await _Reloading(source, deliver, show, watched).until(signals)


def _load(source: Source) -> Loaded:
    """Read the documents; raises InvalidDocument."""
    # Imported here: a start without documents would take a tenth of a second more.
    from bargate.documents import load  # noqa: PLC0415
    from bargate.gateway.fetch import fetch  # noqa: PLC0415
    from bargate.gateway.key_directory import HttpKeyDirectory  # noqa: PLC0415

    return load(source, HttpKeyDirectory(fetch))


def _check_log_format(settings: GatewaySettings, installation: Installation) -> None:
    """Refuse a format that workers could not write; raises InvalidConfiguration."""
    if settings.access_log_format is None:
        return
    from bargate.gateway.log_format import compile_format  # noqa: PLC0415  as in `_load`

    compile_format(settings.access_log_format, installation)


async def _start(supervisor: Supervisor, keeper: Keeper | None) -> None:
    """Start workers and the control process side by side."""
    await asyncio.gather(supervisor.start(), *([keeper.start()] if keeper else []))


async def _stop_together(stops: list[Callable[[], Awaitable[None]]]) -> None:
    """Stop workers and the control process side by side: neither waits for the other's clients."""
    await asyncio.gather(*(stop() for stop in stops))


async def _stop_workers(
    supervisor: Supervisor, signals: _Signals, settings: GatewaySettings
) -> None:
    await supervisor.stop(signals.drain_s(settings.drain_s))


def _straight(supervisor: Supervisor) -> Deliver:
    """Let documents be all that is served."""

    async def deliver(loaded: Loaded) -> None:
        state = state_of(loaded.installation)
        await supervisor.apply(Update(version=supervisor.version + 1, whole=True, put={**state}))
        await supervisor.renew()

    return deliver


def _stored(keeper: Keeper, supervisor: Supervisor) -> Deliver:
    """Let documents be stored, as if they had been imported and deployed by an AWS client."""

    async def deliver(loaded: Loaded) -> None:
        await keeper.store(loaded.installation.served)
        await supervisor.renew()

    return deliver


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

    def __init__(self, source: Source, deliver: Deliver, show: Show, served: Fingerprints) -> None:
        self._source = source
        self._deliver = deliver
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
        from bargate.openapi import InvalidDocument  # noqa: PLC0415  as in `_load`

        try:
            loaded = _load(self._source)
            self._show(loaded.warnings)
            await self._deliver(loaded)
        except InvalidDocument as invalid:
            self._show(invalid.findings)
            _log.error("reload refused: the documents served before are still served")
        except (WorkerFailed, ControlFailed, TimeoutError) as error:
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


def _announce(loaded: Loaded | None, settings: GatewaySettings, address: tuple[str, int]) -> None:
    base = _url(address, is_tls=settings.tls is not None)
    click.echo(f"bargate: gateway listening on {base}")
    if loaded is not None:
        _announce_apis(loaded, base)
    sys.stdout.flush()


def _announce_apis(loaded: Loaded, base: str) -> None:
    from bargate.snapshot.snapshot import API_PREFIX, DEFAULT_STAGE  # noqa: PLC0415  as in `_load`

    for each in loaded.apis:
        api = each.api
        for stage in each.compiled.stages:
            below = "" if stage == DEFAULT_STAGE else f"/{stage}"
            click.echo(f"bargate: API {api.name} at {base}{API_PREFIX}{api.id}{below}")


def _announce_endpoint(keeper: Keeper) -> None:
    click.echo(f"bargate: AWS endpoint listening on {_url(keeper.address, is_tls=False)}")
    if not keeper.settings.dev:
        folder = keeper.settings.folder
        click.echo(
            f"bargate: AWS clients use it with export AWS_CONFIG_FILE={folder}/config"
            f" AWS_SHARED_CREDENTIALS_FILE={folder}/credentials"
        )
    sys.stdout.flush()


def _url(address: tuple[str, int], *, is_tls: bool) -> str:
    host = f"[{address[0]}]" if ":" in address[0] else address[0]
    return f"{'https' if is_tls else 'http'}://{host}:{address[1]}"
