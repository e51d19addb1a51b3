"""A real nginx that wants client certificates, with a certificate that a gateway may verify.

    verified   a certificate of an authority that the gateway is told of (SSL_CERT_FILE)
    unknown    a self-signed one, that nobody vouches for

Both answer the fingerprint of the client certificate that they were shown.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_SERVER = """
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {folder}/{name}.pem; ssl_certificate_key {folder}/{name}.key;
    ssl_client_certificate {folder}/clients.pem; ssl_verify_client {asks};
    location / {{ default_type text/plain; return 200 "shown $ssl_client_fingerprint"; }}
  }}
"""
_CONFIGURATION = """
{user} daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log off; keepalive_requests 50;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  {servers}
}}
"""


class Nginx:
    """nginx in a folder; `trust` says whom it lets in."""

    def __init__(self, folder: Path, trusted: str) -> None:
        folder.chmod(0o755)
        self.folder = folder
        self.authority = folder / "verified.pem"
        self.port, self.unknown_port = _free_port(), _free_port()
        for name in ("verified", "unknown"):
            _write_certificate(folder, name)
        (folder / "clients.pem").write_text(trusted)
        servers = "".join(
            _SERVER.format(folder=folder, port=port, name=name, asks="on")
            for port, name in ((self.port, "verified"), (self.unknown_port, "unknown"))
        )
        user = "user root;" if os.geteuid() == 0 else ""  # pytest's folders are their owner's alone
        configuration = folder / "nginx.conf"
        configuration.write_text(_CONFIGURATION.format(folder=folder, user=user, servers=servers))
        self._process = subprocess.Popen(
            [_program(), "-c", str(configuration)], stderr=subprocess.DEVNULL
        )
        self._until_accepting()

    def trust(self, *certificates: str) -> None:
        """Let in whoever shows one of these, and nobody else, once this returns."""
        (self.folder / "clients.pem").write_text("\n".join(certificates))
        before = self._workers()
        self._process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 10
        while not self._workers() or self._workers() & before:
            assert time.monotonic() < deadline, "nginx does not let go of its former workers"
            time.sleep(0.02)

    def _workers(self) -> set[str]:
        process_id = self._process.pid
        return set(Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split())

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)

    def _until_accepting(self) -> None:
        deadline = time.monotonic() + 10
        while True:
            assert self._process.poll() is None, "nginx did not start"
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except ConnectionRefusedError:
                assert time.monotonic() < deadline, "nginx does not listen"
                time.sleep(0.02)
            else:
                return


def fingerprint(certificate: str) -> str:
    """Give a certificate's fingerprint as nginx writes it."""
    return x509.load_pem_x509_certificate(certificate.encode()).fingerprint(hashes.SHA1()).hex()


def _program() -> str:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("nginx is not installed; .ci/run installs it")
        pytest.skip("nginx is not installed (apt-get install nginx-light)")
    return program


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def _write_certificate(folder: Path, name: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(pem))
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / f"{name}.key").write_bytes(key.private_bytes(pem, *plain))
