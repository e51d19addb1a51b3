"""examples/authorizers/oidc against a provider over real HTTP: what is fetched, and what is not."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from example_functions import AUTHORIZERS, load, statement, token_event
from issuing import AUDIENCE, DISCOVERY, KEYS, Issuer, issuer


@pytest.fixture
def oidc() -> Any:
    return load(AUTHORIZERS / "oidc", "oidc")


@pytest.fixture
def provider() -> Iterator[Issuer]:
    with issuer() as running:
        yield running


def called(oidc: Any, provider: Issuer, token: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("ISSUER", provider.url)
    monkeypatch.setenv("AUDIENCE", AUDIENCE)
    return oidc.handler(token_event(f"Bearer {token}"), None)


def test_a_token_is_verified_with_keys_that_discovery_names(
    oidc: Any, provider: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        answer = called(oidc, provider, provider.jwt("a"), monkeypatch)
        assert (answer["principalId"], statement(answer)["Effect"]) == ("ada", "Allow")
    assert provider.fetches == {DISCOVERY: 1, KEYS: 1}


def test_a_forged_key_name_is_refused(
    oidc: Any, provider: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        with pytest.raises(Exception, match=r"\AUnauthorized\Z"):
            called(oidc, provider, provider.jwt(key=f"forged-{number % 2}"), monkeypatch)
    assert provider.fetches == {DISCOVERY: 1, KEYS: 1}


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (DISCOVERY, (500, b"{}")),
        (DISCOVERY, (200, b"<html>")),
        (DISCOVERY, (200, b"{")),
        (DISCOVERY, (200, json.dumps({"issuer": "https://evil.example"}).encode())),
        (DISCOVERY, (200, b"\xff")),
        (KEYS, (404, b"")),
        (KEYS, (200, b"[]")),
        (KEYS, (200, b'{"keys": [' + b" " * 150_001 + b"]}")),
    ],
)
def test_a_provider_that_answers_wrongly_lets_nobody_in(
    oidc: Any,
    provider: Issuer,
    path: str,
    answer: tuple[int, bytes],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    provider.answers[path] = answer
    with pytest.raises(Exception, match="could not be fetched") as error:
        called(oidc, provider, provider.jwt(), monkeypatch)
    assert type(error.value).__name__ == "ProviderError"
    assert "no keys: " in capsys.readouterr().out


def test_a_provider_that_hangs(
    oidc: Any, provider: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.released.clear()
    with pytest.raises(Exception, match="could not be fetched"):
        called(oidc, provider, provider.jwt(), monkeypatch)


def test_redirects_are_not_followed(oidc: Any, provider: Issuer) -> None:
    class Redirecting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", provider.url + KEYS)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    fetch, error = (oidc.Provider.key.__globals__[n] for n in ("fetch_json", "ProviderError"))
    with HTTPServer(("127.0.0.1", 0), Redirecting) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with pytest.raises(error, match="302"):
            fetch(f"http://127.0.0.1:{server.server_port}/")
        thread.join()
    assert not provider.fetches
