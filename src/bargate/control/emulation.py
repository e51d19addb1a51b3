"""What emulators of AWS answer besides AWS's own APIs, for tools that were built for them (`--dev`).

    Host: {apiId}.execute-api.<any domain>, /_aws/execute-api/…, /restapis/…/_user_request_/…
        ──► passed to the gateway as it came, which decides as it always does
    GET  /_localstack/health                                         ──► what runs
    POST /_bargate/reset, /moto-api/reset, /_localstack/state/reset  ──► an empty state
    GET  /_bargate/outbox?pool=ID&after=NUMBER                       ──► messages to users, with codes

Nobody's credentials are checked with `--dev`, so a page in the developer's browser must not reach
the endpoint: a request that comes from another origin, or to a name that somebody else's DNS may
lead here (rebinding), is refused. What goes to the gateway is decided there, as for all callers.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import msgspec

from bargate.wire.request import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bargate.control.edge import Incoming
    from bargate.control.passage import Passage
    from bargate.outbound.outbox import Outbox

RESET_PATHS = frozenset({"/_bargate/reset", "/moto-api/reset", "/_localstack/state/reset"})
HEALTH_PATH = "/_localstack/health"
OUTBOX_PATH = "/_bargate/outbox"
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_GATEWAY_PATH = re.compile(r"/_aws/execute-api/[^/]+/|/restapis/[^/]+/[^/]+/_user_request_(/|$)")
_GATEWAY_HOST = re.compile(r"[a-z0-9]{1,64}\.execute-api\.[^/]+", re.IGNORECASE)
_NOBODYS_NAMES = (".internal", ".localhost.localstack.cloud")
_JSON = (("content-type", "application/json"),)


class Emulation:
    """Answers in the place of an emulator; `reset` empties the state."""

    def __init__(
        self,
        passage: Passage,
        services: tuple[str, ...],
        reset: Callable[[], Awaitable[None]],
        outbox: Outbox | None = None,
    ) -> None:
        self._passage = passage
        self._services = services
        self._reset = reset
        self._outbox = outbox

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
        if request.path == OUTBOX_PATH:
            return self._answer_outbox(request)
        if not is_own_origin(request):
            return _refused("a page of another origin may not use this endpoint")
        if not is_private_host(host):
            return _refused("with --dev this endpoint answers to names of this machine alone")
        return None

    def _health(self) -> HttpResponse:
        running = dict.fromkeys(self._services, "running")
        body = msgspec.json.encode({"services": running, "edition": "bargate"})
        return HttpResponse(200, _JSON, body)

    def _answer_outbox(self, request: HttpRequest) -> HttpResponse:
        if request.method != "GET":
            return HttpResponse(405, (*_JSON, ("allow", "GET")), b'{"message":"use GET"}')
        if not (is_own_host(request.headers.get("host", "")) and is_own_origin(request)):
            return _refused("only a client on this machine, by its own name, may read codes")
        asked = parse_qs(request.query)
        after = asked.get("after", ["0"])[0]
        number = int(after) if _NUMBER.fullmatch(after) else 0
        pool_id = asked.get("pool", [None])[0]
        found = [] if self._outbox is None else self._outbox.after(number, pool_id)
        headers = (*_JSON, ("cache-control", "no-store"))
        return HttpResponse(200, headers, msgspec.json.encode({"messages": found}))

    async def _answer_reset(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return HttpResponse(405, (*_JSON, ("allow", "POST")), b'{"message":"use POST"}')
        if not (is_own_host(request.headers.get("host", "")) and is_own_origin(request)):
            return _refused("only a client on this machine, by its own name, may reset")
        await self._reset()
        return HttpResponse(200, _JSON, b'{"status":"ok"}')


def is_own_host(host: str) -> bool:
    """Say whether a Host header, or the authority of an origin, names this machine."""
    name = _name(host)
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def is_private_host(host: str) -> bool:
    """Say whether no stranger's DNS can make a Host lead here, so that no web page comes with it.

    Besides this machine's names: addresses, names without a dot (containers), `.internal`
    (Docker's), and the name that LocalStack's clients use, which is 127.0.0.1 for everybody.
    """
    name = _name(host)
    if is_own_host(host) or f".{name}".endswith(_NOBODYS_NAMES):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return "." not in name
    return True


def is_own_origin(request: HttpRequest) -> bool:
    """Say whether a request comes from no page, or from a page of this machine."""
    if request.headers.get("sec-fetch-site") == "cross-site":
        return False
    # Browsers of before 2023 tell of an image or a link by its Referer at best.
    page = request.headers.get("origin", request.headers.get("referer"))
    return page is None or is_own_host(page.partition("://")[2].partition("/")[0])


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or "."
    except ValueError:
        return "."


def _refused(why: str) -> HttpResponse:
    return HttpResponse(403, _JSON, msgspec.json.encode({"message": why}))
