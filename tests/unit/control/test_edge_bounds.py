"""What a client may bring to the AWS endpoint, and what happens when it brings more."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from bargate.control import server as server_module
from bargate.control.edge import MAX_BODY_BYTES, MAX_UPLOAD_BYTES
from bargate.control.server import MAX_HEAD_BYTES, EndpointServer
from endpoint import Endpoint


class Listening(Endpoint):
    """The edge behind its real HTTP server; `port` is where."""

    def __enter__(self) -> Listening:
        super().__enter__()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]
        self._server = EndpointServer(self._edge)
        self._serving = self.run(self._server.begin(self._listener))
        return self

    async def _end(self) -> None:
        self._server.end()
        await self._serving
        self._listener.close()
        await super()._end()

    def exchange(self, *pieces: bytes, timeout_s: float = 10.0) -> bytes:
        """Send pieces and give all that comes back until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout_s) as client:
            answered = bytearray()
            reader = threading.Thread(target=_read, args=(client, answered))
            reader.start()
            try:
                for piece in pieces:
                    client.sendall(piece)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has heard enough
            reader.join(timeout_s)
            assert not reader.is_alive(), bytes(answered[:200])
        return bytes(answered)


def _read(client: socket.socket, answered: bytearray) -> None:
    try:
        while chunk := client.recv(65_536):
            answered += chunk
    except ConnectionResetError:
        answered += b"<reset>"
    except TimeoutError:
        answered += b"<silence>"


@pytest.fixture(scope="module")
def listening() -> Iterator[Listening]:
    with Listening() as running:
        yield running


def request(*headers: str, body: bytes = b"", target: str = "/") -> bytes:
    lines = [f"POST {target} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def test_a_body_of_the_largest_size_is_read_and_one_byte_more_is_not(listening: Listening) -> None:
    largest = request(f"Content-Length: {MAX_BODY_BYTES}", body=b"x" * MAX_BODY_BYTES)
    assert status(listening.exchange(largest)) != 413
    assert status(listening.exchange(request(f"Content-Length: {MAX_BODY_BYTES + 1}"))) == 413


@pytest.mark.parametrize(
    ("method", "target", "most"),
    [
        ("POST", "/2015-03-31/functions", MAX_UPLOAD_BYTES),
        ("PUT", "/2015-03-31/functions/greet/code", MAX_UPLOAD_BYTES),
        ("GET", "/2015-03-31/functions", MAX_BODY_BYTES),
        ("PUT", "/2015-03-31/functions/greet/configuration", MAX_BODY_BYTES),
        ("PUT", "/2015-03-31/functions/a/b/code", MAX_BODY_BYTES),
        ("POST", "/2015-03-31/functions/greet/invocations", MAX_BODY_BYTES),
        ("POST", "/x/2015-03-31/functions", MAX_BODY_BYTES),
    ],
)
def test_packages_of_functions_alone_may_be_larger(
    method: str, target: str, most: int, listening: Listening
) -> None:
    largest = listening.send(method, target, [("content-length", str(most))], b"")
    assert largest.status != 413
    answer = listening.send(method, target, [("content-length", str(most + 1))], b"")
    assert answer.status == 413
    # nor more than was announced
    assert listening.send(method, target, [], b"x" * (most + 1)).status == 413


def test_packages_have_a_budget_of_their_own(listening: Listening) -> None:
    uploads = listening._edge._uploads
    assert uploads.reserve(uploads.size_bytes)
    try:
        assert listening.send("POST", "/2015-03-31/functions", [], b"x").status == 503
        assert listening.send("POST", "/", [], b"x").status not in {413, 503}
    finally:
        uploads.release(uploads.size_bytes)
    assert listening.send("POST", "/2015-03-31/functions", [], b"x").status != 503


@pytest.mark.parametrize("length", ["18446744073709551616", "9" * 30, "9" * 5_000])
def test_an_endless_length_is_refused_by_the_edge_and_by_the_server(
    length: str, listening: Listening
) -> None:
    answer = listening.send("POST", "/", [("content-length", length)], b"")
    assert answer.status == 413
    assert status(listening.exchange(request(f"Content-Length: {length}"))) in {400, 413}


@pytest.mark.parametrize(
    "headers",
    [
        ["Content-Length: -1"],
        ["Content-Length: ten"],
        ["Content-Length: 1e3"],
        ["Content-Length: 3", "Content-Length: 4"],
        ["Content-Length: 3", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: gzip"],
    ],
)
def test_a_length_that_is_none_is_refused(headers: list[str], listening: Listening) -> None:
    assert status(listening.exchange(request(*headers, body=b"abc"))) == 400


def test_a_body_without_end_is_cut_off(listening: Listening) -> None:
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    pieces = [chunk] * (2 * MAX_BODY_BYTES // 0x10000)
    answer = listening.exchange(request("Transfer-Encoding: chunked"), *pieces)
    assert answer == b"<reset>" or status(answer) == 413


def test_a_body_that_ends_too_early_runs_nothing(listening: Listening) -> None:
    with socket.create_connection(("127.0.0.1", listening.port), 5) as client:
        client.sendall(request("Content-Length: 100", body=b"Action=CreateUser&UserName=half"))
        client.shutdown(socket.SHUT_WR)
        assert not client.recv(1_000).startswith(b"HTTP/1.1 2")
    assert listening.client("iam").list_users()["Users"] == []


@pytest.mark.parametrize("kind", ["one header", "many headers", "target"])
def test_a_head_has_an_end(kind: str, listening: Listening) -> None:
    many = {
        "one header": request(f"X-Long: {'x' * MAX_HEAD_BYTES}"),
        "many headers": request(*(f"X-{n}: {'x' * 50}" for n in range(1_500))),
        "target": request(target="/" + "x" * MAX_HEAD_BYTES),
    }
    answer = listening.exchange(many[kind])
    assert answer == b"<reset>" or status(answer) == 400
    assert status(listening.exchange(request(f"X-Long: {'x' * (MAX_HEAD_BYTES // 2)}"))) == 404


def test_a_head_that_never_ends_is_not_waited_for(
    listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "HEAD_S", 0.2)
    monkeypatch.setattr(server_module, "BODY_S", 0.2)
    for beginning in (b"", b"POST / HTT", request("Content-Length: 5", body=b"abc")):
        began_s = time.monotonic()
        assert listening.exchange(beginning) in {b"", b"<reset>"}
        assert time.monotonic() - began_s < 5


@pytest.mark.parametrize(
    "target", ["*", "//", "/%", "/%zz", "/%00", "/\xff", "http://[/", "?", "/restapis/%2e%2e", ""]
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "CONNECT", "PROPFIND", "get"])
def test_no_target_is_a_bug(method: str, target: str, listening: Listening) -> None:
    answer = listening.exchange(
        f"{method} {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode("latin-1")
    )
    assert answer in {b"", b"<reset>"} or 400 <= status(answer) < 500


def test_a_client_that_goes_away_leaves_the_endpoint_as_it_was(listening: Listening) -> None:
    for _ in range(50):
        client = socket.create_connection(("127.0.0.1", listening.port), 5)
        client.sendall(request("Content-Length: 1000000", body=b"x" * 1_000))
        client.close()
    assert listening.client("sts").get_caller_identity()["Account"]
    assert listening.run(asyncio.sleep(0)) is None
