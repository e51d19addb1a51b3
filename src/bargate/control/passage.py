"""Passes requests that came to the AWS endpoint on to the gateway, byte for byte as far as HTTP goes.

Only with `--dev`: clients of emulators call their APIs there. The gateway sees this machine as the
caller, which is true, as the endpoint listens on loopback only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.wire.request import HttpResponse

if TYPE_CHECKING:
    import httpx

    from bargate.wire.request import HttpRequest

TIMEOUT_S = 35.0  # longer than the gateway's own longest answer
_HOP_BY_HOP = frozenset(
    {
        b"connection", b"content-length", b"expect", b"keep-alive", b"proxy-connection", b"te",
        b"trailer", b"transfer-encoding", b"upgrade",
    }
)  # fmt: skip
_BAD_GATEWAY = HttpResponse(
    502,
    (("content-type", "application/json"),),
    b'{"message":"the gateway did not answer; is it being restarted?"}',
)


class Passage:
    """A connection pool to the gateway at `gateway_url`."""

    def __init__(self, gateway_url: str) -> None:
        self._gateway_url = gateway_url
        self._client: httpx.AsyncClient | None = None

    async def forward(
        self, request: HttpRequest, headers: tuple[tuple[bytes, bytes], ...]
    ) -> HttpResponse:
        """Give the gateway's answer to a request; `headers` are passed in order, Host too."""
        import httpx  # noqa: PLC0415  loaded when it is needed: it costs every start 80 ms

        if self._client is None:
            self._client = httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False)
        target = request.path + (f"?{request.query}" if request.query else "")
        url = httpx.URL(self._gateway_url).copy_with(raw_path=target.encode("latin-1"))
        passed = [(name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP]
        # A request made by hand: the client's own would add headers that nobody sent.
        asked = httpx.Request(request.method, url, headers=passed, content=request.body)
        try:
            response = await self._client.send(asked, stream=True)
            body = b"".join([chunk async for chunk in response.aiter_raw()])
            await response.aclose()
        except httpx.HTTPError:
            return _BAD_GATEWAY
        given = tuple(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in response.headers.raw
            if name.lower() not in _HOP_BY_HOP
        )
        return HttpResponse(response.status_code, given, body)

    async def close(self) -> None:
        """Let go of the connections."""
        if self._client is not None:
            await self._client.aclose()
