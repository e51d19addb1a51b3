import pytest
from hypothesis import given
from hypothesis import strategies as st

from bargate.gateway.head import BadRequest, HeadReader, RequestHead
from bargate.gateway.limits import Limits


def read(text: bytes) -> RequestHead:
    return HeadReader(Limits()).read(text)


def test_reads_a_plain_head() -> None:
    head = read(b"GET /a%20b?x=1?y HTTP/1.1\r\nHost: G:80\r\nA: 1 \r\na:2\r\nEmpty:\r\n\r\n")
    assert (head.method, head.path, head.query, head.host) == ("GET", "/a%20b", "x=1?y", b"g")
    assert head.header == {b"host": b"G:80", b"a": b"1, 2", b"empty": b""}
    assert [name for name, _ in head.headers] == [b"Host", b"A", b"a", b"Empty"]
    assert head.keep_alive
    assert not head.is_chunked


def test_reads_heads_one_after_the_other() -> None:
    reader = HeadReader(Limits())
    for length in (b"", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b""):
        head = reader.read(b"POST / HTTP/1.1\r\nHost: g\r\n" + length + b"\r\n")
        assert head.content_length == (5 if b"Length" in length else 0)
        assert head.is_chunked == (b"chunked" in length)


def test_fields_named_by_connection_are_gone() -> None:
    head = read(
        b"GET / HTTP/1.1\r\nHost: g\r\nAuthorization: x\r\nConnection: AUTHORIZATION, close\r\n\r\n"
    )
    assert b"authorization" not in head.header
    assert head.headers == [(b"Host", b"g")]
    assert not head.keep_alive


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET /../x HTTP/1.1\r\nHost: g\r\n\r\n", 400),
        (b"TRACE / HTTP/1.1\r\nHost: g\r\n\r\n", 405),
        (b"GET / HTTP/1.1\r\nHost: g\r\nExpect: x\r\n\r\n", 417),
        (b"GET /" + b"a" * 10_240 + b" HTTP/1.1\r\nHost: g\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: g\r\nX: " + b"a" * 10_240 + b"\r\n\r\n", 431),
        (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ],
)
def test_refuses(text: bytes, status: int) -> None:
    with pytest.raises(BadRequest) as refused:
        read(text)
    assert refused.value.status == status


@given(st.binary(max_size=300))
def test_noise_is_refused_or_has_one_reading(noise: bytes) -> None:
    block = b"GET / HTTP/1.1\r\nHost: g\r\nX: " + noise.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    try:
        head = read(block)
    except BadRequest:
        return
    assert len(block.split(b"\r\n")) - 3 >= len(head.headers)
    for name, value in head.headers:
        assert not set(name + value) & set(b"\r\n\0")
