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
from bargate.gateway.recent import RecentCalls
from bargate.gateway.server import Server
from bargate.gateway.tls import server_context
from bargate.model.invalid import InvalidConfiguration
from bargate.snapshot.compile import compile_snapshot

if TYPE_CHECKING:
    from bargate.gateway.serving import CallRecord
    from bargate.snapshot.snapshot import Snapshot

ORPHAN_DRAIN_S = 5.0
LOG_TICK_S = 0.1

_log = logging.getLogger("bargate.worker")


class Observer:
    """Passes finished calls on: to the ring of recent calls and to the access log."""

    __slots__ = ("_log", "_recent")

    def __init__(self, recent: RecentCalls, log: AccessLog | None) -> None:
        self._recent = recent
        self._log = log

    def call_done(self, record: CallRecord) -> None:
        """Take note of a finished call."""
        self._recent.remember(record)
        if self._log is not None:
            self._log.call_done(record)

    def request_refused(self, source_ip: str, status: int, reason: str) -> None:
        """Log what was not even a request."""
        _log.info("refused before it was a call: %d %s, from %s", status, reason, source_ip)


class Worker:
    """The parts of one worker, joined."""

    def __init__(self, channel: Channel[ToWorker], listener: socket.socket, first: Serve) -> None:
        self._channel = channel
        self._listener = listener
        self._settings = first.settings
        self._keys = HttpKeyDirectory(fetch)
        self._snapshot: Snapshot = compile_snapshot(first.installation, self._keys)
        self._recent = RecentCalls()
        self._access_log = _access_log(first)
        self._server = Server(
            self._snapshot, self._keys, Observer(self._recent, self._access_log), Limits()
        )

    async def run(self) -> None:
        """Serve until told to drain, or until the supervisor is gone."""
        tls = self._settings.tls
        context = server_context(tls.certificate, tls.key) if tls else None
        await self._server.start([self._listener], context)
        flusher = asyncio.get_running_loop().create_task(self._flush_log())
        # What is compiled lives as long as the worker: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        await self._channel.send(Ready())
        deadline_s = await self._obey()
        await self._server.drain(deadline_s)
        flusher.cancel()
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
        self._server.serve(self._snapshot)
        if self._access_log is not None:
            self._access_log.reopen()
        await self._channel.send(Swapped(swap.version))

    async def _flush_log(self) -> None:
        while self._access_log is not None:
            await asyncio.sleep(LOG_TICK_S)
            self._access_log.flush()


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
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="bargate: %(levelname)s: %(message)s"
    )
    # Ctrl-C reaches the whole process group; the supervisor alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    channel_fd, listener_fd = map(int, sys.argv[1:])
    uvloop.run(_main(channel_fd, listener_fd))


if __name__ == "__main__":
    main()
