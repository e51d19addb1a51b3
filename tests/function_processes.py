"""Runtime processes for tests: started, invoked and ended on a loop of their own."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import time
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest

from bargate.functions.run_as import Way, chosen_way
from bargate.functions.runtime_process import RuntimeProcess
from bargate.functions.runtime_spec import Event, RuntimeSpec, own_python
from bargate.model.invocation import Errored, Returned
from bargate.secret import Secret

CODE = Path(__file__).parent / "e2e" / "functions" / "code"
PYTHON = f"python{own_python()}"
walled_in = pytest.mark.skipif(
    os.geteuid() != 0 or chosen_way() is not Way.OWN_ROOT, reason="needs root and CAP_SYS_ADMIN"
)
T = TypeVar("T")
_numbers = itertools.count(1)


def spec(handler: str, **changed: Any) -> RuntimeSpec:
    given: dict[str, Any] = {
        "function_name": "tested",
        "version": "$LATEST",
        "runtime": PYTHON,
        "handler": handler,
        "code_folder": str(CODE),
        "region": "eu-west-1",
        "timeout_s": 10,
        "environment": {"OWN": Secret("mine")},
    }
    return RuntimeSpec(**(given | changed))


def event(payload: Any = None, **changed: Any) -> Event:
    given: dict[str, Any] = {
        "request_id": f"request-{next(_numbers)}",
        "payload": json.dumps(payload).encode(),
        "function_arn": "arn:aws:lambda:eu-west-1:111122223333:function:tested",
        "deadline_ms": int(time.time() * 1000) + 10_000,
        "wants_log": True,
    }
    return Event(**(given | changed))


@contextlib.asynccontextmanager
async def started(
    handler: str, log: list[bytes] | None = None, **changed: Any
) -> AsyncIterator[RuntimeProcess]:
    lines: list[bytes] = [] if log is None else log
    process = await RuntimeProcess.start(spec(handler, **changed), lines.append)
    try:
        yield process
    finally:
        await process.end()


async def once(handler: str, payload: Any = None, **changed: Any) -> Returned | Errored:
    async with started(handler, **changed) as process:
        return await process.invoke(event(payload))


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(work, 60))


def answer(outcome: Returned | Errored) -> Any:
    assert isinstance(outcome, Returned), outcome
    return json.loads(outcome.payload)


def error(outcome: Returned | Errored) -> dict[str, Any]:
    assert isinstance(outcome, Errored), outcome
    told: dict[str, Any] = json.loads(outcome.payload)
    return told
