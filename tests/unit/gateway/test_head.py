import pytest
from hypothesis import given
from hypothesis import strategies as st

from bargate.gateway.head import HeadReader, RequestHead
from bargate.gateway.limits import Limits
from bargate.gateway.request_line import BadRequest


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


LINES = (
    b"GET /a HTTP/1.1",
    b"GET /b?x=1 HTTP/1.1",
    b"POST /a HTTP/1.1",
    b"GET /a HTTP/1.0",
    b"GET http://other/a HTTP/1.1",
    b"GET /../a HTTP/1.1",
    b"GET /a#b HTTP/1.1",
    b"GET /a  HTTP/1.1",
    b"TRACE /a HTTP/1.1",
    b"GET /%zz HTTP/1.1",
    b"GET /" + b"a" * 300 + b" HTTP/1.1",
    b"GET /\xff HTTP/1.1",
    b"GET /a\rb HTTP/1.1",
    b"GET /a HTTP/2.0",
)
FIELDS = (
    b"",
    b"Host: g\r\n",
    b"Host: h\r\nX-A: 1\r\nX-a: 2\r\n",
    b"Host: g\r\nConnection: X-A\r\nX-A: 1\r\n",
    b"Host: g\r\nContent-Length: 5\r\n",
    b"Host: g\r\nTransfer-Encoding: chunked\r\n",
    b"Host: g\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    b"Host: g\r\nHost: h\r\n",
    b"Host: g\r\nExpect: 100-continue\r\n",
    b"Host: g\r\nX: a\nY: b\r\n",
    b"Host: g\r\nX: a\rY: b\r\n",
    b"Host: g\r\nUpgrade: h2c\r\nConnection: upgrade\r\n",
    b"Host: g\r\nX : 1\r\n",
    b"Host: g\r\n X: 1\r\n",
)


def outcome(reader: HeadReader, block: bytes) -> RequestHead | tuple[int, str]:
    try:
        return reader.read(block)
    except BadRequest as refused:
        return refused.status, refused.reason


@given(
    st.lists(st.tuples(st.sampled_from(LINES), st.sampled_from(FIELDS)), min_size=1, max_size=12)
)
def test_a_head_reads_the_same_whatever_was_read_before_it(
    heads: list[tuple[bytes, bytes]],
) -> None:
    reader = HeadReader(Limits())
    for line, fields in heads:
        block = line + b"\r\n" + fields + b"\r\n"
        found = outcome(reader, block)
        assert found == outcome(HeadReader(Limits()), block)
        if isinstance(found, tuple) or not found.keep_alive:
            return  # the connection ends here


@pytest.mark.parametrize("fields", FIELDS)
@pytest.mark.parametrize("first", LINES[:3])
def test_fields_that_repeat_carry_no_request_line_past_its_checks(
    first: bytes, fields: bytes
) -> None:
    for second in LINES:
        reader = HeadReader(Limits())
        before = outcome(reader, first + b"\r\n" + fields + b"\r\n")
        if not isinstance(before, tuple) and before.keep_alive:
            block = second + b"\r\n" + fields + b"\r\n"
            assert outcome(reader, block) == outcome(HeadReader(Limits()), block)


def test_a_limit_on_targets_holds_for_fields_that_repeat() -> None:
    reader = HeadReader(Limits(uri_max_bytes=20))
    reader.read(b"GET /a HTTP/1.1\r\nHost: g\r\n\r\n")
    with pytest.raises(BadRequest) as refused:
        reader.read(b"GET /" + b"a" * 20 + b" HTTP/1.1\r\nHost: g\r\n\r\n")
    assert refused.value.status == 414


def test_long_heads_are_not_remembered() -> None:
    reader = HeadReader(Limits())
    block = b"GET /a HTTP/1.1\r\nHost: g\r\nX: " + b"x" * 5000 + b"\r\n\r\n"
    assert reader.read(block) is not reader.read(block)
    block = b"GET /a HTTP/1.1\r\nHost: g\r\nX: x\r\n\r\n"
    assert reader.read(block) is reader.read(block)
