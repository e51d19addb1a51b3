"""What emulators of AWS answer besides AWS's own APIs, for tools that were built for them (`--dev`).

    Host: {apiId}.execute-api.<any domain>, /_aws/execute-api/…, /restapis/…/_user_request_/…
        ──► passed to the gateway as it came, which decides as it always does
    GET  /_localstack/health                                         ──► what runs
    POST /_bargate/reset, /moto-api/reset, /_localstack/state/reset  ──► an empty state

Nothing of this asks for credentials, so a page in the developer's browser must not reach it: a
request that names another origin, or comes to another name than this machine's, cannot reset.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from bargate.wire.request import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bargate.control.edge import Incoming
    from bargate.control.passage import Passage

RESET_PATHS = frozenset({"/_bargate/reset", "/moto-api/reset", "/_localstack/state/reset"})
HEALTH_PATH = "/_localstack/health"
_GATEWAY_PATH = re.compile(r"/_aws/execute-api/[^/]+/|/restapis/[^/]+/[^/]+/_user_request_(/|$)")
_GATEWAY_HOST = re.compile(r"[a-z0-9]{1,64}\.execute-api\.[^/]+", re.IGNORECASE)
_JSON = (("content-type", "application/json"),)


class Emulation:
    """Answers in the place of an emulator; `reset` empties the state."""

    def __init__(
        self, passage: Passage, services: tuple[str, ...], reset: Callable[[], Awaitable[None]]
    ) -> None:
        self._passage = passage
        self._services = services
        self._reset = reset

    async def answer(self, incoming: Incoming) -> HttpResponse | None:
        """Answer a request that is not for an AWS API, None if it is for one."""
        request = incoming.request
        host = request.headers.get("host", "")
        if _GATEWAY_HOST.fullmatch(host) or _GATEWAY_PATH.match(request.path):
            return await self._passage.forward(request, incoming.headers)
        if request.path == HEALTH_PATH:
            return self._health()
        if request.path in RESET_PATHS:
            return await self._answer_reset(request)
        if not is_own_origin(request):
            return _refused("a page of another origin may not use this endpoint")
        return None

    def _health(self) -> HttpResponse:
        running = dict.fromkeys(self._services, "running")
        body = msgspec.json.encode({"services": running, "edition": "bargate"})
        return HttpResponse(200, _JSON, body)

    async def _answer_reset(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return HttpResponse(405, (*_JSON, ("allow", "POST")), b'{"message":"use POST"}')
        if not (is_own_host(request.headers.get("host", "")) and is_own_origin(request)):
            return _refused("only a client on this machine, by its own name, may reset")
        await self._reset()
        return HttpResponse(200, _JSON, b'{"status":"ok"}')


def is_own_host(host: str) -> bool:
    """Say whether a Host header, or the authority of an origin, names this machine."""
    name = urlsplit(f"//{host}").hostname or ""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def is_own_origin(request: HttpRequest) -> bool:
    """Say whether a request comes from no page, or from a page of this machine."""
    origin = request.headers.get("origin")
    if request.headers.get("sec-fetch-site") == "cross-site":
        return False
    return origin is None or is_own_host(urlsplit(origin).netloc)


def _refused(why: str) -> HttpResponse:
    return HttpResponse(403, _JSON, msgspec.json.encode({"message": why}))
