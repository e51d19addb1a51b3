"""Events that wait and are tried again; time is a number that the tests turn."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable

import pytest

from bargate.functions.events import ATTEMPT_WAIT_S, EventLimits, EventQueue, Events, QueuedEvent
from bargate.model.function import Function
from bargate.model.invocation import (
    ByService,
    Errored,
    Invocation,
    Outcome,
    Permitted,
    Refused,
    Returned,
)

OK = Returned(payload=b"null", version="1")
FAILED = Errored(payload=b"{}", version="1")
THROTTLED = Refused(reason="throttled", message="Rate Exceeded.")


def function(name: str = "f", *, max_retries: int = 2, max_age_s: int = 21_600) -> Function:
    return Function(
        account_id="123456789012",
        region="us-east-1",
        name=name,
        arn=f"arn:aws:lambda:us-east-1:123456789012:function:{name}",
        versions=(),
        max_retries=max_retries,
        max_age_s=max_age_s,
    )


def event(payload: bytes = b"{}") -> Invocation:
    return Invocation(
        function="arn:aws:lambda:us-east-1:123456789012:function:f:live",
        payload=payload,
        invoker=ByService(source_arn="arn:aws:execute-api:…", source_account="123456789012"),
        is_event=True,
    )


def added(queue: EventQueue, of: Function | None = None, now: float = 0.0) -> QueuedEvent:
    queued = queue.add(event(), of or function(), now)
    assert isinstance(queued, QueuedEvent)
    return queued


def attempts(queue: EventQueue, outcome: Outcome, at_most: int = 100) -> list[float]:
    """Let every attempt come to the same, and give the times at which they began."""
    times: list[float] = []
    while (at := queue.next_at()) is not None and len(times) < at_most:
        for each in queue.begin(at):
            times.append(at)
            queue.settle(each, outcome, at)
    return times


def test_an_event_runs_as_permitted_and_as_no_event() -> None:
    queue = EventQueue(EventLimits())
    added(queue)
    (begun,) = queue.begin(0.0)
    assert begun.invocation.invoker == Permitted()
    assert not begun.invocation.is_event
    assert begun.invocation.function.endswith(":live")
    assert begun.invocation.timeout_s == ATTEMPT_WAIT_S
    assert queue.begin(0.0) == []
    queue.settle(begun, OK, 0.0)
    assert len(queue) == 0
    assert queue.next_at() is None


def test_an_error_is_retried_after_one_and_two_minutes() -> None:
    queue = EventQueue(EventLimits())
    added(queue)
    assert attempts(queue, FAILED) == [0.0, 60.0, 180.0]
    assert len(queue) == 0


@pytest.mark.parametrize("retries", [0, 1, 2])
def test_as_many_retries_as_the_function_says(retries: int) -> None:
    queue = EventQueue(EventLimits())
    added(queue, function(max_retries=retries))
    assert len(attempts(queue, FAILED)) == 1 + retries


def test_each_attempt_has_the_same_request_id() -> None:
    queue = EventQueue(EventLimits())
    queued = added(queue)
    ids = []
    for now in (0.0, 60.0):
        (begun,) = queue.begin(now)
        ids.append(begun.request_id)
        queue.settle(begun, FAILED, now)
    assert ids == [queued.request_id] * 2
    assert added(queue).request_id != queued.request_id


def test_what_is_throttled_backs_off_until_it_is_too_old() -> None:
    queue = EventQueue(EventLimits())
    added(queue, function(max_age_s=3_600))
    times = attempts(queue, THROTTLED)
    waits = [later - sooner for sooner, later in itertools.pairwise(times)]
    assert waits[:9] == [1, 2, 4, 8, 16, 32, 64, 128, 256]
    assert set(waits[9:]) == {300.0}
    assert times[-1] <= 3_600 < times[-1] + 300
    assert len(queue) == 0


def test_refusals_do_not_count_as_errors() -> None:
    queue = EventQueue(EventLimits())
    added(queue)
    for _ in range(5):
        at = queue.next_at()
        assert at is not None
        (begun,) = queue.begin(at)
        queue.settle(begun, THROTTLED, at)
    assert len(attempts(queue, FAILED)) == 3


@pytest.mark.parametrize("reason", ["not_found", "denied", "too_large"])
def test_what_is_refused_for_good_is_dropped(reason: str, caplog: pytest.LogCaptureFixture) -> None:
    queue = EventQueue(EventLimits())
    added(queue)
    refused = Refused(reason=reason, message="No such function.")  # type: ignore[arg-type]
    assert attempts(queue, refused) == [0.0]
    assert "No such function." in caplog.text


def test_an_event_that_waited_too_long_is_not_run(caplog: pytest.LogCaptureFixture) -> None:
    queue = EventQueue(EventLimits())
    added(queue, function(max_age_s=60))
    assert queue.begin(60.1) == []
    assert len(queue) == 0
    assert "too old" in caplog.text


def test_a_queue_is_bounded_and_others_are_not_touched_by_it() -> None:
    queue = EventQueue(EventLimits(events_a_function=2))
    added(queue)
    added(queue)
    (running, *_) = queue.begin(0.0)
    full = queue.add(event(), function(), 0.0)
    assert isinstance(full, Refused)
    assert full.reason == "throttled"
    added(queue, function("other"))
    queue.settle(running, OK, 0.0)
    added(queue)


def test_memory_is_bounded_for_all_together_and_given_back() -> None:
    queue = EventQueue(EventLimits(bytes_in_all=10_000))
    big = event(b"x" * 8_000)
    assert isinstance(queue.add(big, function(), 0.0), QueuedEvent)
    assert isinstance(queue.add(event(), function("other"), 0.0), Refused)
    assert attempts(queue, FAILED) == [0.0, 60.0, 180.0]
    assert queue._bytes == 0
    assert queue._queues == {}
    assert isinstance(queue.add(big, function(), 0.0), QueuedEvent)


def test_many_empty_events_are_bounded_too() -> None:
    queue = EventQueue(EventLimits(bytes_in_all=10_000))
    outcomes = [queue.add(event(b""), function(str(number)), 0.0) for number in range(20)]
    assert sum(isinstance(each, QueuedEvent) for each in outcomes) == 9


def test_one_function_cannot_hold_up_the_others() -> None:
    queue = EventQueue(EventLimits(running_a_function=3, running_in_all=5))
    for _ in range(10):
        added(queue, function("busy"))
    added(queue, function("other"))
    begun = queue.begin(0.0)
    assert sorted(each.queue.rpartition(":")[2] for each in begun) == ["busy"] * 3 + ["other"]
    assert queue.next_at() is None  # until one is settled
    queue.settle(begun[0], OK, 0.0)
    assert queue.next_at() == 0.0
    assert len(queue.begin(0.0)) == 1


def test_no_more_run_than_may_in_all() -> None:
    queue = EventQueue(EventLimits(running_a_function=3, running_in_all=5))
    for number in range(10):
        added(queue, function(str(number)))
    begun = queue.begin(0.0)
    assert len(begun) == 5
    queue.settle(begun[0], OK, 0.0)
    assert len(queue.begin(0.0)) == 1


def test_events_of_a_function_begin_in_the_order_they_came() -> None:
    queue = EventQueue(EventLimits(running_a_function=1))
    ids = [added(queue).request_id for _ in range(5)]
    begun = []
    while waiting := queue.begin(0.0):
        begun += [each.request_id for each in waiting]
        queue.settle(waiting[0], OK, 0.0)
    assert begun == ids


NO_WAITS = EventLimits(error_waits_s=(0.0,), first_backoff_s=0.0)


def driven(
    work: Callable[[Events], Awaitable[None]],
    run: Callable[[Invocation, str], Awaitable[Outcome]],
) -> None:
    async def main() -> None:
        events = Events(run, asyncio.get_running_loop().time, NO_WAITS)
        try:
            async with asyncio.timeout(10):
                await work(events)
        finally:
            await events.close()

    asyncio.run(main())


def test_events_are_run_again_until_they_succeed() -> None:
    outcomes: list[Outcome] = [FAILED, THROTTLED, FAILED, OK]
    seen: list[str] = []
    done = asyncio.Event()

    async def run(invocation: Invocation, request_id: str) -> Outcome:
        seen.append(request_id)
        outcome = outcomes[len(seen) - 1]
        if outcome is OK:
            done.set()
        return outcome

    async def work(events: Events) -> None:
        request_id = events.add(event(), function())
        await done.wait()
        assert seen == [request_id] * 4

    driven(work, run)


def test_whoever_sends_an_event_does_not_wait_for_it() -> None:
    started, cancelled = asyncio.Event(), asyncio.Event()

    async def run(invocation: Invocation, request_id: str) -> Outcome:
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return OK

    async def work(events: Events) -> None:
        assert isinstance(events.add(event(), function()), str)
        await started.wait()
        await events.close()
        assert cancelled.is_set()
        refused = events.add(event(), function())
        assert isinstance(refused, Refused)
        assert refused.reason == "unavailable"

    driven(work, run)


def test_what_is_lost_at_the_end_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)

    async def run(invocation: Invocation, request_id: str) -> Outcome:
        return OK

    async def work(events: Events) -> None:
        events.add(event(), function())

    driven(work, run)
    assert "1 events that functions were sent are lost" in caplog.text


def test_an_event_added_while_others_wait_runs_at_once() -> None:
    ran: asyncio.Queue[str] = asyncio.Queue()

    async def run(invocation: Invocation, request_id: str) -> Outcome:
        await ran.put(request_id)
        return FAILED

    async def main() -> None:
        events = Events(run, asyncio.get_running_loop().time)  # with AWS's waits
        async with asyncio.timeout(10):
            first = events.add(event(), function())
            assert await ran.get() == first
            second = events.add(event(), function())
            assert await ran.get() == second
        await events.close()

    asyncio.run(main())
