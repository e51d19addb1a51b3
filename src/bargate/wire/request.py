"""An HTTP request and its answer, as the protocols see them: whole, and nothing decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence


class HttpRequest(Struct, frozen=True):
    """A request as it was sent: `path` percent-encoded, `query` raw and without its `?`.

    `headers` are keyed in lower case; a header sent several times is joined by ",".
    """

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    def __repr__(self) -> str:
        # Query, headers and body hold signatures, passwords and tokens.
        return f"HttpRequest({self.method} {self.path})"


class HttpResponse(Struct, frozen=True):
    """An answer; its headers hold no control characters and nothing outside Latin-1."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes
