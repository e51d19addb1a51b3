"""A request as its signer saw it."""

from collections.abc import Callable
from hashlib import sha256

from msgspec import Struct, field
from msgspec.structs import force_setattr

EMPTY_SHA256 = sha256(b"").hexdigest()


class SignedRequest(Struct, frozen=True, eq=False):
    """A request exactly as sent.

    `path` is percent-encoded, from the root; `query` raw and without the question mark; `headers`
    in order, names in any case; `body_sha256` gives the hash of the body in lower-case hex and is
    not asked before the body is needed (`verify`). `header` has the values by name in lower case,
    trimmed, those of a repeated header joined by a comma; it is worked out here, unless `known`
    are these very headers with what they come to.
    """

    method: str
    path: str
    query: str
    headers: list[tuple[bytes, bytes]]
    body_sha256: Callable[[], str] = lambda: EMPTY_SHA256
    known: tuple[list[tuple[bytes, bytes]], dict[bytes, bytes]] | None = None
    header: dict[bytes, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.known is not None and self.known[0] is self.headers:
            force_setattr(self, "header", self.known[1])
            return
        header: dict[bytes, bytes] = {}
        for name, value in self.headers:
            key = name.lower()
            header[key] = (
                b"%b,%b" % (header[key], value.strip()) if key in header else value.strip()
            )
        force_setattr(self, "header", header)


def sha256_of(body: bytes) -> Callable[[], str]:
    """Give the provider of a body's hash that `SignedRequest` wants."""
    if not body:
        return lambda: EMPTY_SHA256
    return lambda: sha256(body).hexdigest()
