"""One invocation of a Lambda function for a call: a task, which ends with its outcome.

Exchange ──invoke──► task ──► FunctionInvoker ──► done(status, outcome)
                      └── cancelled: the client left, or the integration's time is over
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.model.invocation import Refused

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from bargate.gateway.context import WorkerContext
    from bargate.model.invocation import FunctionInvoker, Invocation, Outcome

    Done = Callable[[int | None, Outcome | None], None]

_ANSWERED = 200  # AWS [M] lambda Invoke: the status of a function that ran, whatever it answered
_QUEUED = 202


def invoke(
    context: WorkerContext, functions: FunctionInvoker, invocation: Invocation, done: Done
) -> asyncio.Task[None]:
    """Begin an invocation; `done` is called once with its outcome, or never when it is cancelled.

    The outcome is None when the invoker raised, and its exception is handled then.
    """
    task = context.loop.create_task(_invoke(functions, invocation, done))
    context.tasks.add(task)
    task.add_done_callback(context.tasks.discard)
    return task


async def _invoke(functions: FunctionInvoker, invocation: Invocation, done: Done) -> None:
    try:
        outcome = await functions(invocation)
    except Exception:  # noqa: BLE001 - an invoker's bug denies, and is logged by `done`
        done(None, None)
        return
    done(_status(invocation, outcome), outcome)


def _status(invocation: Invocation, outcome: Outcome) -> int | None:
    """Give the status that Lambda would have answered with; None where no function answered."""
    if isinstance(outcome, Refused):
        return None
    return _QUEUED if invocation.is_event else _ANSWERED
