"""What a backend connection tells whoever waits for the response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from bargate.gateway.upstream.backend import Backend
    from bargate.mapping.plan import Headers

Failure = Literal["unreachable", "overloaded", "closed", "malformed", "client_certificate"]


class Sink(Protocol):
    """Receives one response: `responded` once, then `data` and `ended`; or `failed` once.

    `stale` is called instead of `failed` when a reused connection died before it answered a
    single byte: the backend may have closed it before the request arrived.
    """

    backend: Backend | None

    def responded(
        self, status: int, headers: Headers, length: int | None, body: bytes, *, ended: bool
    ) -> None:
        """Take the head, with the body as far as it came along.

        `headers` are end-to-end ones only; `length` is the Content-Length, None when unknown.
        When `ended`, `body` is the whole body and no further call follows.
        """

    def data(self, body: bytes) -> None:
        """Take more of the body."""

    def ended(self) -> None:
        """Take note that the body is complete."""

    def failed(self, failure: Failure, detail: str) -> None:
        """Take note that there will be no response, or no rest of one."""

    def stale(self) -> None:
        """Take note that a reused connection turned out to be closed."""
