"""The server side of HTTP/1.1: keep-alive, pipelining, bodies, deadlines, drain, TLS."""

from __future__ import annotations

import re
import signal
import socket
import ssl
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from tests.e2e.gateway.conftest import is_quiet, read_all, read_answer, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.gateway.conftest import Backend, Gateway


def request(path: str, fields: str = "", body: bytes = b"", method: str = "GET") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: g\r\n{fields}\r\n".encode() + body


def is_refused(gateway: Gateway) -> bool:
    try:
        gateway.connect().close()
    except ConnectionRefusedError:
        return True
    return False


def test_every_response_carries_date_and_ids(shared_gateway: Gateway) -> None:
    answer = shared_gateway.get("/mock")
    assert re.fullmatch(rb"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", answer.header[b"date"])
    assert re.fullmatch(
        rb"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}",
        answer.header[b"x-amzn-requestid"],
    )
    assert re.fullmatch(rb"[\w-]{15}=", answer.header[b"x-amz-apigw-id"])
    other = shared_gateway.get("/_http/mock")
    assert re.fullmatch(rb"[\w-]{15}=", other.header[b"apigw-requestid"])
    assert b"x-amzn-requestid" not in other.header
    refused = shared_gateway.raw(b"BAD\r\n\r\n")
    assert b"x-amzn-RequestId: " in refused
    assert b"\r\nConnection: close\r\n" in refused


def test_keeps_connections_alive(shared_gateway: Gateway) -> None:
    with closing(shared_gateway.connect()) as client:
        for number in range(20):
            client.sendall(request(f"/open/{number}"))
            answer = read_answer(client)
            assert answer.body == f"GET /open/{number} HTTP/1.1\n".encode()
            assert b"connection" not in answer.header


@pytest.mark.parametrize(
    "data",
    [
        b"GET /mock HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n",
        b"GET /mock HTTP/1.1\r\nHost: g\r\nConnection: x, CLOSE\r\n\r\n",
        b"GET /mock HTTP/1.0\r\n\r\n",
        b"GET /mock HTTP/1.0\r\nHost: g\r\nConnection: keep-alive\r\n\r\n",
    ],
)
def test_closes_when_asked(data: bytes, shared_gateway: Gateway) -> None:
    received = shared_gateway.raw(data)
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nConnection: close\r\n" in received


def test_answers_pipelined_requests_in_order(shared_gateway: Gateway) -> None:
    kinds = ["/open/{}", "/mock?{}", "/denied/{}", "/open/{}/r/chunked"]
    paths = [kinds[number % 4].format(number) for number in range(40)]
    with closing(shared_gateway.connect()) as client:
        client.sendall(b"".join(request(path) for path in paths))
        rest = b""
        for path in paths:
            answer = read_answer(client, rest)
            rest = answer.rest
            expected = {"/mo": b'{"mock":true,"body":0}', "/de": b'{"message": "UNAUTHORIZED"}'}
            if path.endswith("/r/chunked"):
                assert answer.body == b"abcdefg"
            else:
                default = f"GET {path} HTTP/1.1\n".encode()
                assert answer.body == expected.get(path[:3], default)


def test_thousands_of_pipelined_requests_are_all_answered(shared_gateway: Gateway) -> None:
    count = 5_000
    with closing(shared_gateway.connect()) as client:
        data = request("/mock") * count
        sender = threading.Thread(target=client.sendall, args=(data,))
        sender.start()
        received = 0
        while received < count:
            received += client.recv(1_000_000).count(b'"mock":true')
        sender.join()
    assert received == count


def test_pipelined_request_behind_a_body(shared_gateway: Gateway) -> None:
    with closing(shared_gateway.connect()) as client:
        client.sendall(
            request("/open/a", "Content-Length: 5\r\n", b"hello", "POST")
            + request("/open/b", "Transfer-Encoding: chunked\r\n", b"2\r\nhi\r\n0\r\n\r\n", "POST")
            + request("/open/c")
        )
        first = read_answer(client)
        second = read_answer(client, first.rest)
        third = read_answer(client, second.rest)
    assert first.body == b"POST /open/a HTTP/1.1\nhello"
    assert second.body == b"POST /open/b HTTP/1.1\nhi"
    assert third.body == b"GET /open/c HTTP/1.1\n"


def test_takes_a_head_byte_by_byte(shared_gateway: Gateway) -> None:
    data = request(
        "/open/x", "Transfer-Encoding: chunked\r\n", b"3\r\nabc\r\n0\r\nT: u\r\n\r\n", "POST"
    )
    with closing(shared_gateway.connect()) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(len(data)):
            client.sendall(data[at : at + 1])
        assert read_answer(client).body == b"POST /open/x HTTP/1.1\nabc"


def test_absolute_form_takes_the_host_from_the_target(shared_gateway: Gateway) -> None:
    answer = shared_gateway.raw(
        b"GET http://unknown.test/open/x HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 403 ")
    answer = shared_gateway.raw(
        b"GET HTTP://g HTTP/1.1\r\nHost: unknown.test\r\nConnection: close\r\n\r\n"
    )
    assert b"GET / HTTP/1.1\n" in answer


def test_head_has_no_body(shared_gateway: Gateway) -> None:
    with closing(shared_gateway.connect()) as client:
        for path, length in (("/open/x", b"1234"), ("/mock", b"22"), ("/denied", b"27")):
            client.sendall(request(path, method="HEAD") + request("/mock"))
            head = read_answer(client, is_head=True)
            assert head.header[b"content-length"] == length
            assert read_answer(client, head.rest).body == b'{"mock":true,"body":0}'


def test_method_override_decides_everything(shared_gateway: Gateway) -> None:
    with closing(shared_gateway.connect()) as client:
        client.sendall(request("/open/x", "X-HTTP-Method-Override: delete\r\n"))
        assert read_answer(client).body == b"DELETE /open/x HTTP/1.1\n"
        client.sendall(request("/open/x", "X-HTTP-Method-Override: HEAD\r\n"))
        answer = read_answer(client)
        assert answer.header[b"content-length"] == b"0"
        client.sendall(request("/_http/open/x", "X-HTTP-Method-Override: DELETE\r\n"))
        assert read_answer(client).body.startswith(b"GET ")
        client.sendall(request("/open/x", "X-HTTP-Method-Override: GET\r\n", method="HEAD"))
        client.sendall(request("/mock"))
        head = read_answer(client, is_head=True)
        assert read_answer(client, head.rest).body == b'{"mock":true,"body":0}'


def test_hop_by_hop_fields_never_pass(shared_gateway: Gateway, shared_backend: Backend) -> None:
    before = len(shared_backend.bytes)
    shared_gateway.get(
        "/open/x",
        "Connection: keep-alive, X-Named\r\nX-Named: secret-one\r\nKeep-Alive: 5\r\nTE: trailers\r\n"
        "Upgrade: websocket\r\nProxy-Authorization: secret-two\r\nTrailer: X\r\nX-Kept: yes\r\n",
    )
    seen = shared_backend.bytes[before:].lower()
    assert b"x-kept: yes" in seen
    for name in (
        b"secret",
        b"keep-alive",
        b"te:",
        b"upgrade",
        b"proxy-",
        b"trailer",
        b"connection",
    ):
        assert name not in seen, name
    answer = shared_gateway.get("/open/r/hop")
    assert answer.header[b"x-kept"] == b"1"
    assert not {b"x-secret", b"keep-alive", b"upgrade", b"proxy-authenticate"} & set(answer.header)


@pytest.mark.parametrize("upgrade", ["websocket", "h2c"])
def test_upgrades_are_not_followed(upgrade: str, shared_gateway: Gateway) -> None:
    fields = f"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: {upgrade}\r\nHTTP2-Settings: x\r\n"
    with closing(shared_gateway.connect()) as client:
        client.sendall(request("/open/x", fields) + request("/mock"))
        first = read_answer(client)
        assert first.status == 200
        assert read_answer(client, first.rest).status == 200
        client.sendall(request("/open/x", fields + "Content-Length: 2\r\n", b"hi", "POST"))
        assert read_answer(client).body == b"POST /open/x HTTP/1.1\nhi"


def test_continue_is_sent_after_the_head_was_decided(shared_gateway: Gateway) -> None:
    fields = "Expect: 100-continue\r\nContent-Length: 5\r\n"
    with closing(shared_gateway.connect()) as client:
        client.sendall(request("/open/x", fields, method="POST"))
        assert read_answer(client).status == 100
        client.sendall(b"hello")
        assert read_answer(client).body == b"POST /open/x HTTP/1.1\nhello"
        client.sendall(request("/open/y", fields, b"hello", "POST"))  # did not wait
        assert read_answer(client).status == 200
        client.sendall(request("/denied", fields, method="POST"))
        refused = read_answer(client)
        assert refused.status == 401
        assert refused.header[b"connection"] == b"close"
        assert client.recv(1) == b""


def test_refused_callers_make_us_buffer_nothing(
    shared_gateway: Gateway, shared_backend: Backend
) -> None:
    before = len(shared_backend.bytes)
    with closing(shared_gateway.connect()) as client:
        client.sendall(request("/denied", "Content-Length: 100000\r\n", b"x" * 1000, "POST"))
        answer = read_answer(client)
        assert answer.status == 401
        assert b"connection" not in answer.header
        assert shared_gateway.stats()["held_bytes"] == 0
        client.sendall(b"x" * 99_000 + request("/mock"))
        assert read_answer(client).status == 200
        client.sendall(request("/denied", "Content-Length: 9000000\r\n", b"x" * 1000, "POST"))
        assert read_answer(client).header[b"connection"] == b"close"
        assert read_all(client) == b""
    assert len(shared_backend.bytes) == before


def test_a_client_that_sends_on_still_reads_its_refusal(shared_gateway: Gateway) -> None:
    received = shared_gateway.raw(
        request("/denied", "Content-Length: 9000000\r\n", b"x" * 150_000, "POST")
    )
    assert received.startswith(b"HTTP/1.1 401 ")


def test_tail_steps_see_the_body(shared_gateway: Gateway, shared_backend: Backend) -> None:
    with closing(shared_gateway.connect()) as client:
        client.sendall(request("/checked", "Content-Length: 4\r\n", b"good", "POST"))
        assert read_answer(client).status == 200
        before = len(shared_backend.bytes)
        client.sendall(request("/checked", "Content-Length: 3\r\n", b"bad", "POST"))
        assert read_answer(client).status == 400
        assert len(shared_backend.bytes) == before
        client.sendall(request("/mock"))
        assert read_answer(client).status == 200


def test_waits_for_keys_and_goes_on(shared_gateway: Gateway) -> None:
    assert shared_gateway.get("/keys/a").status == 200
    with closing(shared_gateway.connect()) as client:
        client.sendall(
            request("/tailkeys", "Content-Length: 2\r\n", b"hi", "POST") + request("/mock")
        )
        first = read_answer(client)
        assert first.body.endswith(b"hi")
        assert read_answer(client, first.rest).status == 200
    assert shared_gateway.get("/neverkeys").status == 403
    assert shared_gateway.get("/brokenkeys").status == 500


def test_a_bug_is_a_denial_and_leaks_nothing(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway()
    answer = gateway.get("/boom")
    assert (answer.status, answer.body) == (500, b'{"message": "API_CONFIGURATION_ERROR"}')
    split = gateway.get("/split?a%0d%0aSet-Cookie:%20evil=1")
    assert split.status == 500
    assert b"evil" not in split.head + split.body
    bad = gateway.get("/badstatus")
    assert bad.status == 500
    errors = gateway.stop()
    assert f"request {answer.header[b'x-amzn-requestid'].decode()}: internal" in errors
    assert "a secret in a bug" in errors


def test_biggest_body_passes_and_no_more(shared_gateway: Gateway) -> None:
    body = b"x" * (10 * 1024 * 1024)
    with closing(shared_gateway.connect(20)) as client:
        client.sendall(request("/open/big", f"Content-Length: {len(body)}\r\n", body, "POST"))
        answer = read_answer(client)
        assert len(answer.body) == len(body) + len(b"POST /open/big HTTP/1.1\n")
        chunks = b"".join(b"10000\r\n" + b"x" * 65_536 + b"\r\n" for _ in range(160)) + b"0\r\n\r\n"
        client.sendall(request("/open/big", "Transfer-Encoding: chunked\r\n", chunks, "POST"))
        assert read_answer(client).body == answer.body
    wait_until(lambda: shared_gateway.stats()["held_bytes"] == 0)


def test_memory_for_bodies_is_bounded(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway(limits={"memory_bytes": 3_000_000})
    clients = [gateway.connect() for _ in range(4)]
    statuses = []
    for client in clients:
        client.sendall(request("/open/x", "Content-Length: 1000001\r\n", b"x" * 1_000_000, "POST"))
    wait_until(lambda: gateway.stats()["held_bytes"] >= 2_000_000)
    for client in clients:
        try:
            client.sendall(b"x")
            statuses.append(read_answer(client).status)
        except OSError:
            statuses.append(0)
        client.close()
    assert max(statuses) == 503
    assert statuses.count(200) <= 3
    wait_until(lambda: gateway.stats()["held_bytes"] == 0)


def test_a_slow_body_is_cut_off(shared_gateway: Gateway) -> None:
    started = time.monotonic()
    with closing(shared_gateway.connect()) as client:
        client.sendall(request("/open/x", "Content-Length: 100000\r\n", b"x", "POST"))
        while is_quiet(client, 0.05):
            client.sendall(b"x")
        assert read_answer(client).status == 408
    assert time.monotonic() - started < 4


def test_idle_connections_are_closed(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway(limits={"keep_alive_s": 0.3, "header_s": 0.3})
    with closing(gateway.connect()) as client, closing(gateway.connect()) as silent:
        client.sendall(request("/mock"))
        assert read_answer(client).status == 200
        assert client.recv(1) == b""
        assert silent.recv(1) == b""


def test_too_many_connections_are_refused(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway(limits={"connections_max": 3})
    clients = [gateway.connect() for _ in range(3)]
    for client in clients:
        client.sendall(request("/mock"))
        assert read_answer(client).status == 200
    assert gateway.raw(b"").startswith(b"HTTP/1.1 503 ")
    for client in clients:
        client.close()
    wait_until(lambda: gateway.raw(b"GET /mock HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200 "))


def test_half_closed_clients_get_their_answers(shared_gateway: Gateway) -> None:
    received = shared_gateway.raw(request("/open/a") + request("/open/b"), half_close=True)
    assert received.count(b"HTTP/1.1 200 OK") == 2


def test_slow_readers_cost_bounded_memory(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway(limits={"write_stall_s": 1.0})
    before = gateway.stats()["rss_bytes"]
    clients = [gateway.connect(receive_buffer=8_192) for _ in range(20)]
    for client in clients:
        client.sendall(request("/open/r/endless"))
        assert client.recv(100)
    time.sleep(0.5)  # time for the backends to push as much as they are let
    during = gateway.stats()
    assert during["rss_bytes"] - before < 40_000_000
    assert gateway.get("/mock").status == 200
    wait_until(lambda: gateway.stats()["connections"] == 1)  # all stalled ones were cut off
    assert gateway.stats()["held_bytes"] == 0
    for client in clients:
        client.close()


def test_slow_readers_of_whole_responses_share_the_budget(
    start_gateway: Callable[..., Gateway],
) -> None:
    gateway = start_gateway(limits={"memory_bytes": 20_000_000, "write_stall_s": 30})
    clients = [gateway.connect(receive_buffer=8_192) for _ in range(8)]
    for client in clients:
        client.sendall(request("/bigmock") * 3)
        client.recv(100)
    assert gateway.stats()["held_bytes"] <= 20_000_000
    for client in clients:
        client.close()
    wait_until(lambda: gateway.stats()["held_bytes"] == 0)


def test_slow_reader_gets_everything_in_the_end(shared_gateway: Gateway) -> None:
    with closing(shared_gateway.connect(20, receive_buffer=8_192)) as client:
        client.sendall(request("/open/r/twelve"))
        time.sleep(0.2)
        assert len(read_answer(client).body) == 12_000_000


def test_drain_finishes_what_is_under_way(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway()
    with closing(gateway.connect()) as idle, closing(gateway.connect()) as busy:
        idle.sendall(request("/mock"))
        assert read_answer(idle).status == 200
        busy.sendall(request("/open/x", "Content-Length: 2\r\n", b"h", "POST"))
        wait_until(lambda: gateway.stats()["connections"] == 3)
        gateway.process.send_signal(signal.SIGTERM)
        assert idle.recv(1) == b""
        wait_until(lambda: is_refused(gateway))
        busy.sendall(b"i")
        answer = read_answer(busy)
        assert answer.body == b"POST /open/x HTTP/1.1\nhi"
        assert answer.header[b"connection"] == b"close"
    assert gateway.process.wait(5) == 0


def test_drain_ends_at_its_deadline(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway(drain_s=0.3)
    with closing(gateway.connect()) as client:
        client.sendall(request("/open/r/silent"))
        wait_until(lambda: len(gateway.stats()["calls"]) == 0)
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(3) == 0


def tls_client(certificate: str, **options: Any) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certificate)
    for name, value in options.items():
        setattr(context, name, value)
    return context


def test_tls_clients(start_gateway: Callable[..., Gateway], certificate: tuple[str, str]) -> None:
    gateway = start_gateway(
        certificate=certificate[0], key=certificate[1], limits={"tls_handshake_s": 1}
    )
    with (
        closing(gateway.connect()) as raw,
        closing(tls_client(certificate[0]).wrap_socket(raw, server_hostname="localhost")) as client,
    ):
        for path in ("/open/x", "/mock", "/open/r/twelve", "/open/y"):
            client.sendall(request(path))
            answer = read_answer(client)
            assert answer.status == 200
        body = b"x" * 300_000
        client.sendall(request("/open/x", "Content-Length: 300000\r\n", body, "POST"))
        assert read_answer(client).body.endswith(body)
        client.sendall(b"BAD\r\n\r\n")
        assert read_answer(client).status == 400
    old = tls_client(certificate[0])
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with closing(gateway.connect()) as raw, pytest.raises(ssl.SSLError):
        old.wrap_socket(raw, server_hostname="localhost")
    with closing(gateway.connect()) as silent:
        assert read_all(silent) == b""  # the handshake did not come in time
    assert b"200 OK" not in gateway.raw(request("/mock"))  # plain HTTP on a TLS port


def test_calls_are_observed_once(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway()
    gateway.get("/open/one")
    gateway.get("/denied")
    gateway.raw(b"BAD\r\n\r\n")
    calls = gateway.stats()["calls"]
    assert [(call["path"], call["status"], call["reason"]) for call in calls[:2]] == [
        ("/open/one", 200, None),
        ("/denied", 401, "test.denied"),
    ]
    assert calls[2]["status"] == 400
    assert calls[0]["bytes"] == len(b"GET /open/one HTTP/1.1\n")
    assert calls[0]["integration_status"] == 200
    assert len(calls) == 3
