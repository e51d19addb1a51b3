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
    data, reader, left = encoded(pieces) + rest, ChunkedBody(), None
    at = 0
    while left is None:
        left = reader.feed(data[at : at + step], MAX)
        at += step
    assert bytes(reader.body) == b"".join(pieces)
    assert left + data[at:] == rest


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
