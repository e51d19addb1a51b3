"""TLS at Bargate and at nginx, with one certificate (EC P-256) for both: calls, and handshakes.

A connection that is closed after each answer makes each call a handshake: wrk resumes no session.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench import bargate_peer, documents, nginx
from bench.load import Request
from bench.process import GATEWAY_CORE, free_port, running, wait_until_listening
from bench.testbed import Gateway, Testbed
from examples.controls import certificates

_CLOSE = ("Connection: close",)


@contextmanager
def _bargate(testbed: Testbed, headers: tuple[str, ...]) -> Iterator[Gateway]:
    chain, key = _files(testbed.work)
    port = free_port()
    document = documents.write(
        documents.open_route(testbed.backend_port), testbed.work / "bargate-tls.json"
    )
    options = ("--stage", documents.STAGE, "--tls-listen", f"127.0.0.1:{port}")
    command = bargate_peer.command(
        document, "off", *options, "--tls-cert", str(chain), "--tls-key", str(key)
    )
    log = testbed.work / "bargate-tls.log"
    path = f"/_api/{documents.API_ID}/{documents.STAGE}/pets/1"
    with running(command, core=GATEWAY_CORE, log=log) as process:
        wait_until_listening(process, port, log)
        bargate_peer.announced_port(process, log)
        yield Gateway(process.pid, port, Request(path, headers, tls=True))


@contextmanager
def _nginx(testbed: Testbed, headers: tuple[str, ...]) -> Iterator[Gateway]:
    chain, key = _files(testbed.work)
    with nginx.tls_proxy(testbed, chain, key) as (pid, port):
        yield Gateway(pid, port, Request("/pets/1", headers, tls=True))


bargate_calls = partial(_bargate, headers=())
bargate_handshakes = partial(_bargate, headers=_CLOSE)
nginx_calls = partial(_nginx, headers=())
nginx_handshakes = partial(_nginx, headers=_CLOSE)


def _files(work: Path) -> tuple[Path, Path]:
    """Give certificate and key, made once."""
    chain, key = work / "tls.pem", work / "tls.key"
    if not key.exists():
        made = certificates.make("gateway.example.com")
        chain.write_bytes(made.server)
        key.touch(mode=0o600)
        key.write_bytes(made.server_key)
    return chain, key
