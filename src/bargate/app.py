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
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from bargate.announcement import announce, announce_endpoint, url_of
from bargate.control.keeper import Keeper
from bargate.control.temporary import temporary_folder
from bargate.functions.logs import logs_folder
from bargate.gateway.host_process import HostProcess
from bargate.gateway.questions import QuestionSocket, UnsafeFolder
from bargate.gateway.supervisor import Supervisor
from bargate.preflight import check_settings, warn_of_keys
from bargate.reloading import Reloading, load_documents
from bargate.settings import (
    AuditSettings,
    ControlSettings,
    HostSettings,
    OutboundSettings,
    PoolSettings,
    run_directory,
)
from bargate.signals import Signals
from bargate.snapshot.parts import Part, Update, part_name, state_of
from bargate.source import fingerprints
from bargate.stderr_log import log_to_stderr

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from bargate.documents import Loaded
    from bargate.model.function import Function
    from bargate.reloading import Deliver, Show
    from bargate.settings import GatewaySettings
    from bargate.snapshot.parts import State
    from bargate.source import Source

HOST_DRAIN_S = 1.0

_log = logging.getLogger("bargate")


class Functions(Struct, frozen=True):
    """The operator's own functions, and how many processes all functions may have at once."""

    local: tuple[Function, ...] = ()
    processes: int = 8


class _Runnable(Struct, frozen=True, eq=False):
    """What runs functions, and those of the operator."""

    host: HostProcess
    local: tuple[Function, ...]


class Endpoint(Struct, frozen=True):
    """Where AWS's own APIs answer; `data` None keeps their state for the life of the process.

    `s3` is the folder that stands for S3, None for none.
    """

    host: str
    port: int
    data: Path | None = None
    dev: bool = False
    s3: Path | None = None
    pools: PoolSettings = PoolSettings()
    outbound: OutboundSettings = OutboundSettings()
    audit: AuditSettings = AuditSettings()


def available_cores() -> int:
    """Give the number of cores this process may run on."""
    return len(os.sched_getaffinity(0))


async def serve(
    source: Source,
    settings: GatewaySettings,
    endpoint: Endpoint | None,
    show: Show,
    functions: Functions | None = None,
) -> None:
    """Serve until told to stop; `show` tells the operator what is found in documents.

    Raises InvalidDocument, InvalidConfiguration, OSError, WorkerFailed or ControlFailed when it
    cannot start.
    """
    log = log_to_stderr()
    functions = functions or Functions()
    try:
        with contextlib.ExitStack() as folders:
            control = None
            if endpoint is not None:
                folder = endpoint.data or folders.enter_context(temporary_folder())
                control = _control_settings(source, endpoint, folder)
            own = folders.enter_context(temporary_folder(in_memory=False))
            own.chmod(0o711)  # functions' users go through to their code, by its name
            host = HostProcess(HostSettings(folder=str(own), processes=functions.processes))
            await _serve(source, settings, control, show, _Runnable(host, functions.local))
    finally:
        log.shut()


def _control_settings(source: Source, endpoint: Endpoint, folder: Path) -> ControlSettings:
    throttle = source.account_throttle
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
        s3=None if endpoint.s3 is None else str(endpoint.s3.absolute()),
        pools=endpoint.pools,
        outbound=endpoint.outbound,
        audit=endpoint.audit,
        account_throttle=None if throttle is None else (throttle.rate_limit, throttle.burst_limit),
    )


async def _serve(
    source: Source,
    settings: GatewaySettings,
    control: ControlSettings | None,
    show: Show,
    functions: _Runnable,
) -> None:
    watched = fingerprints(source.files)
    loaded = load_documents(source) if source.files else None
    installation = source.installation() if loaded is None else loaded.installation
    check_settings(settings, installation)
    if loaded is not None:
        show(loaded.warnings)
    if control is None:
        warn_of_keys(installation)
    local = {part_name(each): each for each in functions.local}
    state: State = {} if control else {**state_of(installation), **local}
    supervisor = Supervisor(settings, state, installation, functions.host)
    functions.host.settings = _with_logs(functions.host.settings, supervisor.address[1])
    signals = Signals()
    async with contextlib.AsyncExitStack() as stack:
        keeper = None
        stops: list[Callable[[], Awaitable[None]]] = [
            partial(_stop_workers, supervisor, signals, settings)
        ]
        # Pushed first, called last: calls that are finished may still need their functions.
        stack.push_async_callback(functions.host.stop, HOST_DRAIN_S)
        stack.push_async_callback(_stop, stops, supervisor, lambda: keeper)
        if control is not None:
            is_tls = settings.tls is not None and settings.tls_listen is None
            gateway_url = url_of(supervisor.address, is_tls=is_tls)
            keeper = Keeper(control, gateway_url, supervisor)
            stops.append(keeper.end)
            functions.host.settings = _with_endpoint(functions.host.settings, keeper)
        await _start(supervisor, keeper)
        deliver = _straight(supervisor, local) if keeper is None else _stored(keeper, supervisor)
        if keeper is not None:
            await keeper.store_functions(functions.local)
            if loaded is not None:
                await deliver(loaded)
        questions = await _answer_questions(supervisor)
        if questions is not None:
            stack.push_async_callback(questions.stop)
        announce(loaded, settings, supervisor.address, supervisor.tls_address)
        if keeper is not None:
            announce_endpoint(keeper)
        await Reloading(source, deliver, show, watched).until(signals)


async def _start(supervisor: Supervisor, keeper: Keeper | None) -> None:
    """Start workers and the control process side by side."""
    await asyncio.gather(supervisor.start(), *([keeper.start()] if keeper else []))


async def _stop(
    stops: list[Callable[[], Awaitable[None]]],
    supervisor: Supervisor,
    keeper: Callable[[], Keeper | None],
) -> None:
    """Stop workers and the endpoint side by side: neither waits for the other's clients.

    The control process ends when it has what workers leased of quotas and did not use.
    """
    await asyncio.gather(*(stop() for stop in stops))
    await supervisor.ledger.close()
    if (kept := keeper()) is not None:
        await kept.stop()


async def _stop_workers(
    supervisor: Supervisor, signals: Signals, settings: GatewaySettings
) -> None:
    await supervisor.stop(signals.drain_s(settings.drain_s))


def _with_logs(settings: HostSettings, port: int) -> HostSettings:
    """Say where `bargate logs` looks for what functions write."""
    run = run_directory(dict(os.environ), Path(tempfile.gettempdir()), os.getuid())
    return structs.replace(settings, logs=str(logs_folder(run, port)))


def _with_endpoint(settings: HostSettings, keeper: Keeper) -> HostSettings:
    """Tell functions where the installation's AWS APIs are, as this machine reaches them."""
    host, port = keeper.address
    there = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  not bound
    return structs.replace(settings, endpoint_url=url_of((there, port), is_tls=False))


def _straight(supervisor: Supervisor, functions: Mapping[str, Function]) -> Deliver:
    """Let documents and functions be all that is served."""

    async def deliver(loaded: Loaded) -> None:
        put: dict[str, Part] = {**state_of(loaded.installation), **functions}
        await supervisor.apply(Update(version=supervisor.version + 1, whole=True, put=put))
        await supervisor.renew()

    return deliver


def _stored(keeper: Keeper, supervisor: Supervisor) -> Deliver:
    """Let documents be stored, as if they had been imported and deployed by an AWS client."""

    async def deliver(loaded: Loaded) -> None:
        await keeper.store(loaded.installation.served)
        await supervisor.renew()

    return deliver


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
