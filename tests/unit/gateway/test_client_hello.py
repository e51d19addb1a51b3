"""The server name in a ClientHello: those of OpenSSL, and what an attacker would write instead."""

from __future__ import annotations

import ssl
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bargate.gateway.client_hello import MAX_HELLO_BYTES, MalformedHello, server_name


def hello(name: str | None) -> bytes:
    """Give the first bytes that OpenSSL sends."""
    context = ssl.create_default_context()
    context.check_hostname = False
    outgoing = ssl.MemoryBIO()
    tls = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


def vector(data: bytes, length_bytes: int) -> bytes:
    return len(data).to_bytes(length_bytes, "big") + data


def record(data: bytes, kind: int = 22, version: bytes = b"\3\1") -> bytes:
    return bytes([kind]) + version + vector(data, 2)


def message(extensions: bytes | None, kind: int = 1) -> bytes:
    body = b"\3\3" + b"r" * 32 + vector(b"", 1) + vector(b"\x13\1", 2) + vector(b"\0", 1)
    body += b"" if extensions is None else vector(extensions, 2)
    return bytes([kind]) + vector(body, 3)


def extension(names: bytes, kind: int = 0) -> bytes:
    return kind.to_bytes(2, "big") + vector(vector(names, 2), 2)


def named(name: bytes, kind: int = 0) -> bytes:
    return record(message(extension(bytes([kind]) + vector(name, 2))))


@pytest.mark.parametrize("name", ["api.example.com", "a.b", "x" * 63 + ".example.com"])
def test_the_name_of_a_real_hello_is_read(name: str) -> None:
    assert server_name(hello(name)) == name


def test_what_follows_a_hello_changes_nothing() -> None:
    assert server_name(hello("a.example.com") + b"\x17garbage") == "a.example.com"


def test_a_hello_without_name_asks_for_none() -> None:
    assert server_name(hello(None)) == ""
    assert server_name(record(message(None))) == ""
    assert server_name(record(message(b""))) == ""
    assert server_name(named(b"a.b", kind=1)) == ""  # no host_name
    assert server_name(record(message(extension(b"")))) == ""


@pytest.mark.parametrize("name", [b"API.Example.COM", b"api.example.com.", b"api.example.COM."])
def test_case_and_a_trailing_dot_mean_nothing(name: bytes) -> None:
    assert server_name(named(name)) == "api.example.com"


def test_of_two_names_the_first_counts() -> None:
    names = b"\1" + vector(b"no", 2) + b"\0" + vector(b"one.com", 2) + b"\0" + vector(b"two.com", 2)
    assert server_name(record(message(extension(names)))) == "one.com"


def test_no_part_of_a_hello_is_taken_for_the_whole() -> None:
    whole = hello("api.example.com")
    for length in range(len(whole)):
        assert server_name(whole[:length]) is None, length


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 100])
def test_a_hello_in_several_records_is_put_together(size: int) -> None:
    inner = message(extension(b"\0" + vector(b"api.example.com", 2)))
    pieces = [record(inner[at : at + size]) for at in range(0, len(inner), size)]
    assert server_name(b"".join(pieces)) == "api.example.com"
    assert server_name(b"".join(pieces)[:-1]) is None


def test_another_kind_of_record_may_not_come_between() -> None:
    inner = message(extension(b"\0" + vector(b"api.example.com", 2)))
    with pytest.raises(MalformedHello):
        server_name(record(inner[:20]) + record(b"\2\x28", kind=21) + record(inner[20:]))


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x80\x2e\1\0\2" + b"\0" * 64,  # SSL 2
        record(message(b""), kind=23),
        record(message(b""), version=b"\2\0"),
        record(message(b"", kind=2)),
        b"\x16\3\1\0\0",  # empty record
        b"\x16\3\1\x40\1",  # longer than a record may be
        b"\x16\3\1\xff\xff",
        record(b"\1" + (MAX_HELLO_BYTES + 1).to_bytes(3, "big")),
        record(b"\1\xff\xff\xff"),
        record(b"\1\0\0\0"),  # nothing in it
        record(b"\1" + vector(b"\3\3" + b"r" * 32 + b"\xff", 3)),  # a session id that is not there
        record(message(extension(b"\0" + vector(b"a.b", 2))[:-1])),
        record(message(b"\0\0\xff\xff")),
        record(message(b"\0\0" + vector(b"\xff\xff", 2))),
        record(message(b"\0")),
    ],
)  # fmt: skip
def test_what_is_no_hello_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedHello):
        server_name(data)


@pytest.mark.parametrize(
    "name", [b"", "bücher.example".encode(), b"a.b\0.evil.example", b"\0", b"a" * 254, b"\xff\xfe"]
)
def test_what_is_no_host_name_is_malformed(name: bytes) -> None:
    with pytest.raises(MalformedHello):
        server_name(named(name))


def test_the_longest_name_is_read() -> None:
    assert server_name(named(b"a" * 253)) == "a" * 253


@given(st.binary(max_size=300), st.booleans(), st.booleans())
@settings(max_examples=300, deadline=None)
def test_random_bytes_are_malformed_or_unfinished(data: bytes, framed: bool, inside: bool) -> None:
    tried = record(message(data) if inside else data) if framed and data else data
    try:
        found = server_name(tried)
    except MalformedHello:
        return
    assert found is None or (found.isascii() and "\0" not in found and len(found) <= 253)


@given(st.integers(0, 400), st.integers(0, 255))
@settings(max_examples=300, deadline=None)
def test_a_real_hello_with_one_byte_changed_is_read_or_malformed(at: int, value: int) -> None:
    data = bytearray(named(b"api.example.com") + b"\0" * 400)
    data[at] = value
    try:
        found = server_name(bytes(data))
    except MalformedHello:
        return
    assert found is None or found.isascii()


def test_the_most_pieces_take_no_time() -> None:
    inner = b"\1" + (MAX_HELLO_BYTES).to_bytes(3, "big") + b"\0" * MAX_HELLO_BYTES
    pieces = b"".join(record(inner[at : at + 1]) for at in range(len(inner) - 1))
    began = time.process_time()
    assert server_name(pieces) is None
    assert time.process_time() - began < 1
