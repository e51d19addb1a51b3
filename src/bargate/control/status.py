"""How the installation is doing: `/_bargate/health` for probes, `/_bargate/metrics` for Prometheus."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec

from bargate.wire.request import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from bargate.control.messages import Collected

HEALTH_PATH = "/_bargate/health"
METRICS_PATH = "/_bargate/metrics"

# Asks the supervisor what the workers counted; None when it does not answer.
AskWorkers = Callable[[], Awaitable["Collected | None"]]
_JSON = (("content-type", "application/json"), ("cache-control", "no-store"))


class Status:
    """Answers the two paths; everything else is not its affair."""

    def __init__(self, ask: AskWorkers, version: str) -> None:
        self._ask = ask
        self._version = version

    async def answer(self, request: HttpRequest) -> HttpResponse | None:
        """Answer a request for a status path, None for any other."""
        if request.path not in {HEALTH_PATH, METRICS_PATH}:
            return None
        if request.method not in {"GET", "HEAD"}:
            return HttpResponse(405, (*_JSON, ("allow", "GET, HEAD")), b'{"message":"use GET"}')
        collected = await self._ask()
        return self._health(collected) if request.path == HEALTH_PATH else _metrics(collected)

    def _health(self, collected: Collected | None) -> HttpResponse:
        """200 while workers serve; 503 when the supervisor does not say what they do."""
        if collected is None:
            return HttpResponse(503, _JSON, b'{"status":"the gateway does not answer"}')
        body = {
            "status": "ok",
            "version": self._version,
            "snapshot": {
                "version": collected.version,
                "ageSeconds": round(max(0.0, time.time() - collected.applied_at), 3),
            },
        }
        return HttpResponse(200, _JSON, msgspec.json.encode(body))


def _metrics(collected: Collected | None) -> HttpResponse:
    from prometheus_client.exposition import CONTENT_TYPE_LATEST  # noqa: PLC0415  costs each start

    from bargate.control.exposition import expose  # noqa: PLC0415

    if collected is None:
        return HttpResponse(503, _JSON, b'{"message":"the gateway does not answer"}')
    return HttpResponse(200, (("content-type", CONTENT_TYPE_LATEST),), expose(collected))
