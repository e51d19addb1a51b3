"""The backend side: pools, retries, failures, time-outs, framing of responses, TLS."""

from __future__ import annotations

import ssl
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import pytest
from tests.e2e.gateway.conftest import Backend, read_all, read_answer, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.gateway.conftest import Gateway


def request(path: str, method: str = "GET", fields: str = "", body: bytes = b"") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: g\r\n{fields}\r\n".encode() + body


def test_reuses_one_connection(start_gateway: Callable[..., Gateway], backend: Backend) -> None:
    gateway = start_gateway()
    for number in range(10):
        assert gateway.get(f"/open/{number}").status == 200
    assert len(backend.received) == 1


def test_retries_once_on_a_stale_connection(
    start_gateway: Callable[..., Gateway], backend: Backend
) -> None:
    gateway = start_gateway()
    backend.close_after = 1
    for number in range(30):
        assert gateway.get(f"/open/{number}").status == 200
    assert backend.requests == 30


def test_never_repeats_what_is_not_idempotent(
    start_gateway: Callable[..., Gateway], backend: Backend
) -> None:
    gateway = start_gateway()
    assert gateway.get("/open/x").status == 200
    with closing(gateway.connect()) as client:
        client.sendall(request("/open/r/nothing", "POST", "Content-Length: 2\r\n", b"hi"))
        assert read_answer(client).status == 502
        client.sendall(request("/open/r/nothing"))
        assert read_answer(client).status == 502
    # The POST reached the backend once. The GET came on a fresh connection: not repeated either.
    assert backend.bytes.count(b"POST /open/r/nothing") == 1
    assert backend.bytes.count(b"GET /open/r/nothing") == 1


def test_repeats_at_most_once(start_gateway: Callable[..., Gateway], backend: Backend) -> None:
    gateway = start_gateway()
    assert gateway.get("/open/x").status == 200
    assert gateway.get("/open/r/nothing").status == 502
    assert backend.bytes.count(b"GET /open/r/nothing") == 2


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("ok", b"ok"),
        ("close", b"ok"),
        ("chunked", b"abcdefg"),
        ("delimited", b"until the end"),
        ("http10", b"old"),
        ("continue", b"ok"),
        ("two", b"ok"),
    ],
)
@pytest.mark.parametrize("way", ["open", "buffered"])
def test_passes_every_framing(name: str, body: bytes, way: str, shared_gateway: Gateway) -> None:
    with closing(shared_gateway.connect()) as client:
        for _ in range(3):
            client.sendall(request(f"/{way}/r/{name}"))
            answer = read_answer(client)
            assert (answer.status, answer.body) == (200, body)
            assert b"trailer" not in answer.header
            assert b"link" not in answer.header
            client.sendall(request("/open/next"))
            assert read_answer(client).body == b"GET /open/next HTTP/1.1\n"
    old = shared_gateway.raw(f"GET /{way}/r/{name} HTTP/1.0\r\n\r\n".encode())
    assert old.endswith(b"\r\n\r\n" + body)
    assert b"chunked" not in old


@pytest.mark.parametrize(("name", "status"), [("nocontent", 204), ("notmodified", 304)])
def test_passes_responses_without_body(name: str, status: int, shared_gateway: Gateway) -> None:
    with closing(shared_gateway.connect()) as client:
        for way in ("open", "buffered", "open"):
            client.sendall(request(f"/{way}/r/{name}") + request("/mock"))
            answer = read_answer(client)
            assert answer.status == status
            assert b"content-length" not in answer.header
            assert read_answer(client, answer.rest).body == b'{"mock":true,"body":0}'


def test_a_mapped_status_without_body_drops_the_body(shared_gateway: Gateway) -> None:
    with closing(shared_gateway.connect()) as client:
        for name in ("ok", "chunked", "twelve"):
            client.sendall(request(f"/nocontent/r/{name}") + request("/mock"))
            answer = read_answer(client)
            assert (answer.status, b"content-length" in answer.header) == (204, False)
            assert read_answer(client, answer.rest).status == 200


def test_responses_to_head(shared_gateway: Gateway) -> None:
    with closing(shared_gateway.connect()) as client:
        for name in ("headbody", "headwithbody", "x", "close"):
            client.sendall(request(f"/open/r/{name}", "HEAD") + request("/open/after"))
            answer = read_answer(client, is_head=True)
            assert answer.status == 200
            assert read_answer(client, answer.rest).body == b"GET /open/after HTTP/1.1\n"


@pytest.mark.parametrize(
    "name",
    [
        "garbage",
        "cltee",
        "twolengths",
        "gzipcoding",
        "upgrade",
        "longhead",
        "manyheads",
        "barelf",
        "nothing",
    ],
)
@pytest.mark.parametrize("way", ["open", "buffered"])
def test_broken_responses_are_502(name: str, way: str, shared_gateway: Gateway) -> None:
    with closing(shared_gateway.connect()) as client:
        client.sendall(request(f"/{way}/r/{name}"))
        assert read_answer(client).status == 502
        client.sendall(request("/open/next"))
        assert read_answer(client).body == b"GET /open/next HTTP/1.1\n"
    assert shared_gateway.stats()["calls"][-2]["reason"] in {
        "integration.malformed",
        "integration.closed",
    }


@pytest.mark.parametrize("name", ["short", "shortchunk", "badchunk", "stall"])
def test_truncated_responses_are_never_completed(name: str, shared_gateway: Gateway) -> None:
    with closing(shared_gateway.connect()) as client:
        client.sendall(request(f"/open/r/{name}", fields="Connection: close\r\n"))
        received = read_all(client)
        assert not received.endswith(b"0\r\n\r\n")
        assert b"only this" not in received or b"Content-Length: 100" in received
    if name != "stall":
        assert shared_gateway.get(f"/buffered/r/{name}").status == 502


def test_no_backend_is_504(shared_gateway: Gateway) -> None:
    assert shared_gateway.get("/dead").status == 504
    assert shared_gateway.get("/nowhere").status == 504
    assert shared_gateway.get("/plaintotls").status in {502, 504}
    reasons = [call["reason"] for call in shared_gateway.stats()["calls"][-3:-1]]
    assert reasons == ["integration.unreachable"] * 2


@pytest.mark.parametrize(
    "path", ["/short/r/silent", "/shortbuffered/r/stall", "/shortbuffered/r/silent"]
)
def test_time_outs_are_504(path: str, shared_gateway: Gateway) -> None:
    started = time.monotonic()
    answer = shared_gateway.get(path)
    assert answer.status == 504
    assert 0.28 < time.monotonic() - started < 1.0


def test_a_response_too_large_to_buffer_is_502(shared_gateway: Gateway) -> None:
    assert shared_gateway.get("/buffered/r/twelve").status == 502
    wait_until(lambda: shared_gateway.stats()["held_bytes"] == 0)


def test_streams_without_end_of_memory(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway()
    before = gateway.stats()["rss_bytes"]
    with closing(gateway.connect()) as client:
        client.sendall(request("/open/r/endless"))
        received = 0
        while received < 300_000_000:
            received += len(client.recv(1_000_000))
        assert gateway.stats()["rss_bytes"] - before < 20_000_000


def test_a_client_that_leaves_aborts_the_backend(
    start_gateway: Callable[..., Gateway], backend: Backend
) -> None:
    gateway = start_gateway()
    with closing(gateway.connect()) as client:
        client.sendall(request("/open/r/endless"))
        client.recv(100_000)
    assert backend.closed.wait(8)
    wait_until(lambda: gateway.stats()["connections"] == 1)
    assert gateway.get("/open/x").status == 200


def test_limits_connections_and_the_waiting_line(
    start_gateway: Callable[..., Gateway], backend: Backend
) -> None:
    gateway = start_gateway(limits={"upstream_connections_max": 2, "upstream_waiting_max": 3})
    clients = [gateway.connect() for _ in range(8)]
    for number, client in enumerate(clients):
        client.sendall(request("/short/r/silent"))
        if number < 2:
            wait_until(lambda expected=number + 1: backend.requests == expected)
    statuses = sorted(read_answer(client).status for client in clients)
    assert statuses == [503] * 3 + [504] * 5
    for client in clients:
        client.close()
    assert gateway.get("/open/x").status == 200


def test_waiting_requests_are_served_in_turn(
    start_gateway: Callable[..., Gateway], backend: Backend
) -> None:
    gateway = start_gateway(limits={"upstream_connections_max": 1})
    clients = [gateway.connect() for _ in range(10)]
    for number, client in enumerate(clients):
        client.sendall(request(f"/open/{number}"))
    for number, client in enumerate(clients):
        assert read_answer(client).body == f"GET /open/{number} HTTP/1.1\n".encode()
        client.close()
    assert len(backend.received) == 1


def test_idle_and_old_connections_are_closed(
    start_gateway: Callable[..., Gateway], backend: Backend
) -> None:
    gateway = start_gateway(limits={"upstream_idle_s": 0.2})
    assert gateway.get("/open/x").status == 200
    assert backend.closed.wait(3)
    old = start_gateway(limits={"upstream_max_age_s": 0.0})
    for _ in range(3):
        assert old.get("/open/x").status == 200
    assert len(backend.received) == 4


def test_tries_every_address_of_a_name(start_gateway: Callable[..., Gateway]) -> None:
    # localhost is ::1 and 127.0.0.1 on most machines; the backend listens on the latter only.
    assert start_gateway().get("/named/x").status == 200


@pytest.fixture
def tls_backend(certificate: tuple[str, str]) -> Iterator[Backend]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    backend = Backend(context)
    yield backend
    backend.stop()


def test_verifies_backends(
    start_gateway: Callable[..., Gateway], tls_backend: Backend, certificate: tuple[str, str]
) -> None:
    gateway = start_gateway(tls_backend_port=tls_backend.port, tls_backend_ca=certificate[0])
    assert gateway.get("/tls/x").body == b"GET /tls/x HTTP/1.1\n"
    assert gateway.get("/tls/r/delimited").body == b"until the end"
    assert len(gateway.get("/tls/r/twelve").body) == 12_000_000
    assert gateway.get("/tlsunverified/x").status == 200
    requests = tls_backend.requests
    assert gateway.get("/tlswrongname/x").status == 504
    distrusting = start_gateway(tls_backend_port=tls_backend.port)
    assert distrusting.get("/tls/x").status == 504
    assert tls_backend.requests == requests


def test_an_early_answer_does_not_poison_the_pool(
    start_gateway: Callable[..., Gateway], backend: Backend
) -> None:
    gateway = start_gateway()
    with closing(gateway.connect()) as client:
        client.sendall(request("/open/r/two") + request("/open/a") + request("/open/b"))
        first = read_answer(client)
        second = read_answer(client, first.rest)
        third = read_answer(client, second.rest)
    assert [first.body, second.body[:11], third.body[:11]] == [
        b"ok",
        b"GET /open/a",
        b"GET /open/b",
    ]
    with suppress(OSError):
        backend.drop()
