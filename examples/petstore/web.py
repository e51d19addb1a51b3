"""A small HTTP/1.1 server on asyncio streams, for the backend and the issuer alike."""

import asyncio
import json
import socket
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct

_HEAD_END = b"\r\n\r\n"
_MOST_BODY_BYTES = 1_000_000
_MOST_HEAD_BYTES = 32_768
_IDLE_S = 75.0


class Asked(Struct, frozen=True):
    """One request; `headers` have lower-case names."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


Answer: TypeAlias = tuple[int, Any]
Handler: TypeAlias = Callable[[Asked], Answer]


class _BadRequestError(ValueError):
    """What arrived is not a request that this server reads."""


async def serve(handler: Handler, port: int = 0, headers: str = "") -> asyncio.Server:
    """Listen on the loopback; every answer of `handler` is a status and a value sent as JSON.

    `headers` are further header lines of every answer, each with its line end.
    """

    async def on_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await _answer_one(handler, headers, reader, writer):
                pass
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError):
            pass  # the peer went away, or stayed silent for too long
        finally:
            writer.close()

    return await asyncio.start_server(on_connection, "127.0.0.1", port, limit=_MOST_HEAD_BYTES)


def port_of(server: asyncio.Server) -> int:
    """Give the port that a server listens on."""
    return int(server.sockets[0].getsockname()[1])


def is_free(port: int) -> bool:
    """Say whether a loopback port can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """Give a loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _answer_one(
    handler: Handler, headers: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> bool:
    """Answer one request; say whether the connection stays open."""
    try:
        async with asyncio.timeout(_IDLE_S):
            asked = await _read(reader)
    except (_BadRequestError, asyncio.LimitOverrunError) as error:
        writer.write(_rendered((400, {"message": str(error)}), headers, keep=False))
        await writer.drain()
        return False
    keep = asked.headers.get("connection", "").lower() != "close"
    answer = _rendered(_handled(handler, asked), headers, keep=keep)
    writer.write(answer[: answer.index(_HEAD_END) + 4] if asked.method == "HEAD" else answer)
    await writer.drain()
    return keep


def _handled(handler: Handler, asked: Asked) -> Answer:
    try:
        return handler(asked)
    except (KeyError, TypeError, ValueError) as error:
        return 400, {"message": f"not understood: {error}"}


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(_HEAD_END)).decode("latin-1")
    first, *lines = head.split("\r\n")[:-2]
    parts = first.split(" ")
    if len(parts) != 3 or any(":" not in line for line in lines):
        raise _BadRequestError("not a request")
    headers = {name.strip().lower(): value.strip() for name, _, value in map(_halves, lines)}
    target = urlsplit(parts[1])
    query = dict(parse_qsl(target.query, keep_blank_values=True))
    return Asked(parts[0], target.path, query, headers, await _read_body(reader, headers))


async def _read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    length = headers.get("content-length", "0")
    if "transfer-encoding" in headers or not length.isdecimal():
        raise _BadRequestError("send a Content-Length")
    if int(length) > _MOST_BODY_BYTES:
        raise _BadRequestError("the body is too large")
    return await reader.readexactly(int(length))


def _halves(line: str) -> tuple[str, str, str]:
    return line.partition(":")


def _rendered(answer: Answer, headers: str, *, keep: bool) -> bytes:
    status, value = answer
    body = json.dumps(value).encode() + b"\n"
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"{headers}"
        f"Connection: {'keep-alive' if keep else 'close'}\r\n\r\n"
    )
    return head.encode() + body
