"""Invokes functions through the host, from workers and the control process.

    Invocation ──► one connection, made at the first call and again after the host's end
               ◄── Outcome; Refused when the host is not there, ends, or takes too long

INVARIANT: a call gives an outcome, always, and within its `timeout_s`; it raises nothing but that
it was cancelled.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from bargate.frames import Channel, FrameTooLarge, decoder
from bargate.functions.messages import Asked, Hello, Told
from bargate.model.invocation import Refused

if TYPE_CHECKING:
    from bargate.functions.messages import HostPlace
    from bargate.model.invocation import Invocation, Outcome

MAX_UNDER_WAY = 10_000
MAX_UNDER_WAY_BYTES = 256 * 1024 * 1024
# How long the host of the first function may take to be there, once the function is known.
APPEAR_S = 5.0
_APPEAR_TICK_S = 0.02

_log = logging.getLogger("bargate.functions")

_GONE = Refused(
    reason="unavailable", message="The functions host ended while the function was invoked."
)
_NOT_THERE = Refused(reason="unavailable", message="The functions host cannot be reached.")
_NO_FUNCTIONS = Refused(reason="not_found", message="This installation has no Lambda function.")
_BUSY = Refused(reason="throttled", message="Too many invocations are under way in this process.")
_TOO_LARGE = Refused(
    reason="too_large", message="The event is larger than any function may be sent."
)


class _Connection:
    """One connection to the host, and who waits for an answer on it."""

    def __init__(self, channel: Channel[Told]) -> None:
        self.channel = channel
        self._waiting: dict[int, asyncio.Future[Outcome]] = {}
        self._number = 0
        self.is_open = True
        self._listening = asyncio.get_running_loop().create_task(self._listen())

    async def ask(self, invocation: Invocation) -> Outcome:
        self._number += 1
        number = self._number
        told: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting[number] = told
        try:
            await self.channel.send(Asked(number, invocation))
            return await told
        except FrameTooLarge:
            return _TOO_LARGE
        finally:
            del self._waiting[number]

    async def _listen(self) -> None:
        try:
            while (message := await self.channel.receive()) is not None:
                told = self._waiting.get(message.number)
                if told is not None and not told.done():
                    told.set_result(message.outcome)
        except ValueError as error:  # what is no message of the host's
            _log.error("the functions host said what cannot be read: %s", error)
        finally:
            self.is_open = False
            self.channel.close()
            for told in self._waiting.values():
                if not told.done():
                    told.set_result(_GONE)

    async def close(self) -> None:
        self._listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._listening


class FunctionsClient:
    """A `FunctionInvoker`; `place` is where the host listens, once there is a function."""

    def __init__(self, place: HostPlace) -> None:
        self._place = place
        self._connection: _Connection | None = None
        self._connecting = asyncio.Lock()
        self._under_way = 0
        self._under_way_bytes = 0

    async def __call__(self, invocation: Invocation) -> Outcome:
        """Run a function, and give what comes of it."""
        size_bytes = len(invocation.payload)
        if (
            self._under_way >= MAX_UNDER_WAY
            or self._under_way_bytes + size_bytes > MAX_UNDER_WAY_BYTES
        ):
            return _BUSY
        self._under_way += 1
        self._under_way_bytes += size_bytes
        try:
            async with asyncio.timeout(invocation.timeout_s):
                return await self._ask(invocation)
        except TimeoutError:
            return Refused(
                reason="timed_out",
                message=f"The function did not answer within {invocation.timeout_s:g} s.",
            )
        finally:
            self._under_way -= 1
            self._under_way_bytes -= size_bytes

    async def _ask(self, invocation: Invocation) -> Outcome:
        try:
            connection = await self._connected(is_awaited=invocation.revision_id is not None)
        except FileNotFoundError:
            return _NO_FUNCTIONS
        except OSError:
            return _NOT_THERE
        return await connection.ask(invocation)

    async def _connected(self, *, is_awaited: bool) -> _Connection:
        """Give the connection; raises OSError. A host that `is_awaited` may just be starting."""
        async with self._connecting:
            if self._connection is None or not self._connection.is_open:
                self._connection = await self._connect(APPEAR_S if is_awaited else 0.0)
            return self._connection

    async def _connect(self, appear_s: float) -> _Connection:
        deadline_s = asyncio.get_running_loop().time() + appear_s
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(self._place.path)
                break
            except FileNotFoundError:
                if asyncio.get_running_loop().time() >= deadline_s:
                    raise
                # Nobody announces a socket that appears; this happens once in a host's life.
                await asyncio.sleep(_APPEAR_TICK_S)
        channel: Channel[Told] = Channel(reader, writer, decoder(Told))
        await channel.send(Hello(self._place.token))
        return _Connection(channel)

    async def close(self) -> None:
        """Let go of the connection; who waits on it is refused."""
        if self._connection is not None:
            await self._connection.close()
