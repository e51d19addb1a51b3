"""Calls that invoke functions: one answer each, whatever becomes of the invocation."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from bargate.gateway.connection import ClientConnection
from bargate.gateway.fetch import fetch
from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.gateway.limits import Limits
from bargate.gateway.metrics import Counters
from bargate.gateway.observer import Observer
from bargate.gateway.recent import RecentCalls
from bargate.gateway.server import Server
from bargate.model.http_api import HttpApi, HttpIntegration, Route
from bargate.model.invocation import Errored, Invocation, Outcome, Refused, Returned
from bargate.model.rest_api import Integration
from building import method, rest_api, snapshot
from transport import Transport

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bargate.gateway.serving import CallRecord
    from bargate.model.invocation import FunctionInvoker

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:echo"
URI = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
GET = b"GET /_api/petstore/prod/pets HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /_api/petstore/prod/pets HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
INTERNAL = b'{"message": "Internal server error"}'


class Functions:
    """Answers as it is told, and remembers what it was asked and what was cancelled."""

    def __init__(self, outcome: Outcome | BaseException | None) -> None:
        self._outcome = outcome
        self.asked: list[Invocation] = []
        self.cancelled = 0
        self.begun = asyncio.Event()

    async def __call__(self, invocation: Invocation) -> Outcome:
        self.asked.append(invocation)
        self.begun.set()
        if self._outcome is None:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        if isinstance(self._outcome, BaseException):
            raise self._outcome
        assert self._outcome is not None
        return self._outcome


class Records:
    """Keeps the records of finished calls."""

    def __init__(self) -> None:
        self.records: list[CallRecord] = []
        self._next = Observer(RecentCalls(), None, Counters())

    def call_done(self, record: CallRecord) -> None:
        self.records.append(record)
        self._next.call_done(record)

    def request_refused(self, source_ip: str, status: int, reason: str) -> None:
        self._next.request_refused(source_ip, status, reason)


class Running:
    """A server with one connection that is fed by hand."""

    def __init__(self, functions: FunctionInvoker | None, timeout_ms: int = 29_000, **limits: int):
        integration = Integration(
            type="AWS_PROXY", http_method="POST", uri=URI, timeout_ms=timeout_ms
        )
        api = rest_api(("/pets", method("ANY", integration=integration)))
        self.observed = Records()
        self.server = Server(
            snapshot(api),
            HttpKeyDirectory(fetch),
            self.observed,
            Limits(**limits),
            functions=functions,
        )
        self.context = self.server._context
        self.transport = Transport()
        self.connection = ClientConnection(self.context)
        self.connection.connection_made(self.transport)

    async def ask(self, request: bytes = GET) -> tuple[int, bytes, bytes]:
        self.connection.data_received(request)
        await self.settle()
        return self.read()

    async def settle(self) -> None:
        """Let all tasks of the worker end that can."""
        while self.context.tasks:
            await asyncio.wait(tuple(self.context.tasks))

    def read(self) -> tuple[int, bytes, bytes]:
        head, _, body = self.transport.written.partition(b"\r\n\r\n")
        return int(head[9:12]), head, body

    def stop(self) -> None:
        """Sweep no more deadlines."""
        assert self.server._sweeper is not None
        self.server._sweeper.cancel()

    @property
    def record(self) -> CallRecord:
        [record] = self.observed.records
        return record


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 20))


def test_the_functions_answer_is_the_clients() -> None:
    async def test() -> None:
        payload = b'{"statusCode": 201, "headers": {"X-A": "b"}, "body": "hi"}'
        functions = Functions(Returned(payload=payload, version="1"))
        running = Running(functions)
        status, head, body = await running.ask(POST)
        assert (status, body) == (201, b"hi")
        assert b"\r\nX-A: b\r\n" in head
        assert head.count(b"Content-Length: 2") == 1
        [asked] = functions.asked
        assert json.loads(asked.payload)["body"] == "hello"
        record = running.record
        assert (record.status, record.integration_status, record.denial) == (201, 200, None)
        assert record.integration_latency_s is not None
        assert running.server.held_bytes == 0

    run(test)


@pytest.mark.parametrize(
    ("outcome", "status", "integration_status", "reason"),
    [
        (Errored(payload=b"{}", version="1"), 502, 200, "integration.function_error"),
        (Returned(payload=b"[]", version="1"), 502, 200, "integration.malformed_response"),
        (Refused(reason="denied", message="no"), 500, None, "integration.function_denied"),
        (Refused(reason="throttled", message="no"), 500, None, "integration.function_throttled"),
        (Refused(reason="timed_out", message="no"), 504, None, "integration.timeout"),
        (RuntimeError("a bug"), 500, None, "internal"),
    ],
)
def test_failures_are_answered_once_and_told_to_the_operator(
    outcome: Outcome | BaseException, status: int, integration_status: int | None, reason: str
) -> None:
    async def test() -> None:
        running = Running(Functions(outcome))
        assert (await running.ask())[0] == status
        assert running.transport.written.count(b"HTTP/1.1") == 1
        record = running.record
        assert record.denial is not None
        assert (record.denial.reason, record.integration_status) == (reason, integration_status)

    run(test)


def test_without_functions_a_call_is_refused() -> None:
    async def test() -> None:
        running = Running(None)
        status, head, _ = await running.ask()
        assert status == 500
        assert b"x-amzn-ErrorType: InternalServerErrorException" in head
        assert running.record.denial is not None
        assert running.record.denial.reason == "integration.function_unavailable"

    run(test)


def test_a_client_that_leaves_cancels_its_invocation() -> None:
    async def test() -> None:
        functions = Functions(None)
        running = Running(functions)
        running.connection.data_received(POST)
        await functions.begun.wait()
        running.connection.connection_lost(None)
        await running.settle()
        assert functions.cancelled == 1
        assert running.record.status == 0
        assert running.transport.written == b""
        assert running.server.held_bytes == 0

    run(test)


def test_an_invocation_that_outlasts_its_time_is_cancelled_and_answered() -> None:
    async def test() -> None:
        functions = Functions(None)
        running = Running(functions, timeout_ms=50)
        running.server._sweep()
        status, _, body = await running.ask()
        assert (status, json.loads(body)) == (504, {"message": "Endpoint request timed out"})
        assert functions.cancelled == 1
        assert running.transport.written.count(b"HTTP/1.1") == 1
        assert running.record.denial is not None
        assert running.record.denial.reason == "integration.timeout"
        running.stop()

    run(test)


def test_an_outcome_after_the_end_is_not_answered_again() -> None:
    async def test() -> None:
        class Stubborn(Functions):
            async def __call__(self, invocation: Invocation) -> Outcome:
                try:
                    return await super().__call__(invocation)
                except asyncio.CancelledError:
                    return Returned(payload=b"{}", version="1")

        running = Running(Stubborn(None), timeout_ms=50)
        running.server._sweep()
        assert (await running.ask())[0] == 504
        assert running.transport.written.count(b"HTTP/1.1") == 1
        assert len(running.observed.records) == 1
        running.stop()

    run(test)


def test_the_connection_goes_on_with_the_next_call() -> None:
    async def test() -> None:
        running = Running(Functions(Returned(payload=b'{"body": "a"}', version="1")))
        await running.ask(GET + GET)
        await running.settle()
        assert running.transport.written.count(b"HTTP/1.1 200") == 2

    run(test)


def test_what_is_held_is_bounded_and_given_back() -> None:
    async def test() -> None:
        answer = Returned(payload=b'{"body": "%b"}' % (b"a" * 10_000), version="1")
        functions = Functions(answer)
        running = Running(functions, memory_bytes=5_000)
        assert (await running.ask())[0] == 503
        assert len(functions.asked) == 1
        assert running.server.held_bytes == 0
        small = Running(Functions(answer), memory_bytes=100)
        assert (await small.ask())[0] == 503

    run(test)


def test_a_head_request_has_no_body() -> None:
    async def test() -> None:
        running = Running(Functions(Returned(payload=b'{"body": "abc"}', version="1")))
        status, head, body = await running.ask(GET.replace(b"GET", b"HEAD", 1))
        assert (status, body) == (200, b"")
        assert b"Content-Length: 3" in head

    run(test)


def test_a_route_of_an_http_api() -> None:
    async def test() -> None:
        integration = HttpIntegration(type="AWS_PROXY", uri=FUNCTION, payload_format_version="2.0")
        route = Route(route_key="GET /pets", integration=integration)
        api = HttpApi(id="petstore", name="n", routes=(route,))
        functions = Functions(Returned(payload=b'{"ok": true}', version="1"))
        running = Running(functions)
        running.server.serve(snapshot(api))
        status, _, body = await running.ask(GET)
        assert (status, body) == (200, b'{"ok": true}')
        assert json.loads(functions.asked[0].payload)["rawPath"] == "/prod/pets"
        broken = Running(Functions(Errored(payload=b"{}", version="1")))
        broken.server.serve(snapshot(api))
        status, head, body = await broken.ask(GET)
        assert (status, body) == (500, b'{"message":"Internal Server Error"}')
        assert b"ErrorType" not in head

    run(test)
