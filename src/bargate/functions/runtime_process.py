"""A process that runs one version of a function, one event after the other.

    start ─► sandbox ─► runtime asks for its first event ─► idle
    invoke ─► START ─► deliver ─► the first of: answer | time-out | exit | too much memory ─► REPORT
    end ─► everything of it killed, its folder and its user given back

After anything but an answer the process is ended and not usable again.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import signal
import time
from collections.abc import Callable  # noqa: TC003

from msgspec import Struct

from bargate.functions.run_as import NoUser
from bargate.functions.runtime_api import Answer, RuntimeApi
from bargate.functions.runtime_log import RuntimeLog
from bargate.functions.runtime_sandbox import Sandbox
from bargate.functions.runtime_spec import (
    Event,
    RuntimeSpec,
    StartFailed,
    UnknownRuntime,
    check_runtime,
    failure,
    version_warning,
)
from bargate.model.invocation import Errored, Returned

INIT_LIMIT_S = 10.0  # AWS [D] Lambda execution environment: init phase
_MEMORY_EVERY_S = 0.1
_MIN_MEMORY_MB = 64  # an interpreter alone needs half of it
_MIB = 1024 * 1024


class _TimedOut(Struct, frozen=True):
    pass


class _OutOfMemory(Struct, frozen=True):
    pass


class _Exited(Struct, frozen=True):
    status: int


_Ending = Answer | _TimedOut | _OutOfMemory | _Exited


class RuntimeProcess:
    """A started runtime. Made by `start`; `end` must be called once it is of no more use."""

    def __init__(self, spec: RuntimeSpec, log: Callable[[bytes], None]) -> None:
        self._spec = spec
        self._log = RuntimeLog(log)
        self._sandbox: Sandbox | None = None
        self._api = RuntimeApi(lambda peer: self._sandbox is not None and self._sandbox.owns(peer))
        self._ending: asyncio.Future[_Ending] | None = None
        self._last: asyncio.Task[None] | None = None
        self._watching: asyncio.TimerHandle | None = None
        self._limit_bytes = max(spec.memory_mb, _MIN_MEMORY_MB) * _MIB
        self._max_bytes = 0
        self._measured_at = 0.0
        self._init_s: float | None = None
        self._is_broken = False

    @classmethod
    async def start(cls, spec: RuntimeSpec, log: Callable[[bytes], None]) -> RuntimeProcess:
        """Start a runtime and wait until it asks for its first event.

        `log` gets each line it writes, from then on; it must not block. Raises StartFailed when it
        fails, exits, or takes longer than 10 s. Call it on the main thread.
        """
        process = cls(spec, log)
        try:
            await process._start()
        except BaseException:
            await process.end()
            raise
        return process

    @property
    def is_usable(self) -> bool:
        """Tell whether it can take another event; the host ends one that cannot."""
        has_exited = self._sandbox is not None and self._sandbox.exited.done()
        is_broken = self._is_broken or self._api.is_faulty or has_exited
        return not is_broken and self._last is None

    async def _start(self) -> None:
        begun = time.monotonic()
        try:
            check_runtime(self._spec.runtime)
            await self._api.listen()
            self._sandbox = Sandbox()
            self._sandbox.spawn(self._spec, self._api.port, self._log.write_end)
        except UnknownRuntime as error:
            raise StartFailed(failure("Runtime.InvalidRuntime", str(error))) from error
        except (OSError, NoUser, ValueError) as error:
            text = f"the function's process cannot be started: {error}"
            raise StartFailed(failure("Runtime.StartFailed", text)) from error
        self._log.close_write_end()
        if warning := version_warning(self._spec.runtime):
            self._log.note(f"[bargate: {warning}]")
        await self._until_ready(self._sandbox.exited)
        self._sandbox.exited.add_done_callback(self._exited)
        self._init_s = time.monotonic() - begun

    async def _until_ready(self, exited: asyncio.Future[int]) -> None:
        ready = self._api.ready
        first: set[asyncio.Future[None] | asyncio.Future[int]] = {ready, exited}
        await asyncio.wait(first, timeout=INIT_LIMIT_S, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            return ready.result()
        if exited.done():
            raise StartFailed(failure("Runtime.ExitError", f"Error: {_exit_text(exited.result())}"))
        text = f"Error: Task timed out after {INIT_LIMIT_S:.2f} seconds"
        raise StartFailed(failure("Sandbox.Timedout", text))

    async def invoke(self, event: Event) -> Returned | Errored:
        """Run the function once; it keeps `spec.timeout_s`, and the process is ended past it."""
        if self._ending is not None or not self.is_usable:
            raise RuntimeError("a process takes one event at a time, and none once it is broken")
        begun = time.monotonic()
        self._log.begin()
        self._log.note(f"START RequestId: {event.request_id} Version: {self._spec.version}")
        try:
            ending = await self._work(event)
        except asyncio.CancelledError:
            self._is_broken = True
            raise
        finally:
            self._ending = None
        if not isinstance(ending, Answer):
            self._is_broken = True
            await self.end()
        duration_s = time.monotonic() - begun
        self._report(event, ending, duration_s)
        return self._outcome(event, ending, duration_s)

    async def _work(self, event: Event) -> _Ending:
        loop = asyncio.get_running_loop()
        self._ending = loop.create_future()
        answered = self._api.deliver(event)
        answered.add_done_callback(self._answered)
        time_out = loop.call_later(self._spec.timeout_s, self._settle, _TimedOut())
        self._watching = loop.call_later(_MEMORY_EVERY_S, self._watch_memory)
        try:
            return await self._ending
        finally:
            time_out.cancel()
            self._watching.cancel()
            answered.remove_done_callback(self._answered)

    def _answered(self, answered: asyncio.Future[Answer]) -> None:
        self._settle(answered.result())

    def _settle(self, ending: _Ending) -> None:
        if self._ending is not None and not self._ending.done():
            self._ending.set_result(ending)

    def _exited(self, exited: asyncio.Future[int]) -> None:
        self._is_broken = True
        self._settle(_Exited(exited.result()))

    def _watch_memory(self) -> None:
        if self._measure() > self._limit_bytes:
            return self._settle(_OutOfMemory())
        loop = asyncio.get_running_loop()
        self._watching = loop.call_later(_MEMORY_EVERY_S, self._watch_memory)
        return None

    def _measure(self) -> int:
        held = self._sandbox.memory_bytes(self._limit_bytes) if self._sandbox else 0
        self._max_bytes = max(self._max_bytes, held)
        self._measured_at = time.monotonic()
        return held

    def _outcome(self, event: Event, ending: _Ending, duration_s: float) -> Returned | Errored:
        kind = Errored if not isinstance(ending, Answer) or ending.failed else Returned
        return kind(
            payload=self._payload(event, ending),
            version=self._spec.version,
            log=self._log.tail() if event.wants_log else b"",
            duration_s=duration_s,
            request_id=event.request_id,
        )

    def _payload(self, event: Event, ending: _Ending) -> bytes:
        if isinstance(ending, Answer):
            return ending.payload
        name = "Sandbox.Timedout" if isinstance(ending, _TimedOut) else "Runtime.ExitError"
        return failure(name, f"RequestId: {event.request_id} Error: {self._why(ending)}")

    def _why(self, ending: _Ending) -> str:
        match ending:
            case _TimedOut():
                return f"Task timed out after {self._spec.timeout_s:.2f} seconds"
            case _Exited(status):
                return _exit_text(status)
        return "Runtime exited with error: signal: killed"

    def _report(self, event: Event, ending: _Ending, duration_s: float) -> None:
        self._log.drain()
        if not isinstance(ending, Answer):
            self._log.note(f"RequestId: {event.request_id} Error: {self._why(ending)}")
        elif time.monotonic() - self._measured_at > _MEMORY_EVERY_S:
            self._measure()
        self._log.note(f"END RequestId: {event.request_id}")
        self._log.note(self._report_line(event.request_id, duration_s * 1000))
        self._init_s = None

    def _report_line(self, request_id: str, duration_ms: float) -> str:
        parts = [
            f"REPORT RequestId: {request_id}",
            f"Duration: {duration_ms:.2f} ms",
            f"Billed Duration: {math.ceil(duration_ms)} ms",
            f"Memory Size: {self._spec.memory_mb} MB",
            f"Max Memory Used: {-(-self._max_bytes // _MIB)} MB",
        ]
        if self._init_s is not None:
            parts.append(f"Init Duration: {self._init_s * 1000:.2f} ms")
        return "\t".join(parts) + "\t"

    async def end(self) -> None:
        """Kill everything of it, and wait until it is gone. May be called again."""
        if self._last is None:
            self._last = asyncio.get_running_loop().create_task(self._end())
        await asyncio.shield(self._last)

    async def _end(self) -> None:
        if self._sandbox is not None:
            await self._sandbox.end()
        self._api.close()
        self._log.close()
        with contextlib.suppress(asyncio.CancelledError):
            self._settle(_Exited(-signal.SIGKILL))


def _exit_text(status: int) -> str:
    """Word an exit status as Lambda does; 128 + n is signal n."""
    number = -status if status < 0 else status - 128
    if number > 0:
        with contextlib.suppress(ValueError):
            name = signal.strsignal(signal.Signals(number)) or str(number)
            return f"Runtime exited with error: signal: {name.lower()}"
    if status:
        return f"Runtime exited with error: exit status {status}"
    return "Runtime exited without providing a reason"
