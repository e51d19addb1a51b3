"""What somebody without a certificate tries on a name with mutual TLS, and on the port itself."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import ssl
import time
from collections.abc import Iterator

import pytest

from e2e.control.installation import Api
from e2e.domains.place import FORBIDDEN, OK, REFUSED, Files, Place, ask
from objects import client
from serving import bargate

OPEN, MUTUAL = "open.example.com", "mutual.example.com"
SILENT = 200
CERTIFICATE_REQUEST, SERVER_HELLO_DONE = 13, 14  # RFC 5246 §7.4


@pytest.fixture(scope="module")
def api(place: Place) -> Api:
    return place.api()


@pytest.fixture(scope="module")
def good(place: Place) -> Files:
    return place.files(client(place.clients))


@pytest.fixture(scope="module", autouse=True)
def domains(place: Place, api: Api, good: Files) -> None:
    place.domain(OPEN, api)
    place.domain(MUTUAL, api, place.truststore(place.clients))
    place.everywhere(lambda: place.get(MUTUAL, files=good) == OK)


def reason(place: Place, request_id: str) -> str:
    told = bargate("why", request_id, "--json", run_dir=place.running.gateway.run_dir)
    assert told.returncode == 0, told.stderr
    return json.dumps(json.loads(told.stdout))


def test_the_server_name_of_another_domain_opens_nothing(place: Place) -> None:
    told = place.get(OPEN, host=MUTUAL)
    assert told == FORBIDDEN
    assert told.error_type == "ForbiddenException"
    assert "host.mutual_tls" in reason(place, told.request_id)


def test_plain_http_opens_nothing(place: Place) -> None:
    told = place.plain(MUTUAL)
    assert told == FORBIDDEN
    assert "host.mutual_tls" in reason(place, told.request_id)


@pytest.mark.parametrize(
    "host", [MUTUAL.upper(), f"{MUTUAL}.", f"{MUTUAL}:443", f"{MUTUAL.title()}.:8443"]
)
def test_no_spelling_of_the_host_opens_anything(place: Place, host: str) -> None:
    assert place.get(OPEN, host=host) == FORBIDDEN
    assert place.plain(host) == FORBIDDEN


def test_the_path_of_an_api_is_no_way_around(place: Place, api: Api, good: Files) -> None:
    assert place.get(OPEN, api.path, host=MUTUAL) == FORBIDDEN
    assert place.plain(MUTUAL, api.path) == FORBIDDEN
    # Even with a certificate it is a path below the root mapping, and no method has it.
    assert place.get(MUTUAL, api.path, good).status == 403


def test_an_absolute_target_is_no_way_around(place: Place) -> None:
    assert place.get(OPEN, f"http://{MUTUAL}/") == FORBIDDEN


def test_more_was_proven_than_another_name_wants(place: Place, good: Files) -> None:
    with place.open(MUTUAL, good) as call:
        assert call("/", OPEN) == OK
        assert call("/", MUTUAL) == OK


def test_each_request_of_a_connection_is_held_against_its_handshake(place: Place) -> None:
    with place.open(OPEN) as call:
        for _ in range(3):
            assert call("/", OPEN) == OK
            assert call("/", MUTUAL) == FORBIDDEN


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_of_another_name_skips_no_certificate(
    place: Place, version: ssl.TLSVersion
) -> None:
    context = place.context()
    context.maximum_version = version
    with place.raw(OPEN, context=context) as first:
        assert ask(first, OPEN, "/") == OK  # what TLS 1.3 gives comes after the handshake
        session = first.session
    with (
        contextlib.suppress(OSError),
        place.raw(MUTUAL, context=context, session=session) as second,
    ):
        assert not second.session_reused
        second.sendall(f"GET / HTTP/1.1\r\nHost: {MUTUAL}\r\n\r\n".encode())
        assert second.recv(1) == b""


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_name_with_mutual_tls_resumes_nothing(
    place: Place, good: Files, version: ssl.TLSVersion
) -> None:
    context = place.context(good)
    context.maximum_version = version
    for _ in range(4):  # so that one worker is met twice
        with place.raw(MUTUAL, context=context) as first:
            assert ask(first, MUTUAL, "/") == OK
            session = first.session
        with place.raw(MUTUAL, context=context, session=session) as second:
            assert ask(second, MUTUAL, "/") == OK
            assert not second.session_reused


@pytest.mark.parametrize("name", [OPEN.upper(), f"{OPEN}.", "Open.Example.com"])
def test_spellings_of_the_server_name(place: Place, name: str) -> None:
    assert server_hello(place, hello_for(name))
    assert place.get(OPEN, host=name) == OK


@pytest.mark.parametrize(
    ("name", "is_asked"),
    [
        (MUTUAL, True),
        (MUTUAL.upper(), True),
        (f"{MUTUAL}.", True),
        (f"{MUTUAL.title()}.", True),
        (OPEN, False),
        (f"{OPEN.upper()}.", False),
    ],
)
def test_every_spelling_of_a_name_with_mutual_tls_asks_for_a_certificate(
    place: Place, name: str, is_asked: bool
) -> None:
    """TLS 1.2 asks in the clear: the server's flight holds a CertificateRequest, or none."""
    with connect(place) as connection:
        connection.sendall(hello_for(name, ssl.TLSVersion.TLSv1_2))
        assert (CERTIFICATE_REQUEST in flight(connection)) == is_asked


@contextlib.contextmanager
def connect(place: Place) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", place.port), 20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield connection


def flight(connection: socket.socket) -> list[int]:
    """Read the types of the handshake messages up to ServerHelloDone."""
    with connection.makefile("rb") as file:
        messages, types = b"", list[int]()
        while SERVER_HELLO_DONE not in types:
            head = file.read(5)
            assert head[:1] == b"\x16"
            messages += file.read(int.from_bytes(head[3:], "big"))
            while len(messages) >= (end := 4 + int.from_bytes(messages[1:4], "big")):
                types.append(messages[0])
                messages = messages[end:]
    return types


def hello_for(name: str, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> bytes:
    """Write a ClientHello that asks for a name exactly as it is spelt."""
    plain = name.rstrip(".")
    held = plain + "x" * (len(name) - len(plain))  # OpenSSL writes no dot at the end
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.maximum_version = newest
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=held)
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read().replace(held.encode(), name.encode())


def server_hello(place: Place, hello: bytes) -> bool:
    """Say whether a ServerHello is the answer."""
    with connect(place) as connection:
        connection.sendall(hello)
        return connection.recv(1) == b"\x16"


def test_a_hello_byte_by_byte_is_answered(place: Place) -> None:
    hello = hello_for(OPEN)
    with connect(place) as connection:
        for at in range(len(hello)):
            connection.sendall(hello[at : at + 1])
        assert connection.recv(1) == b"\x16"


def test_an_unknown_name_is_refused_in_the_handshake(place: Place) -> None:
    for name in ("nobody.example.com", "example.com", f"a.{OPEN}", "localhost"):
        with connect(place) as connection:
            connection.sendall(hello_for(name))
            assert connection.recv(64) == b"\x15\x03\x01\x00\x02\x02\x70", name
    with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"):
        place.raw("nobody.example.com")
    assert place.get(OPEN) == OK


def test_no_server_name_is_refused(place: Place) -> None:
    with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"):
        place.raw(None)


GARBAGE = {
    "HTTP": b"GET / HTTP/1.1\r\nHost: open.example.com\r\n\r\n",
    "zeros": bytes(64),
    "SSL 2": b"\x80\x2e\x01\x00\x02" + bytes(41),
    "an alert": b"\x15\x03\x01\x00\x02\x02\x70",
    "another handshake": b"\x16\x03\x01\x00\x05\x02\x00\x00\x01\x00",
    "a length too long": b"\x16\x03\x01\xff\xff" + bytes(64),
    "a hello too long": b"\x16\x03\x01\x00\x04\x01\xff\xff\xff",
    "random": bytes((each * 197 + 89) % 256 for each in range(512)),
}


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_is_closed_at_once(place: Place, kind: str) -> None:
    with connect(place) as connection:
        connection.settimeout(3)
        connection.sendall(GARBAGE[kind])
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(64) == b""


def test_those_who_send_nothing_hold_up_nobody_and_are_closed(place: Place) -> None:
    """200 of them, some in the midst of a ClientHello: each is closed when its time is over."""
    half = hello_for(OPEN)[:90]
    begun_s = time.monotonic()
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(connect(place)) for _ in range(SILENT)]
        for connection in silent[::4]:
            connection.sendall(half)
        for _ in range(8):
            called_s = time.monotonic()
            assert place.get(OPEN) == OK
            assert time.monotonic() - called_s < 2
        waiting = set(silent)
        while waiting and time.monotonic() - begun_s < 15:
            readable, _, _ = select.select(list(waiting), [], [], 1)
            for connection in readable:
                with contextlib.suppress(ConnectionResetError):
                    assert connection.recv(64) == b""
                waiting.discard(connection)
    assert not waiting
    assert place.get(MUTUAL) == REFUSED
