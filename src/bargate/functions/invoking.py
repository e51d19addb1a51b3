"""What happens to one invocation, from its arrival to its outcome.

found ─► permission ─► size ─► event: queued | concurrency ─► a process, or a URL ─► Outcome
"""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from time import time
from typing import TYPE_CHECKING

from bargate.functions.concurrency import Concurrency, Throttled
from bargate.functions.credentials import RoleUnusable
from bargate.functions.events import Events
from bargate.functions.permission import refusal
from bargate.functions.runtime_spec import Event, StartFailed
from bargate.functions.url_function import UrlFunctions
from bargate.functions.waiting import PoolFull
from bargate.model.function import UrlCode
from bargate.model.invocation import (
    MAX_EVENT_BYTES,
    MAX_PAYLOAD_BYTES,
    Errored,
    Refused,
    Returned,
)

if TYPE_CHECKING:
    from bargate.functions.processes import Processes
    from bargate.functions.registry import Found, Registry
    from bargate.model.invocation import Invocation, Outcome, RefusedReason

_log = logging.getLogger("bargate.functions")


class Invoking:
    """Runs functions that `registry` knows, in the processes of `processes`."""

    def __init__(self, registry: Registry, processes: Processes) -> None:
        self._registry = registry
        self._processes = processes
        self._concurrency = Concurrency()
        self._urls = UrlFunctions()
        self._events = Events(self._attempt, asyncio.get_running_loop().time)
        self.sweep = self._urls.sweep

    async def __call__(self, invocation: Invocation) -> Outcome:
        """Give what comes of an invocation; never raises."""
        try:
            return await self._invoke(invocation)
        except Exception:  # noqa: BLE001  the edge of an invocation: a bug ends no other one
            _log.exception("an invocation of %s failed by a bug", invocation.function)
            return _refused("unavailable", "A bug; the log of the functions host says more.")

    async def close(self) -> None:
        """Run no more events, and let go of connections."""
        await self._events.close()
        self._urls.close()

    async def _invoke(self, invocation: Invocation) -> Outcome:
        found = await self._found(invocation)
        if found is None:
            return _refused("not_found", f"Function not found: {invocation.function}")
        refused = refusal(found, invocation, self._registry.roles, time()) or _too_large(invocation)
        if refused is not None:
            return refused
        if invocation.is_event:
            return self._queued(found, invocation)
        return await self._run(found, invocation, str(uuid.uuid4()))

    async def _found(self, invocation: Invocation) -> Found | None:
        if invocation.revision_id is None:
            return self._registry.find(invocation.function)
        return await self._registry.find_revision(invocation.function, invocation.revision_id)

    def _queued(self, found: Found, invocation: Invocation) -> Outcome:
        request_id = self._events.add(invocation, found.function)
        if isinstance(request_id, Refused):
            return request_id
        return Returned(payload=b"", version=found.version.version, request_id=request_id)

    async def _attempt(self, invocation: Invocation, request_id: str) -> Outcome:
        """Try an event, which was permitted when it came."""
        try:
            found = self._registry.find(invocation.function)
            if found is None:
                return _refused("not_found", f"Function not found: {invocation.function}")
            return await self._run(found, invocation, request_id)
        except Exception:  # noqa: BLE001  as above
            _log.exception("an event of %s failed by a bug", invocation.function)
            return _refused("not_found", "A bug; the event is not tried again.")

    async def _run(self, found: Found, invocation: Invocation, request_id: str) -> Outcome:
        """Run what was found, as far as its concurrency allows."""
        function = found.function
        reserved = self._registry.reserved(function.account_id, function.region)
        try:
            with self._concurrency.slot(function, reserved):
                code = found.version.code
                if isinstance(code, UrlCode):
                    event = _event(found, invocation, request_id)
                    return await self._urls.invoke(code.url, event, found.version.timeout_s)
                return await self._run_here(found, invocation, request_id)
        except Throttled as throttled:
            return _refused("throttled", f"Rate Exceeded. ({throttled})")

    async def _run_here(self, found: Found, invocation: Invocation, request_id: str) -> Outcome:
        try:
            held = self._processes.take_warm(found)
            if held is None:
                async with asyncio.timeout(invocation.timeout_s):
                    held = await self._processes.take(found)
        except TimeoutError:
            text = f"No process was free within {invocation.timeout_s:g} s."
            return _refused("timed_out", text)
        except PoolFull:
            return _refused("throttled", "Too many invocations wait for a process.")
        except RoleUnusable as unusable:
            # AWS [D] Lambda, Invoke errors: AccessDeniedException
            text = f"The role defined for the function cannot be assumed by Lambda. {unusable}"
            return _refused("denied", text)
        except StartFailed as failed:
            return Errored(
                payload=failed.payload, version=found.version.version, request_id=request_id
            )
        try:
            return await held.process.invoke(_event(found, invocation, request_id))
        finally:
            self._processes.give_back(held)


def _event(found: Found, invocation: Invocation, request_id: str) -> Event:
    return Event(
        request_id=request_id,
        payload=invocation.payload,
        function_arn=found.arn,
        deadline_ms=int((time() + found.version.timeout_s) * 1_000),
        wants_log=invocation.wants_log,
        client_context=_in_one_line(invocation.client_context),
    )


def _in_one_line(context: str) -> str:
    """Write JSON anew in ASCII, as it travels in a header; whoever invokes has checked it."""
    return json.dumps(json.loads(context)) if context else ""


def _too_large(invocation: Invocation) -> Refused | None:
    most = MAX_EVENT_BYTES if invocation.is_event else MAX_PAYLOAD_BYTES
    size = len(invocation.payload)
    if size <= most:
        return None
    # AWS [D] Lambda, Invoke errors: RequestTooLargeException
    text = f"{size} byte payload is too large for the invocation (limit {most} bytes)"
    return _refused("too_large", text)


def _refused(reason: RefusedReason, message: str) -> Refused:
    return Refused(reason=reason, message=message)
