import pytest
from hypothesis import given
from hypothesis import strategies as st

from bargate.gateway.chunked import BadChunk, ChunkedBody

MAX = 1_000_000


def encoded(pieces: list[bytes]) -> bytes:
    return (
        b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces if piece) + b"0\r\n\r\n"
    )


@given(st.lists(st.binary(max_size=50)), st.binary(max_size=40), st.integers(1, 60))
def test_gives_the_body_and_exactly_the_rest(pieces: list[bytes], rest: bytes, step: int) -> None:
    data, reader, end = encoded(pieces) + rest, ChunkedBody(), None
    at = -step
    while end is None:
        at += step
        end = reader.feed(data[at : at + step], MAX)
    assert bytes(reader.body) == b"".join(pieces)
    assert data[at + end :] == rest


@given(st.lists(st.binary(max_size=50)), st.binary(max_size=40), st.binary(max_size=40))
def test_begins_and_ends_where_it_is_told(pieces: list[bytes], before: bytes, rest: bytes) -> None:
    reader = ChunkedBody()
    end = reader.feed(before + encoded(pieces) + rest, MAX, len(before))
    assert end == len(before + encoded(pieces))
    assert bytes(reader.body) == b"".join(pieces)


@given(st.binary(max_size=200), st.integers(1, 20))
def test_never_depends_on_how_bytes_arrive(data: bytes, step: int) -> None:
    def read(step: int) -> tuple[bytes, bool]:
        reader = ChunkedBody()
        try:
            for at in range(0, len(data), step):
                if reader.feed(data[at : at + step], MAX) is not None:
                    return bytes(reader.body), True
        except BadChunk:
            return b"", False
        return bytes(reader.body), True

    assert read(step) == read(1)


@pytest.mark.parametrize(
    "data", [b"5 \r\n", b"5\n", b"-1\r\n", b"0x5\r\n", b"1\r\nab\r\n", b"\r\n"]
)
def test_refuses(data: bytes) -> None:
    with pytest.raises(BadChunk):
        ChunkedBody().feed(data, MAX)


def test_stops_at_the_limit() -> None:
    reader = ChunkedBody()
    assert reader.feed(b"5\r\nhello\r\n" * 100, 20) is None
    assert 20 < len(reader.body) <= 25


@pytest.mark.parametrize("read_bytes", [7, 1_000, 10_000_000])
def test_bounds_the_number_of_chunks(read_bytes: int) -> None:
    allowed = b"1\r\na\r\n" * 32_767  # and the last one, of no bytes
    assert _all(allowed + b"0\r\n\r\n", read_bytes) == b"a" * 32_767
    with pytest.raises(BadChunk, match="too many chunks"):
        _all(allowed + b"1\r\na\r\n1\r\n", read_bytes)


def _all(data: bytes, read_bytes: int) -> bytes:
    reader = ChunkedBody()
    for at in range(0, len(data), read_bytes):
        reader.feed(data[at : at + read_bytes], MAX)
    return bytes(reader.body)


def test_ten_mebibytes_in_small_chunks_are_few_enough() -> None:
    reader, chunk = ChunkedBody(), b"140\r\n" + b"x" * 320 + b"\r\n"
    assert reader.feed(chunk * 32_767 + b"0\r\n\r\n", 10 * 1024 * 1024) is not None
    assert len(reader.body) == 320 * 32_767
