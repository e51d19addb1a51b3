"""The messenger of user pools: each medium goes by its channel, or into the outbox."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from bargate.outbound.addresses import check_message
from bargate.outbound.channel import Channel, Undelivered
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.outbound.outbox import Outbox
    from bargate.userpool.pools import Medium, Message

MAX_WAITING: Final = 1_000
THREADS: Final = 4
RETRY_AFTER_S: Final = (1.0, 5.0, 30.0)

_log = logging.getLogger("bargate.outbound")


class Delivery:
    """Sends in the background: whoever waits for an answer learns nothing from how long it takes.

    At most `max_waiting` messages are held, those that are tried again included.
    """

    def __init__(
        self,
        outbox: Outbox,
        channels: Mapping[Medium, Channel],
        *,
        max_waiting: int = MAX_WAITING,
        retry_after_s: tuple[float, ...] = RETRY_AFTER_S,
    ) -> None:
        self.outbox = outbox
        self._channels = channels
        self._max_waiting = max_waiting
        self._retry_after_s = retry_after_s
        self._tasks: set[asyncio.Task[None]] = set()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="outbound")

    async def send(self, message: Message) -> None:
        """Do as `Messenger.send`."""
        check_message(message)
        channel = self._channels.get(message.medium)
        if channel is None:
            self.outbox.keep(message)
            return
        if len(self._tasks) >= self._max_waiting:
            raise AwsError("CodeDeliveryFailureException", "Too many messages wait to be sent.")
        task = asyncio.get_running_loop().create_task(self._deliver(channel, message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self, timeout_s: float) -> None:
        """Let messages go out that wait, for so long; then let go of the rest."""
        tasks = set(self._tasks)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=timeout_s)
            for task in late:
                task.cancel()
            if late:
                _log.warning("%d messages to users were not sent before the end", len(late))
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _deliver(self, channel: Channel, message: Message) -> None:
        loop = asyncio.get_running_loop()
        for pause_s in (*self._retry_after_s, None):
            try:
                await loop.run_in_executor(self._threads, channel.deliver, message)
            except Undelivered as failure:
                if failure.is_final or pause_s is None:
                    _log.error("%r was not sent: %s", message, failure)
                    return
                _log.warning("%r is sent again in %g s: %s", message, pause_s, failure)
                await asyncio.sleep(pause_s)
            except Exception:  # noqa: BLE001  a bug in one channel ends one message
                _log.error("%r was not sent: a bug in its channel", message)
                return
            else:
                return
