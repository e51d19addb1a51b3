"""A backend's response that came before is delivered as if it were read again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bargate.gateway.limits import Limits
from bargate.gateway.upstream.backend import Backend
from bargate.gateway.upstream.known_heads import KNOWN_MAX_BYTES, MAX_HEADS, KnownHeads
from bargate.mapping.plan import Origin, UpstreamRequest

OK = b"HTTP/1.1 200 OK\r\nA: 1\r\nContent-Length: 2\r\n\r\n"


class Transport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.aborted = False
        self.left_bytes = 0

    def write(self, data: Any) -> None:
        pass

    def abort(self) -> None:
        self.aborted = True

    def is_closing(self) -> bool:
        return self.aborted

    def get_write_buffer_size(self) -> int:
        return self.left_bytes


class Pool:
    def __init__(self) -> None:
        self.released = 0

    def release(self, backend: Backend) -> None:
        self.released += 1

    def lost(self, backend: Backend) -> None:
        pass


class Sink:
    def __init__(self) -> None:
        self.backend: Backend | None = None
        self.heard: list[Any] = []

    def responded(
        self, status: int, headers: Any, length: int | None, body: bytes, *, ended: bool
    ) -> None:
        self.heard.append((status, list(headers), length, body, ended))

    def data(self, body: bytes) -> None:
        self.heard.append(body)

    def ended(self) -> None:
        self.heard.append("ended")

    def failed(self, failure: str, detail: str) -> None:
        self.heard.append((failure, detail))

    def stale(self) -> None:
        self.heard.append("stale")


class Rig:
    """One connection to a backend, without sockets."""

    def __init__(self, known: KnownHeads | None = None) -> None:
        self.known = KnownHeads() if known is None else known
        self.transport, self.pool = Transport(), Pool()
        pool: Any = self.pool
        self.backend = Backend(pool, Limits(), 0.0, self.known)
        self.backend.connection_made(self.transport)

    def answer(self, *pieces: bytes, method: bytes = b"GET") -> list[Any]:
        sink = Sink()
        request = UpstreamRequest(Origin("http", "b", 80), b"", b"", method, True, 1.0)
        self.backend.send(request, sink)
        for piece in pieces:
            self.backend.data_received(piece)
        return sink.heard


FIRST = (
    OK + b"hi",
    OK.replace(b"A: 1", b"Connection: Keep-Alive\r\nKeep-Alive: 5") + b"hi",
    b"HTTP/1.1 304 Not Modified\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"hi",
)
SECOND = (
    (b"GET", (OK + b"ho",)),
    (b"GET", (OK + b"h", b"o")),
    (b"GET", (OK, b"ho")),
    (b"GET", (OK[:9], OK[9:] + b"ho")),
    (b"GET", (OK + b"ho" + OK + b"smuggled",)),
    (b"GET", (OK + b"hoX",)),
    (b"GET", (b"HTTP/1.1 100 Continue\r\n\r\n", OK + b"ho")),
    (b"HEAD", (OK,)),
    (b"HEAD", (OK + b"ho",)),
    *((b"GET", (first,)) for first in FIRST),
)


@pytest.mark.parametrize("first", FIRST)
@pytest.mark.parametrize(("method", "pieces"), SECOND)
def test_what_is_known_changes_nothing(
    first: bytes, method: bytes, pieces: tuple[bytes, ...]
) -> None:
    known = KnownHeads()
    Rig(known).answer(first)
    rig, fresh = Rig(known), Rig()
    assert rig.answer(*pieces, method=method) == fresh.answer(*pieces, method=method)
    assert rig.pool.released == fresh.pool.released
    assert rig.transport.aborted == fresh.transport.aborted


def test_one_connection_answers_again_and_again_in_every_order() -> None:
    rig = Rig()
    for first in FIRST * 2:
        for second in FIRST:
            assert rig.answer(first) == Rig().answer(first)
            assert rig.answer(second) == Rig().answer(second)
    assert not rig.transport.aborted
    assert len(rig.known) == 3  # framed by a length, in one piece


@pytest.mark.parametrize(
    "response",
    [
        OK.replace(b"A: 1", b"Connection: close") + b"hi",
        OK.replace(b"A: 1", b"Connection: a\r\nA: 1") + b"hi",
        OK.replace(b"1.1", b"1.0") + b"hi",
        OK.replace(b"A: 1", b"A: " + b"x" * KNOWN_MAX_BYTES) + b"hi",
        OK + b"hi!",
        b"HTTP/1.1 200 OK\r\n\r\n",
        OK.replace(b"A: 1", b"Content-Length: 2") + b"hi",
        OK.replace(b"A: 1", b"Transfer-Encoding: chunked") + b"hi",
    ],
)
def test_only_what_can_come_again_is_remembered(response: bytes) -> None:
    rig = Rig()
    rig.answer(response)
    assert not rig.known


def test_a_known_answer_before_the_request_was_read_ends_the_connection() -> None:
    rig = Rig()
    rig.answer(OK + b"hi")
    rig.transport.left_bytes = 1
    assert rig.answer(OK + b"ho") == [(200, [(b"A", b"1")], 2, b"ho", True)]
    assert rig.transport.aborted


def test_a_known_answer_that_nobody_asked_for_ends_the_connection() -> None:
    rig = Rig()
    rig.answer(OK + b"hi")
    rig.backend.data_received(OK + b"ho")
    assert rig.transport.aborted


def test_heads_are_bounded() -> None:
    rig = Rig()
    for number in range(MAX_HEADS + 10):
        rig.answer(OK.replace(b"A: 1", b"A: %d" % number) + b"hi")
    assert 0 < len(rig.known) <= MAX_HEADS
