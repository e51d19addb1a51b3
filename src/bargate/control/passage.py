"""Passes requests that came to the AWS endpoint on to the gateway, as they came.

Only with `--dev`: clients of emulators call their APIs there. The gateway sees this machine as the
caller, which is true, as the endpoint listens on loopback only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from bargate.mapping.plan import Origin, UpstreamRequest
from bargate.services.environment import BackendFailed
from bargate.wire.request import HttpResponse

if TYPE_CHECKING:
    from bargate.services.environment import BackendCaller
    from bargate.wire.request import HttpRequest

TIMEOUT_S = 35.0  # longer than the gateway's own longest answer
_HOP_BY_HOP = frozenset(
    {
        b"connection", b"content-length", b"expect", b"keep-alive", b"proxy-connection", b"te",
        b"trailer", b"transfer-encoding", b"upgrade",
    }
)  # fmt: skip
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS"})
_BAD_GATEWAY = HttpResponse(
    502,
    [("content-type", "application/json")],
    b'{"message":"the gateway did not answer; is it being restarted?"}',
)


class Passage:
    """The way to the gateway at `gateway_url`."""

    def __init__(self, gateway_url: str, ask: BackendCaller) -> None:
        url = urlsplit(gateway_url)
        scheme: Literal["http", "https"] = "https" if url.scheme == "https" else "http"
        # The certificate is the operator's own, for names that this machine need not have.
        self._origin = Origin(scheme, url.hostname or "", url.port or 0, verify=False)
        self._ask = ask

    async def forward(
        self, request: HttpRequest, headers: tuple[tuple[bytes, bytes], ...]
    ) -> HttpResponse:
        """Give the gateway's answer to a request; `headers` are passed in order, Host too."""
        try:
            answer = await self._ask(self._passed(request, headers))
        except BackendFailed:
            return _BAD_GATEWAY
        given = [
            (n.decode("latin-1"), v.decode("latin-1"))
            for n, v in answer.headers
            if n.lower() != b"date"  # the endpoint dates what it answers
        ]
        return HttpResponse(answer.status, given, answer.body)

    def _passed(
        self, request: HttpRequest, headers: tuple[tuple[bytes, bytes], ...]
    ) -> UpstreamRequest:
        target = request.path + (f"?{request.query}" if request.query else "")
        lines = [f"{request.method} {target} HTTP/1.1".encode("latin-1")]
        lines += [b"%s: %s" % (n, v) for n, v in headers if n.lower() not in _HOP_BY_HOP]
        if request.body or request.method not in _IDEMPOTENT:
            lines.append(b"content-length: %d" % len(request.body))
        return UpstreamRequest(
            origin=self._origin,
            head=b"\r\n".join(lines) + b"\r\n\r\n",
            body=request.body,
            method=request.method.encode("latin-1"),
            retryable=request.method in _IDEMPOTENT,
            timeout_s=TIMEOUT_S,
        )
