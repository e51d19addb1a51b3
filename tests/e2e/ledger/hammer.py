"""A worker that serves no calls but takes limits as fast as it can, with the real leases.

Run as a worker is: `python hammer.py CHANNEL_FD LISTENER_FD`, told by BARGATE_HAMMER what to take.
Each call that passes is written down at once, as its time on the monotonic clock (which all
processes share), so that a kill -9 of this process loses none.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import sys
import time
from pathlib import Path

import msgspec
import uvloop

from bargate.frames import Channel
from bargate.gateway.asking import Asking
from bargate.gateway.channel import (
    Applied,
    Apply,
    Collect,
    Collected,
    Drain,
    Forget,
    LeasedBuckets,
    LeasedQuotas,
    Ready,
    worker_decoder,
)
from bargate.gateway.metrics import Metrics
from bargate.ledger.counters import Bucket, Lacking, Quota, Taken, Use

AT = struct.Struct("d")


class Orders(msgspec.Struct, frozen=True):
    """What to do; a call waits for `pause_s` after the one before. `folder` is for the times."""

    folder: str
    buckets: tuple[Bucket, ...] = ()
    quotas: tuple[Quota, ...] = ()
    uses: tuple[Use, ...] = ()
    tasks: int = 16
    pause_s: float = 0.0


class Hammer:
    def __init__(self, channel: Channel, orders: Orders) -> None:
        self._channel = channel
        self._asking = Asking(channel.post)
        self._limits = (*orders.buckets, *orders.quotas, *orders.uses)
        self._pause_s = orders.pause_s
        self._tasks = orders.tasks
        path = Path(orders.folder) / f"{os.getpid()}.times"
        self._times = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)

    async def run(self) -> None:
        await self._channel.send(Ready())
        tasks = [asyncio.create_task(self._call_for_ever()) for _ in range(self._tasks)]
        closing = None
        while (message := await self._channel.receive()) is not None:
            match message:
                case Apply(number, _, more):
                    if not more:
                        await self._channel.send(Applied(number))
                case LeasedBuckets() | LeasedQuotas() | Forget():
                    self._asking.told(message)
                case Collect(number):
                    await self._channel.send(Collected(number, Metrics()))
                case Drain():
                    for task in tasks:
                        task.cancel()
                    await asyncio.gather(*tasks, return_exceptions=True)
                    closing = asyncio.create_task(self._asking.close())
                    closing.add_done_callback(lambda _: self._channel.close())
        if closing is not None:
            await closing

    async def _call_for_ever(self) -> None:
        while True:
            await self._call()
            await asyncio.sleep(self._pause_s)

    async def _call(self) -> None:
        counted = self._asking.leases.take(self._limits, time.time())
        for _ in range(4):
            if not isinstance(counted, Lacking):
                break
            await self._asking.fetch(counted.limits)
            counted = self._asking.leases.take(self._limits, time.time())
        if isinstance(counted, Taken):
            os.write(self._times, AT.pack(time.monotonic()))


async def main(channel_fd: int) -> None:
    streams = await asyncio.open_connection(sock=socket.socket(fileno=channel_fd))
    channel: Channel = Channel(*streams, worker_decoder())
    await channel.receive()
    while isinstance(message := await channel.receive(), Apply) and message.more:
        pass
    orders = msgspec.json.decode(os.environ["BARGATE_HAMMER"], type=Orders)
    await Hammer(channel, orders).run()
    channel.close()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
