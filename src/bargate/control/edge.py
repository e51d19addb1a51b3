"""The AWS endpoint as an ASGI application: what a request is for, and bounds on what it brings.

/_bargate/health, /_bargate/metrics ──► Status
with --dev: what emulators answer     ──► Emulation
everything else                       ──► Dispatcher (an AWS operation)
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import uuid4

from msgspec import Struct

from bargate.wire.request import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from bargate.control.dispatch import Dispatcher
    from bargate.control.emulation import Emulation
    from bargate.control.status import Status

MAX_BODY_BYTES = 10 * 1024 * 1024

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_log = logging.getLogger("bargate.control")


class Incoming(Struct, frozen=True):
    """A request with what the connection tells of it; `headers` as sent, in order."""

    request: HttpRequest
    headers: tuple[tuple[bytes, bytes], ...]
    source_ip: str
    secure: bool


class Edge:
    """The application; `emulation` is there with `--dev` alone."""

    def __init__(
        self, dispatcher: Dispatcher, status: Status, emulation: Emulation | None = None
    ) -> None:
        self._dispatcher = dispatcher
        self._status = status
        self._emulation = emulation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request_id = str(uuid4())
        body = await _body(receive, _length(scope))
        if body is None:
            response = _too_large(request_id)
        else:
            response = await self._answer(_incoming(scope, body), request_id)
        await _send(send, response)

    async def _answer(self, incoming: Incoming, request_id: str) -> HttpResponse:
        try:
            response = await self._status.answer(incoming.request)
            if response is None and self._emulation is not None:
                response = await self._emulation.answer(incoming)
            if response is None:
                response = await self._dispatcher.answer(incoming, request_id)
        except Exception:  # noqa: BLE001  the edge: a bug ends one request, and tells nothing
            _log.exception("request %s met a bug", request_id)
            return _internal_failure(request_id)
        return response


def _incoming(scope: Scope, body: bytes) -> Incoming:
    joined: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1").strip()
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    request = HttpRequest(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=joined,
        body=body,
    )
    client = scope.get("client") or ("", 0)
    return Incoming(request, tuple(scope["headers"]), client[0], scope["scheme"] == "https")


def _length(scope: Scope) -> int | None:
    """Give the announced length of the body; None when none is announced."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return None


async def _body(receive: Receive, length_bytes: int | None) -> bytes | None:
    """Read the whole body; None when it is larger than anything AWS takes."""
    if length_bytes is not None and length_bytes > MAX_BODY_BYTES:
        return None
    chunks: list[bytes] = []
    size_bytes = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(chunks)  # the client went away; nobody reads the answer
        chunk = message.get("body", b"")
        size_bytes += len(chunk)
        if size_bytes > MAX_BODY_BYTES:
            return None
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


async def _send(send: Send, response: HttpResponse) -> None:
    headers = [
        (name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers
    ]
    headers.append((b"content-length", str(len(response.body)).encode("ascii")))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


def _too_large(request_id: str) -> HttpResponse:
    return _plain(413, b'{"message":"Request entity is too large"}', request_id, close=True)


def _internal_failure(request_id: str) -> HttpResponse:
    return _plain(500, b'{"message":"Internal server error"}', request_id)


def _plain(status: int, body: bytes, request_id: str, *, close: bool = False) -> HttpResponse:
    headers = [("content-type", "application/json"), ("x-amzn-requestid", request_id)]
    if close:
        headers.append(("connection", "close"))
    return HttpResponse(status, tuple(headers), body)
