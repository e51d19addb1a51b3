"""What happens to one invocation, from its arrival to its outcome.

found ─► permission ─► size ─► event: queued | concurrency ─► a process, or a URL ─► Outcome
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from time import time
from typing import TYPE_CHECKING

from bargate.functions.concurrency import Concurrency, Throttled
from bargate.functions.credentials import RoleUnusable
from bargate.functions.permission import refusal
from bargate.functions.pool import PoolFull
from bargate.functions.runtime_spec import Event, StartFailed
from bargate.model.invocation import (
    MAX_EVENT_BYTES,
    MAX_PAYLOAD_BYTES,
    Errored,
    Refused,
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

    async def __call__(self, invocation: Invocation) -> Outcome:
        """Give what comes of an invocation; never raises."""
        try:
            return await self._invoke(invocation)
        except Exception:  # noqa: BLE001  the edge of an invocation: a bug ends no other one
            _log.exception("an invocation of %s failed by a bug", invocation.function)
            return _refused("unavailable", "A bug; the log of the functions host says more.")

    async def _invoke(self, invocation: Invocation) -> Outcome:
        found = await self._found(invocation)
        if found is None:
            return _refused("not_found", f"Function not found: {invocation.function}")
        refused = refusal(found, invocation, self._registry.roles, time()) or _too_large(invocation)
        if refused is not None:
            return refused
        return await self.run(found, invocation)

    async def _found(self, invocation: Invocation) -> Found | None:
        if invocation.revision_id is None:
            return self._registry.find(invocation.function)
        return await self._registry.find_revision(invocation.function, invocation.revision_id)

    async def run(self, found: Found, invocation: Invocation) -> Outcome:
        """Run what was found, as far as its concurrency allows."""
        function = found.function
        reserved = self._registry.reserved(function.account_id, function.region)
        try:
            with self._concurrency.slot(function, reserved):
                return await self._run_within(found, invocation)
        except Throttled as throttled:
            return _refused("throttled", f"Rate Exceeded. ({throttled})")

    async def _run_within(self, found: Found, invocation: Invocation) -> Outcome:
        try:
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
            return Errored(payload=failed.payload, version=found.version.version)
        try:
            return await held.process.invoke(_event(found, invocation))
        finally:
            self._processes.give_back(held)


def _event(found: Found, invocation: Invocation) -> Event:
    return Event(
        request_id=str(uuid.uuid4()),
        payload=invocation.payload,
        function_arn=found.arn,
        deadline_ms=int((time() + found.version.timeout_s) * 1_000),
        wants_log=invocation.wants_log,
    )


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
