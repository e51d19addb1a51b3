from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest

from bargate.gateway.denials import integration_failure
from bargate.gateway.limits import Limits
from bargate.gateway.upstream.backend import Backend
from bargate.gateway.upstream.client_certificates import ClientCertificates, NotShowable
from bargate.gateway.upstream.connector import Connector
from bargate.gateway.upstream.pools import Pools
from bargate.gateway.upstream.resolver import Resolver
from bargate.gateway.upstream.sink import Failure
from bargate.mapping.plan import Origin, UpstreamRequest
from bargate.model.client_certificate import ClientCertificate
from bargate.secret import Secret
from bargate.services.apigateway.client_certificates import _self_signed
from calling import NOW

NAME = "client_certificate/abc123"


def certificate(key: str | None = None) -> ClientCertificate:
    text, private_key = _self_signed(NOW)
    return ClientCertificate(
        account_id="000000000000",
        region="us-east-1",
        id="abc123",
        certificate=text,
        private_key=private_key if key is None else Secret(key),
    )


def test_one_context_of_each_kind_is_made_and_kept() -> None:
    directory = ClientCertificates()
    directory.apply(NAME, certificate())
    verified = directory.context("abc123", verify=True)
    unverified = directory.context("abc123", verify=False)
    assert (verified.verify_mode, verified.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert unverified.verify_mode == ssl.CERT_NONE
    assert directory.context("abc123", verify=True) is verified
    assert directory.context("abc123", verify=False) is unverified


def test_a_certificate_that_is_not_there_cannot_be_shown() -> None:
    directory = ClientCertificates()
    with pytest.raises(NotShowable, match="abc123 is not known"):
        directory.context("abc123", verify=True)
    directory.apply(NAME, certificate())
    directory.context("abc123", verify=True)
    directory.apply(NAME, None)
    with pytest.raises(NotShowable, match="abc123 is not known"):
        directory.context("abc123", verify=True)


@pytest.mark.parametrize("key", ["", "nonsense", None])
def test_a_key_that_does_not_belong_to_it_is_refused(key: str | None) -> None:
    other = _self_signed(NOW)[1].reveal() if key is None else key
    directory = ClientCertificates()
    directory.apply(NAME, certificate(other))
    with pytest.raises(NotShowable, match="cannot be loaded") as refused:
        directory.context("abc123", verify=True)
    assert "PRIVATE" not in str(refused.value)


def test_nothing_of_a_key_stays_open_or_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    directory = ClientCertificates()
    directory.apply(NAME, certificate())
    directory.context("abc123", verify=True)
    assert list(tmp_path.iterdir()) == []
    held = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            held.append(str(link.readlink()))
        except FileNotFoundError:  # the listing's own
            continue
    assert not [name for name in held if "client-certificate" in name]


class Recording:
    """A sink that keeps how its request failed."""

    def __init__(self) -> None:
        self.backend: Backend | None = None
        self.failure: asyncio.Future[tuple[Failure, str]] = asyncio.Future()

    def responded(self, *_: object, **__: object) -> None:
        raise AssertionError("a backend was asked")

    data = ended = stale = responded

    def failed(self, failure: Failure, detail: str) -> None:
        self.failure.set_result((failure, detail))


def test_a_backend_is_never_asked_without_the_certificate() -> None:
    async def ask() -> tuple[tuple[Failure, str], list[object]]:
        asked: list[object] = []
        server = await asyncio.start_server(lambda *_: asked.append(_), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        limits, clock = Limits(), asyncio.get_running_loop().time
        context = ssl.create_default_context()
        pools = Pools(Connector(Resolver(30.0, clock), 5.0, context), limits, clock)
        origin = Origin("https", "127.0.0.1", port, verify=False, client_certificate="abc123")
        sink = Recording()
        head = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        pools.send(UpstreamRequest(origin, head, b"", b"GET", True, 5.0), sink)
        failure = await asyncio.wait_for(sink.failure, 5)
        pools.close()
        server.close()
        return failure, asked

    (failure, detail), asked = asyncio.run(ask())
    assert (failure, asked) == ("client_certificate", [])
    assert "abc123 is not known" in detail
    denial = integration_failure(failure, detail)
    assert (denial.status, denial.reason) == (500, "integration.client_certificate")
