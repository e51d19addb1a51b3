"""Functions that run elsewhere: what real sockets answer, and what comes of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from bargate.functions import url_connection
from bargate.functions.runtime_spec import Event
from bargate.functions.url_connection import target_of
from bargate.functions.url_function import EMULATOR_PATH, UrlFunctions
from bargate.model.invocation import Errored, Refused, Returned

EVENT = Event(request_id="id-1", payload=b'{"a": 1}', function_arn="arn", deadline_ms=0)
ERROR = b'{"errorType": "KeyError", "errorMessage": "\'x\'", "stackTrace": []}'


class Served:
    """A server that answers each request with the next of `answers`, byte for byte.

    None closes the connection instead; the last one is repeated.
    """

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.connections = 0
        self.closed = asyncio.Event()
        self.port = 0
        self.cuts_off = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._answer(reader, writer)
        finally:
            self.closed.set()
            writer.close()

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # transports close with the next turn of the loop

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                line, *fields = head.rstrip().split("\r\n")
                headers = dict(field.split(": ", 1) for field in fields)
                body = await reader.readexactly(int(headers["Content-Length"]))
                self.requests.append((line, headers, body))
                answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
                if self.cuts_off:
                    writer.write_eof()
                    break

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.asynccontextmanager
async def serving(*answers: bytes | None) -> AsyncIterator[Served]:
    served = Served(*answers)
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()
        await served.end()


def http(body: bytes, status: int = 200, *fields: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *fields, "", ""]
    return "\r\n".join(lines).encode() + body


def outcome(*answers: bytes | None, path: str = "", timeout_s: float = 5.0) -> object:
    async def run() -> object:
        async with serving(*answers) as served:
            functions = UrlFunctions()
            try:
                return await functions.invoke(served.url + path, EVENT, timeout_s)
            finally:
                functions.close()

    return asyncio.run(run())


def with_server(
    work: Callable[[Served, UrlFunctions], Awaitable[None]], *answers: bytes | None
) -> None:
    async def run() -> None:
        async with serving(*answers) as served:
            functions = UrlFunctions()
            try:
                async with asyncio.timeout(20):
                    await work(served, functions)
            finally:
                functions.close()

    asyncio.run(run())


def refused(outcome: object, text: str) -> None:
    assert isinstance(outcome, Refused), outcome
    assert outcome.reason == "unavailable"
    assert text in outcome.message


def errored(outcome: object, kind: str, text: str) -> None:
    assert isinstance(outcome, Errored), outcome
    document = json.loads(outcome.payload)
    assert document["errorType"] == kind
    assert text in document["errorMessage"]


@pytest.mark.parametrize("body", [b'{"ok": true}', b"null", b'"text"', b"[1]"])
def test_json_is_returned_as_it_came(body: bytes) -> None:
    answer = outcome(http(body))
    assert isinstance(answer, Returned)
    assert (answer.payload, answer.version, answer.request_id) == (body, "$LATEST", "id-1")


@pytest.mark.parametrize(
    ("path", "asked"),
    [("", EMULATOR_PATH), ("/", EMULATOR_PATH), ("/my/hook?x=1", "/my/hook?x=1"),
     ("?x=1", EMULATOR_PATH + "?x=1")],
)  # fmt: skip
def test_the_event_is_posted_as_the_emulator_wants_it(path: str, asked: str) -> None:
    async def work(served: Served, functions: UrlFunctions) -> None:
        await functions.invoke(served.url + path, EVENT, 5.0)
        ((line, headers, body),) = served.requests
        assert line == f"POST {asked} HTTP/1.1"
        assert headers["Host"] == f"127.0.0.1:{served.port}"
        assert headers["Content-Type"] == "application/json"
        assert headers["X-Amzn-RequestId"] == "id-1"
        assert body == EVENT.payload

    with_server(work, http(b"null"))


@pytest.mark.parametrize("trace_id", ["a\r\nX-Evil: 1", "é", ""])
def test_a_trace_id_that_is_no_header_is_not_sent(trace_id: str) -> None:
    import msgspec

    async def work(served: Served, functions: UrlFunctions) -> None:
        event = msgspec.structs.replace(EVENT, trace_id=trace_id)
        await functions.invoke(served.url, event, 5.0)
        (_, headers, _) = served.requests[0]
        assert "X-Evil" not in headers
        assert "X-Amzn-Trace-Id" not in headers

    with_server(work, http(b"null"))


@pytest.mark.parametrize(
    "answer",
    [
        http(ERROR),  # the emulator, when the function raised
        http(ERROR, 502),  # the emulator, when the runtime did not start
        http(ERROR, 200, "X-Amz-Function-Error: Unhandled"),
    ],
)
def test_errors_of_the_function_are_errors(answer: bytes) -> None:
    told = outcome(answer)
    assert isinstance(told, Errored)
    assert told.payload == ERROR


def test_the_header_of_lambda_makes_any_json_an_error() -> None:
    told = outcome(http(b'{"isAuthorized": true}', 200, "x-aMz-function-error: Handled"))
    assert isinstance(told, Errored)


@pytest.mark.parametrize(
    "body", [b"Task timed out after 3.00 seconds", b"", b"<html>", b"{", b'{"a":1} x', b"\xff"]
)
def test_what_is_no_json_is_an_error(body: bytes) -> None:
    errored(outcome(http(body)), "Runtime.InvalidResponse", "not JSON")


def test_json_nested_without_end_is_an_error() -> None:
    errored(outcome(http(b"[" * 200_000)), "Runtime.InvalidResponse", "not JSON")


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 429, 500, 502, 503, 504])
def test_another_status_is_no_outcome_of_the_function(status: int) -> None:
    answer = http(b'{"isAuthorized": true}', status, "Location: http://127.0.0.1:1/")
    refused(outcome(answer), f"status {status}")


def test_a_response_that_is_too_long_is_an_error_and_read_no_further() -> None:
    most = 6 * 1024 * 1024
    fits = outcome(http(b'"' + b"x" * (most - 2) + b'"'))
    assert isinstance(fits, Returned)
    longer = http(b'"' + b"x" * (most - 1) + b'"')
    errored(outcome(longer), "Function.ResponseSizeTooLarge", "6291456 bytes")


def test_a_body_without_end_is_an_error() -> None:
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    endless = b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 120
    errored(outcome(endless), "Function.ResponseSizeTooLarge", "exceeded")


def test_a_head_without_end_is_refused() -> None:
    refused(outcome(b"HTTP/1.1 200 X\r\n" + b"X-Many: headers\r\n" * 10_000), "head")


@pytest.mark.parametrize(
    "answer",
    [None, b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 X\r\nContent-Length: x\r\n\r\n",
     b"HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"],
)  # fmt: skip
def test_what_is_no_response_is_refused(answer: bytes | None) -> None:
    assert isinstance(outcome(answer), Refused)


@pytest.mark.parametrize(
    "answer",
    [http(b"null")[:-2], b"HTTP/1.1 200 X\r\nContent-Le",
     b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nnull\r\n"],
)  # fmt: skip
def test_a_response_cut_off_is_refused(answer: bytes) -> None:
    async def work(served: Served, functions: UrlFunctions) -> None:
        served.cuts_off = True
        told = await functions.invoke(served.url, EVENT, 5.0)
        refused(told, "before the response was complete")

    with_server(work, answer)


def test_a_body_that_ends_with_its_connection_is_whole() -> None:
    async def work(served: Served, functions: UrlFunctions) -> None:
        served.cuts_off = True
        told = await functions.invoke(served.url, EVENT, 5.0)
        assert isinstance(told, Returned)
        assert told.payload == b"null"

    with_server(work, b"HTTP/1.0 200 X\r\n\r\nnull")


def test_a_silent_function_times_out_as_in_lambda() -> None:
    told = outcome(b"", timeout_s=0.05)
    errored(told, "Sandbox.Timedout", "Task timed out after 0.05 seconds")


def test_interim_responses_are_passed_over() -> None:
    told = outcome(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 X\r\nA: b\r\n\r\n" + http(b"1"))
    assert isinstance(told, Returned)
    assert told.payload == b"1"


def test_nobody_there_is_refused() -> None:
    async def run() -> object:
        async with serving(None) as served:
            url = served.url
        return await UrlFunctions().invoke(url, EVENT, 5.0)

    assert isinstance(asyncio.run(run()), Refused)


@pytest.mark.parametrize(
    "url",
    ["ftp://x/", "http://user:secret@x/", "http://", "file:///etc/passwd", "http://x/a b",
     "http://x/\r\nX: y", "http://ü/", "http://x:99999/", "http://[::1/"],
)  # fmt: skip
def test_what_is_no_url_is_refused_and_not_told(url: str) -> None:
    told = asyncio.run(UrlFunctions().invoke(url, EVENT, 5.0))
    assert isinstance(told, Refused)
    assert "secret" not in told.message


def test_a_url_is_read() -> None:
    target = target_of("https://Example.com:8443/a?b=c", "/default")
    assert (target.scheme, target.host, target.port) == ("https", "example.com", 8443)
    assert target.path == "/a?b=c"


def test_connections_are_kept_for_the_same_place_alone() -> None:
    async def work(served: Served, functions: UrlFunctions) -> None:
        for _ in range(3):
            assert isinstance(await functions.invoke(served.url, EVENT, 5.0), Returned)
        assert served.connections == 1
        async with serving(http(b"2")) as other:
            told = await functions.invoke(other.url, EVENT, 5.0)
            assert isinstance(told, Returned)
            assert told.payload == b"2"
        assert served.connections == 1

    with_server(work, http(b"1"))


@pytest.mark.parametrize(
    "answer",
    [
        http(b"1", 200, "Connection: close"),
        http(b"1") + http(b"2"),  # the next event must not have this for an answer
        b"HTTP/1.0 200 X\r\nContent-Length: 1\r\n\r\n1",
    ],
)
def test_a_connection_that_is_not_sound_is_not_used_again(answer: bytes) -> None:
    async def work(served: Served, functions: UrlFunctions) -> None:
        for _ in range(2):
            told = await functions.invoke(served.url, EVENT, 5.0)
            assert isinstance(told, Returned)
            assert told.payload == b"1"
        assert served.connections == 2

    with_server(work, answer)


def test_what_comes_unasked_is_never_taken_for_an_answer() -> None:
    """A server that says more while the connection is idle."""

    async def work(served: Served, functions: UrlFunctions) -> None:
        await functions.invoke(served.url, EVENT, 5.0)
        ((_, connection),) = functions._connections._idle
        connection._reader.feed_data(http(b'"forged"'))
        told = await functions.invoke(served.url, EVENT, 5.0)
        assert isinstance(told, Returned)
        assert told.payload == b"1"
        assert served.connections == 2

    with_server(work, http(b"1"))


def test_nothing_is_sent_twice() -> None:
    async def work(served: Served, functions: UrlFunctions) -> None:
        assert isinstance(await functions.invoke(served.url, EVENT, 5.0), Returned)
        assert isinstance(await functions.invoke(served.url, EVENT, 5.0), Refused)
        assert len(served.requests) == 2

    with_server(work, http(b"1"), None)


def test_connections_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(url_connection, "MAX_CONNECTIONS", 3)
    monkeypatch.setattr(url_connection, "MAX_IDLE", 2)

    async def work(served: Served, functions: UrlFunctions) -> None:
        told = await asyncio.gather(*(functions.invoke(served.url, EVENT, 10.0) for _ in range(20)))
        assert all(isinstance(each, Returned) for each in told)
        assert len(functions._connections._idle) <= 2

    with_server(work, http(b"1"))


def test_idle_connections_are_closed_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(served: Served, functions: UrlFunctions) -> None:
        await functions.invoke(served.url, EVENT, 5.0)
        functions.sweep()
        assert len(functions._connections._idle) == 1
        monkeypatch.setattr(url_connection, "IDLE_S", -1.0)
        functions.sweep()
        await served.closed.wait()

    with_server(work, http(b"1"))
