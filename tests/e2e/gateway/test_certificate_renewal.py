"""SIGHUP takes up a renewed certificate, and keeps the old one when the new one is no good."""

from __future__ import annotations

import shutil
import signal
import ssl
from pathlib import Path

from documents import operation, rest
from served import served

MOCK = {
    "type": "mock",
    "requestTemplates": {"application/json": '{"statusCode": 200}'},
    "responses": {"default": {"statusCode": "200"}},
}


def _shown(port: int) -> str:
    return ssl.get_server_certificate(("127.0.0.1", port), timeout=10)


def test_a_renewed_certificate_is_shown_after_a_reload(
    tmp_path: Path,
    run_dir: Path,
    certificate: tuple[str, str],
    next_certificate: tuple[str, str],
) -> None:
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    shutil.copy(certificate[0], chain)
    shutil.copy(certificate[1], key)
    document = rest({"/mock": {"get": operation(MOCK)}})
    options = ("--tls-cert", str(chain), "--tls-key", str(key))
    with served(tmp_path, run_dir, document, *options) as api:
        gateway = api.gateway
        first = _shown(gateway.port)
        shutil.copy(next_certificate[0], chain)  # whose key is not there yet
        gateway.process.send_signal(signal.SIGHUP)
        gateway.wait_for_error("certificate is not renewed")
        gateway.wait_for("reloaded")
        assert _shown(gateway.port) == first
        shutil.copy(next_certificate[1], key)
        gateway.process.send_signal(signal.SIGHUP)
        gateway.wait_for("reloaded")
        shown = _shown(gateway.port)
        assert shown != first
        assert shown == Path(next_certificate[0]).read_text()
