"""Which requests an emulator answers in the place of AWS, and for which pages never."""

from __future__ import annotations

import asyncio
import json

import pytest

from bargate.control.edge import Incoming
from bargate.control.emulation import RESET_PATHS, Emulation, is_own_host
from bargate.wire.request import HttpRequest, HttpResponse

FORWARDED = HttpResponse(200, [], b"from the gateway")


class Gateway:
    """A passage that says what it was given."""

    async def forward(self, *_: object) -> HttpResponse:
        return FORWARDED


class Answering:
    """An emulation, and how often it was reset."""

    def __init__(self) -> None:
        self.resets = 0
        self._emulation = Emulation(Gateway(), ("iam", "sts"), self._reset)  # type: ignore[arg-type]

    async def _reset(self) -> None:
        self.resets += 1

    def __call__(
        self, method: str, path: str, host: str = "localhost:4566", **headers: str
    ) -> HttpResponse | None:
        named = {"host": host, **{name.replace("_", "-"): v for name, v in headers.items()}}
        request = HttpRequest(method=method, path=path, query="", headers=named, body=b"")
        incoming = Incoming(request, (), "127.0.0.1", secure=False)
        return asyncio.run(self._emulation.answer(incoming))


@pytest.fixture
def emulation() -> Answering:
    return Answering()


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:1", "a.localhost:80", "127.0.0.1", "127.9.9.9:4566", "[::1]:4566"],
)
def test_names_of_this_machine_are_its_own(host: str) -> None:
    assert is_own_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "", ":", "localhost.evil.example", "notlocalhost", "evil.example", "127.0.0.1.evil.example",
        "10.0.0.1", "0.0.0.0", "[::]", "[", "[::1", "localhost@evil.example", "2130706433x",
        "\x00", "a" * 5_000,
    ],
)  # fmt: skip
def test_other_names_are_not(host: str) -> None:
    assert not is_own_host(host)


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("abc123.execute-api.us-east-1.amazonaws.com", "/"),
        ("abc123.execute-api.localhost:4566", "/prod"),
        ("ABC123.EXECUTE-API.Localhost", "/prod"),
        ("localhost", "/_aws/execute-api/abc123/prod/pets"),
        ("localhost", "/restapis/abc123/prod/_user_request_/pets"),
        ("localhost", "/restapis/abc123/prod/_user_request_"),
    ],
)
def test_calls_go_to_the_gateway(host: str, path: str, emulation: Answering) -> None:
    assert emulation("GET", path, host) is FORWARDED
    # Even from a page: who may call is the gateway's affair, CORS with it.
    assert emulation("OPTIONS", path, host, origin="https://page.example") is FORWARDED


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("localhost", "/restapis/abc123"),
        ("localhost", "/restapis/abc123/prod/_user_request_x"),
        ("localhost", "/restapis/a/b/c/_user_request_/"),
        ("localhost", "/x/_aws/execute-api/abc/prod/"),
        ("localhost", "/"),
        ("apigateway.localhost", "/restapis"),
    ],
)
def test_operations_are_left_to_the_dispatcher(host: str, path: str, emulation: Answering) -> None:
    assert emulation("GET", path, host) is None


@pytest.mark.parametrize("path", sorted(RESET_PATHS))
def test_a_reset_needs_a_post_of_this_machine(path: str, emulation: Answering) -> None:
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "post"):
        refused = emulation(method, path)
        assert refused is not None
        assert refused.status == 405
    foreign = [
        {"host": "evil.example"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://[::1"},
        {"sec_fetch_site": "cross-site"},
        {"origin": "http://localhost:3000", "sec_fetch_site": "cross-site"},
    ]
    for headers in foreign:
        refused = emulation("POST", path, **headers)
        assert refused is not None
        assert refused.status == 403, headers
    assert emulation.resets == 0
    done = emulation("POST", path, origin="http://localhost:3000", sec_fetch_site="same-site")
    assert done is not None
    assert (done.status, emulation.resets) == (200, 1)


def test_paths_that_are_nearly_a_reset_are_none(emulation: Answering) -> None:
    for path in ("/_bargate/reset/", "/_bargate//reset", "/moto-api/reset2", "/%5fbargate/reset"):
        assert emulation("POST", path) is None
    assert emulation.resets == 0


def test_health_names_every_service(emulation: Answering) -> None:
    answer = emulation("GET", "/_localstack/health")
    assert answer is not None
    assert json.loads(answer.body)["services"] == {"iam": "running", "sts": "running"}
