"""Fetching key sets from a real, scripted server."""

import asyncio
import contextlib

import pytest

from bargate.gateway.fetch import FetchFailed, fetch


def fetched(answer: bytes, *, max_bytes: int = 100, holds: bool = False) -> bytes:
    served, serving = asyncio.Event(), set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        if holds:
            await served.wait()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def run() -> bytes:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            return await fetch(f"http://127.0.0.1:{port}/k?x", timeout_s=0.5, max_bytes=max_bytes)
        finally:
            served.set()
            server.close()
            await asyncio.gather(*serving)

    return asyncio.run(run())


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n{}",
    ],
)
def test_gives_the_body(answer: bytes) -> None:
    assert fetched(answer) == b"{}"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 302 Found\r\nLocation: http://x/\r\n\r\n", "status 302"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n" + b"x" * 101, "longer than"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 200, "longer than"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", "closed before"),
        (b"garbage", "not an HTTP response"),
        (b"", "closed before"),
    ],
)
def test_refuses(answer: bytes, reason: str) -> None:
    with pytest.raises(FetchFailed, match=reason):
        fetched(answer)


def test_has_one_deadline() -> None:
    with pytest.raises(FetchFailed, match="no answer within"):
        fetched(b"HTTP/1.1 200 OK\r\n", holds=True)


@pytest.mark.parametrize(
    "url", ["ftp://x/", "http://u@x/", "http://", "http://x y/", "file:///etc"]
)
def test_refuses_other_urls(url: str) -> None:
    with pytest.raises(FetchFailed):
        asyncio.run(fetch(url, timeout_s=1, max_bytes=1))
