"""A token issuer for tests over real HTTP: discovery, key sets, rotation, and every way to fail."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from unit.tokens.minting import jwk, key_set, mint

DISCOVERY = "/.well-known/openid-configuration"
KEYS = "/.well-known/jwks.json"
POOL_CLIENT = "poolclient00000000000000001"
AUDIENCE = "app"


@dataclass
class Issuer:
    """One issuer: whose tokens it signs, what it publishes, how it behaves, what it was asked.

    `published` are the names of the keys in its key set; `answers` replaces the answer at a path
    by (status, body); while `released` is clear, every answer waits.
    """

    url: str
    published: list[str]
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    fetches: Counter[str] = field(default_factory=Counter)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def signs_with(self) -> str:
        return self.published[-1]

    def document(self, path: str) -> tuple[int, bytes]:
        if path in self.answers:
            return self.answers[path]
        if path == DISCOVERY:
            return 200, json.dumps({"issuer": self.url, "jwks_uri": self.url + KEYS}).encode()
        if path == KEYS:
            return 200, key_set(*(jwk(name) for name in self.published))
        return 404, b"{}"

    def sign(self, claims: dict[str, Any], key: str | None = None, **header: Any) -> str:
        """Sign claims as they are; a claim of `...` is left out."""
        kept = {name: value for name, value in claims.items() if value is not ...}
        return str(mint(key or self.signs_with, kept, **header), "ascii")

    def id_token(self, key: str | None = None, **changes: Any) -> str:
        return self.sign(
            self._claims(token_use="id", aud=POOL_CLIENT, email="ada@example.com") | changes, key
        )

    def access_token(self, *scopes: str, key: str | None = None, **changes: Any) -> str:
        claims = self._claims(token_use="access", client_id=POOL_CLIENT, scope=" ".join(scopes))
        return self.sign(claims | changes, key)

    def jwt(self, *scopes: str, key: str | None = None, **changes: Any) -> str:
        claims = self._claims(aud=AUDIENCE)
        granted = {"scope": " ".join(scopes)} if scopes else {}
        return self.sign(claims | granted | changes, key)

    def _claims(self, **more: Any) -> dict[str, Any]:
        now = int(time.time())
        return {"iss": self.url, "sub": "ada", "iat": now - 5, "exp": now + 3_600} | more


@contextlib.contextmanager
def issuer(*keys: str) -> Iterator[Issuer]:
    """Run an issuer that publishes the keys of these names."""
    state = Issuer("", list(keys or ("issuer-1",)))
    state.released.set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.fetches[self.path] += 1
            state.released.wait(20)
            status, body = state.document(self.path)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(OSError):  # a gateway that gave up does not read this
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

        def finish(self) -> None:
            with contextlib.suppress(OSError):
                super().finish()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield state
    finally:
        state.released.set()
        server.shutdown()
        server.server_close()
