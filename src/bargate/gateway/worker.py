"""One worker process: `python -m bargate.gateway.worker CHANNEL_FD LISTENER_FD…`.

    channel: Serve, Apply ──► snapshot, server, log ──► Ready
             Apply   ──► compile ──► serve from the next request on ──► Applied
             Why     ──► the ring of recent calls ──► Answer
             Collect ──► the counters ──► Collected
             Leased…, Forget ──► the leases of limits
             Drain, or the supervisor gone ──► finish what is in flight, end

It is started by the supervisor alone, and reads no configuration but what comes over the channel.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
import sys
from typing import TYPE_CHECKING

import uvloop
from msgspec import structs

from bargate.frames import Channel
from bargate.functions.client import FunctionsClient
from bargate.gateway.access_log import AccessLog
from bargate.gateway.asking import Asking
from bargate.gateway.channel import (
    Answer,
    Applied,
    Apply,
    Collect,
    Collected,
    Drain,
    Forget,
    LeasedBuckets,
    LeasedQuotas,
    Ready,
    Renew,
    Serve,
    ToWorker,
    Why,
    worker_decoder,
)
from bargate.gateway.collecting import Collector
from bargate.gateway.fetch import fetch
from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.gateway.limits import Limits
from bargate.gateway.log_format import JsonFormat, compile_format
from bargate.gateway.metrics import Counters
from bargate.gateway.observer import Observer
from bargate.gateway.pool_keys import PoolKeyDirectory
from bargate.gateway.recent import RecentCalls
from bargate.gateway.served import Served
from bargate.gateway.server import Server
from bargate.gateway.tls import renew_certificate, server_context
from bargate.gateway.tls_names import TlsNames
from bargate.model.invalid import InvalidConfiguration
from bargate.snapshot.parts import StaleBase
from bargate.stderr_log import log_to_stderr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bargate.gateway.metrics import Metrics
    from bargate.snapshot.parts import Update

ORPHAN_DRAIN_S = 5.0
LOG_TICK_S = 0.1
REFUSED_TICK = 10  # in log ticks: a second

_log = logging.getLogger("bargate.worker")


class Worker:
    """The parts of one worker, joined; it begins with `whole`, what its supervisor serves."""

    def __init__(
        self,
        channel: Channel[ToWorker],
        listeners: Sequence[socket.socket],
        first: Serve,
        whole: Sequence[Update],
    ) -> None:
        self._channel = channel
        self._listeners = listeners
        self._settings = first.settings
        self._keys = PoolKeyDirectory(HttpKeyDirectory(fetch))
        self._served = Served(first.installation, self._keys, dev=first.settings.dev)
        self._served.take(whole)
        tls = first.settings.tls
        self._tls = server_context(tls.certificate, tls.key) if tls else None
        self._names = TlsNames(self._tls)
        self._names.take(self._served.snapshot.installation.domains)
        self._ledger = Asking(channel.post, first.settings.without_ledger)
        self._recent = RecentCalls(self._ledger.leases)
        self._access_log = _access_log(first)
        self._counters = Counters()
        self._observer = Observer(self._recent, self._access_log, self._counters)
        self._collector = Collector()
        self._functions = None if first.functions is None else FunctionsClient(first.functions)
        self._server = Server(
            self._served.snapshot,
            self._keys,
            self._observer,
            Limits(),
            ledger=self._ledger,
            certificates=self._served.certificates,
            functions=self._functions,
        )
        self._drain: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Serve until told to drain, or until the supervisor is gone."""
        plain, *with_tls = self._listeners
        # Where TLS has a socket of its own, the other is without.
        is_tls = self._tls is not None and not with_tls
        await self._server.start([plain], self._names if is_tls else None)
        for listening in with_tls:
            await self._server.listen_tls(listening, self._names)
        await self._server.open_doors(self._served.endpoints.doors())
        ticking = asyncio.get_running_loop().create_task(self._tick())
        self._collector.settle()
        await self._channel.send(Ready())
        obeying = asyncio.get_running_loop().create_task(self._obey())
        obeying.add_done_callback(lambda _: self._drain_within(ORPHAN_DRAIN_S))
        deadline_s = await self._drain
        if obeying.done():
            obeying.result()  # a bug is logged by `main`
        await self._server.drain(deadline_s)
        await self._ledger.close()
        ticking.cancel()
        obeying.cancel()
        await self._keys.close()
        if self._functions is not None:
            await self._functions.close()
        if self._access_log is not None:
            self._access_log.close()

    async def _obey(self) -> None:
        """Do what the supervisor says, also while what is in flight is finished."""
        pieces: list[Update] = []
        while (message := await self._channel.receive()) is not None:
            match message:
                case Apply(number, update, more):
                    pieces.append(update)
                    if not more:
                        await self._channel.send(Applied(number, await self._follow(pieces)))
                        pieces = []
                case Renew():
                    self._renew()
                case Why(number, request_id):
                    await self._channel.send(Answer(number, self._recent.why(request_id)))
                case Collect(number):
                    await self._channel.send(Collected(number, self._metrics()))
                case LeasedBuckets() | LeasedQuotas() | Forget():
                    self._ledger.told(message)
                case Drain(deadline_s):
                    self._drain_within(deadline_s)
                case Serve():
                    _log.error("told to serve twice; going on")

    def _metrics(self) -> Metrics:
        counted = self._counters.metrics()
        return structs.replace(counted, leases=self._ledger.leases.counts())

    def _drain_within(self, deadline_s: float) -> None:
        if not self._drain.done():
            self._drain.set_result(deadline_s)

    async def _follow(self, updates: Sequence[Update]) -> str | None:
        """Take updates, then open and close the doors that they speak of."""
        error = self._take(updates)
        if error is None:
            await self._server.open_doors(self._served.endpoints.doors())
        return error

    def _take(self, updates: Sequence[Update]) -> str | None:
        """Serve what the updates lead to; give what is to be said against it."""
        before = self._served.snapshot
        try:
            self._served.take(updates)
        except InvalidConfiguration as invalid:
            return f"{invalid.path}: {invalid.message}"
        except StaleBase as stale:
            return str(stale)
        except Exception as error:  # noqa: BLE001 - a bug met while compiling ends no calls
            _log.exception("the update could not be taken")
            return f"a bug: {error!r}"
        if self._served.snapshot is not before:
            self._server.serve(self._served.snapshot)
            self._names.take(self._served.snapshot.installation.domains)
            self._recent.forget_old(self._served.snapshot.frames())
        self._collector.settle()
        return None

    def _renew(self) -> None:
        """Open the log and read the certificate again, as an operator's reload asks for."""
        if self._access_log is not None:
            self._access_log.reopen()
        if self._tls is not None and self._settings.tls is not None:
            renew_certificate(self._tls, self._settings.tls)

    async def _tick(self) -> None:
        while True:
            for _ in range(REFUSED_TICK):
                await asyncio.sleep(LOG_TICK_S)
                if self._access_log is not None:
                    self._access_log.flush()
            self._observer.tick()


def _access_log(first: Serve) -> AccessLog | None:
    settings = first.settings
    if settings.access_log == "off":
        return None
    custom = settings.access_log_format
    format_line = JsonFormat() if custom is None else compile_format(custom, first.installation)
    return AccessLog(settings.access_log, format_line)


async def _main(channel_fd: int, *listener_fds: int) -> None:
    listeners = [socket.socket(fileno=each) for each in listener_fds]
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=channel_fd))
    channel = Channel(reader, writer, worker_decoder())
    first = await channel.receive()
    whole = await _whole(channel)
    if not isinstance(first, Serve) or whole is None:
        return
    try:
        worker = Worker(channel, listeners, first, whole)
        gc.enable()
        del whole  # what is served may be replaced, and is then not to be held here
        await worker.run()
    finally:
        channel.close()


async def _whole(channel: Channel[ToWorker]) -> list[Update] | None:
    """Receive what is served, which comes in pieces; None when it does not."""
    pieces = []
    while isinstance(message := await channel.receive(), Apply):
        pieces.append(message.update)
        if not message.more:
            return pieces
    return None


def main() -> None:
    """Run a worker on the descriptors named on the command line."""
    stderr = log_to_stderr()
    # Ctrl-C reaches the whole process group; the supervisor alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    descriptors = map(int, sys.argv[1:])
    # What is read and compiled at first stays: the collector need not look for garbage among it.
    gc.disable()
    try:
        uvloop.run(_main(*descriptors))
    except Exception:  # noqa: BLE001 - logged here: a traceback of Python's own could wait for ever
        _log.exception("the worker ends by a bug")
        sys.exit(1)
    finally:
        stderr.shut()


if __name__ == "__main__":
    main()
