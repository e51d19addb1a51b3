"""One worker process: `python -m bargate.gateway.worker CHANNEL_FD LISTENER_FD`.

    channel: Serve ──► snapshot, server, log ──► Ready
             Swap  ──► compile ──► serve from the next request on ──► Swapped
             Why   ──► the ring of recent calls ──► Answer
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

from bargate.gateway.access_log import AccessLog
from bargate.gateway.channel import (
    Answer,
    Channel,
    Drain,
    Ready,
    Serve,
    Swap,
    Swapped,
    ToWorker,
    Why,
    worker_decoder,
)
from bargate.gateway.fetch import fetch
from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.gateway.limits import Limits
from bargate.gateway.log_format import JsonFormat, compile_format
from bargate.gateway.observer import Observer
from bargate.gateway.recent import RecentCalls
from bargate.gateway.server import Server
from bargate.gateway.stderr_log import log_to_stderr
from bargate.gateway.tls import renew_certificate, server_context
from bargate.model.invalid import InvalidConfiguration
from bargate.snapshot.compile import compile_snapshot

if TYPE_CHECKING:
    from bargate.snapshot.snapshot import Snapshot

ORPHAN_DRAIN_S = 5.0
LOG_TICK_S = 0.1
REFUSED_TICK = 10  # in log ticks: a second

_log = logging.getLogger("bargate.worker")


class Worker:
    """The parts of one worker, joined."""

    def __init__(self, channel: Channel[ToWorker], listener: socket.socket, first: Serve) -> None:
        self._channel = channel
        self._listener = listener
        self._settings = first.settings
        self._keys = HttpKeyDirectory(fetch)
        self._snapshot: Snapshot = compile_snapshot(first.installation, self._keys)
        tls = first.settings.tls
        self._tls = server_context(tls.certificate, tls.key) if tls else None
        self._recent = RecentCalls()
        self._access_log = _access_log(first)
        self._observer = Observer(self._recent, self._access_log)
        self._server = Server(self._snapshot, self._keys, self._observer, Limits())

    async def run(self) -> None:
        """Serve until told to drain, or until the supervisor is gone."""
        await self._server.start([self._listener], self._tls)
        ticking = asyncio.get_running_loop().create_task(self._tick())
        _freeze_again()
        await self._channel.send(Ready())
        deadline_s = await self._obey()
        await self._server.drain(deadline_s)
        ticking.cancel()
        await self._keys.close()
        if self._access_log is not None:
            self._access_log.close()

    async def _obey(self) -> float:
        """Do what the supervisor says; give the seconds that a drain may take."""
        while (message := await self._channel.receive()) is not None:
            match message:
                case Swap():
                    await self._swap(message)
                case Why(number, request_id):
                    await self._channel.send(Answer(number, self._recent.why(request_id)))
                case Drain(deadline_s):
                    return deadline_s
                case Serve():
                    _log.error("told to serve twice; going on")
        return ORPHAN_DRAIN_S

    async def _swap(self, swap: Swap) -> None:
        try:
            self._snapshot = compile_snapshot(swap.installation, self._keys, self._snapshot)
        except InvalidConfiguration as invalid:
            await self._channel.send(Swapped(swap.version, f"{invalid.path}: {invalid.message}"))
            return
        except Exception as error:  # noqa: BLE001 - a bug met while compiling ends no calls
            _log.exception("the snapshot could not be compiled")
            await self._channel.send(Swapped(swap.version, f"a bug: {error!r}"))
            return
        self._server.serve(self._snapshot)
        self._recent.forget_old()
        if self._access_log is not None:
            self._access_log.reopen()
        if self._tls is not None and self._settings.tls is not None:
            renew_certificate(self._tls, self._settings.tls)
        _freeze_again()
        await self._channel.send(Swapped(swap.version))

    async def _tick(self) -> None:
        while True:
            for _ in range(REFUSED_TICK):
                await asyncio.sleep(LOG_TICK_S)
                if self._access_log is not None:
                    self._access_log.flush()
            self._observer.tick()


def _freeze_again() -> None:
    """Keep the collector from looking, between two reloads, at what is compiled.

    What is frozen is never freed if it refers to itself, as a snapshot may: so it is thawed first.
    The cost is one full collection a reload, of what two snapshots hold.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _access_log(first: Serve) -> AccessLog | None:
    settings = first.settings
    if settings.access_log == "off":
        return None
    custom = settings.access_log_format
    format_line = JsonFormat() if custom is None else compile_format(custom, first.installation)
    return AccessLog(settings.access_log, format_line)


async def _main(channel_fd: int, listener_fd: int) -> None:
    listener = socket.socket(fileno=listener_fd)
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=channel_fd))
    channel = Channel(reader, writer, worker_decoder())
    first = await channel.receive()
    if not isinstance(first, Serve):
        return
    try:
        await Worker(channel, listener, first).run()
    finally:
        channel.close()


def main() -> None:
    """Run a worker on the descriptors named on the command line."""
    stderr = log_to_stderr()
    # Ctrl-C reaches the whole process group; the supervisor alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    channel_fd, listener_fd = map(int, sys.argv[1:])
    try:
        uvloop.run(_main(channel_fd, listener_fd))
    except Exception:  # noqa: BLE001 - logged here: a traceback of Python's own could wait for ever
        _log.exception("the worker ends by a bug")
        sys.exit(1)
    finally:
        stderr.shut()


if __name__ == "__main__":
    main()
