"""The AWS endpoint as an ASGI application: what a request is for, and bounds on what it brings.

/_bargate/health, /_bargate/metrics ──► Status
with --dev: what emulators answer     ──► Emulation
/{pool id}/.well-known/…              ──► PoolDocuments: keys and discovery, for everybody
/{pool id}/confirmUser                ──► Pages: what users open in a browser
OPTIONS for cognito-idp               ──► pool_cors: pages may call what needs no signature
PUT /{pool id}/imports/{job id}       ──► ImportUploads: a file, as it comes, by a token
everything else                       ──► Dispatcher (an AWS operation)
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct

from bargate.control.pool_cors import preflight, with_cors
from bargate.gateway.budget import MemoryBudget
from bargate.random_ids import new_uuid
from bargate.wire.request import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from bargate.control.dispatch import Dispatcher
    from bargate.control.emulation import Emulation
    from bargate.control.import_uploads import ImportUploads
    from bargate.control.pool_documents import PoolDocuments
    from bargate.control.status import Status
    from bargate.pages import Pages

MAX_BODY_BYTES = 10 * 1024 * 1024
# AWS [O] of CreateFunction and UpdateFunctionCode: a package of 50 MiB in base64, and the rest.
MAX_UPLOAD_BYTES = 70_167_211
_UPLOAD = re.compile(rb"POST /2015-03-31/functions/?|PUT /2015-03-31/functions/[^/]+/code")
_MAX_LENGTH_DIGITS = 20  # more are too large whatever they are; int() takes 4,300 only
# Of all requests together: a body is held before anything of it is known to be signed.
MAX_BODIES_BYTES = 256 * 1024 * 1024
# Of all deployment packages together: apart, so that they keep nobody else from being answered.
MAX_UPLOADS_BYTES = 2 * MAX_UPLOAD_BYTES

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
        self,
        dispatcher: Dispatcher,
        status: Status,
        emulation: Emulation | None = None,
        documents: PoolDocuments | None = None,
        pages: Pages | None = None,
        imports: ImportUploads | None = None,
    ) -> None:
        self._dispatcher = dispatcher
        self._status = status
        self._emulation = emulation
        self._documents = documents
        self._pages = pages
        self._imports = imports
        self._budget = MemoryBudget(MAX_BODIES_BYTES)
        self._uploads = MemoryBudget(MAX_UPLOADS_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; one that its client broke off is not done by half."""
        request_id = new_uuid()
        if self._imports is not None and self._imports.is_for(scope):
            uploaded = await self._imports.answer(scope, receive, _length(scope))
            if uploaded is not None:
                await _send(send, uploaded)
            return
        body = self._body(scope)
        try:
            whole = await body.read(receive, _length(scope))
            response = await self._answer(_incoming(scope, whole), request_id)
        except _TooLarge:
            response = _too_large(request_id)
        except _NoMemory:
            response = _busy(request_id)
        except _BrokenOff:
            return
        finally:
            body.release()
        await _send(send, response)

    def _body(self, scope: Scope) -> _Body:
        """Give what holds a body: a deployment package may be larger than anything else."""
        request = b"%s %s" % (scope["method"].encode("latin-1"), scope["raw_path"])
        if _UPLOAD.fullmatch(request):
            return _Body(self._uploads, MAX_UPLOAD_BYTES)
        return _Body(self._budget, MAX_BODY_BYTES)

    async def _answer(self, incoming: Incoming, request_id: str) -> HttpResponse:
        try:
            response = await self._status.answer(incoming.request)
            if response is None and self._documents is not None:
                response = self._documents.answer(incoming.request)
            if response is None and self._pages is not None:
                response = await self._pages.answer(incoming.request, incoming.source_ip)
            if response is None:
                response = preflight(incoming.request)
            if response is None and self._emulation is not None:
                response = await self._emulation.answer(incoming)
            if response is None:
                response = await self._dispatcher.answer(incoming, request_id)
        except Exception:  # noqa: BLE001  the edge: a bug ends one request, and tells nothing
            _log.exception("request %s met a bug", request_id)
            return _internal_failure(request_id)
        return with_cors(incoming.request, response)


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
            return int(value[:_MAX_LENGTH_DIGITS])
    return None


class _TooLarge(Exception):
    """A body is larger than anything AWS takes."""


class _NoMemory(Exception):
    """So many bodies are held that there is no room for another."""


class _BrokenOff(Exception):
    """The client went away before its request was whole."""


class _Body:
    """The body of one request, of at most so many bytes, held within a budget until `release`."""

    def __init__(self, budget: MemoryBudget, max_bytes: int) -> None:
        self._budget = budget
        self._max_bytes = max_bytes
        self._held_bytes = 0

    async def read(self, receive: Receive, length_bytes: int | None) -> bytes:
        """Read it whole; raises _TooLarge, _NoMemory, _BrokenOff."""
        if length_bytes is not None and length_bytes > self._max_bytes:
            raise _TooLarge
        chunks: list[bytes] = []
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise _BrokenOff
            chunk = message.get("body", b"")
            self._hold(len(chunk))
            chunks.append(chunk)
            if not message.get("more_body", False):
                return b"".join(chunks)

    def _hold(self, size_bytes: int) -> None:
        if self._held_bytes + size_bytes > self._max_bytes:
            raise _TooLarge
        if not self._budget.reserve(size_bytes):
            raise _NoMemory
        self._held_bytes += size_bytes

    def release(self) -> None:
        """Give the memory back."""
        self._budget.release(self._held_bytes)
        self._held_bytes = 0


async def _send(send: Send, response: HttpResponse) -> None:
    headers = [
        (name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers
    ]
    headers.append((b"content-length", str(len(response.body)).encode("ascii")))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


def _too_large(request_id: str) -> HttpResponse:
    return _plain(413, b'{"message":"Request entity is too large"}', request_id, close=True)


def _busy(request_id: str) -> HttpResponse:
    return _plain(503, b'{"message":"Service Unavailable"}', request_id, close=True)


def _internal_failure(request_id: str) -> HttpResponse:
    return _plain(500, b'{"message":"Internal server error"}', request_id)


def _plain(status: int, body: bytes, request_id: str, *, close: bool = False) -> HttpResponse:
    headers = [("content-type", "application/json"), ("x-amzn-requestid", request_id)]
    if close:
        headers.append(("connection", "close"))
    return HttpResponse(status, tuple(headers), body)
