"""A real SMTP server on loopback, with STARTTLS and passwords as they are wanted.

with MailServer(certificate, user="app", password="secret") as server:
    server.port; server.mails()
"""

from __future__ import annotations

import email
import email.policy
import ipaddress
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Certificate:
    """A certificate of 127.0.0.1 that is its own authority, in `folder`."""

    def __init__(self, folder: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail")])
        now = datetime.now(UTC)
        own = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(own, critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.path = folder / "mail.pem"
        self.key_path = folder / "mail-key.pem"
        self.path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        self.key_path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.path, self.key_path)
        return context


class MailServer:
    """What came is in `envelopes`; `answers` are given before anything is taken."""

    def __init__(
        self,
        certificate: Certificate | None = None,
        user: str | None = None,
        password: str | None = None,
    ) -> None:
        self.envelopes: list[Envelope] = []
        self.answers: list[str] = []
        self._came = threading.Condition()
        self._expected = (user, password)
        secure: dict[str, Any] = {}
        if certificate is not None:
            secure = {"tls_context": certificate.context(), "require_starttls": True}
        if user is not None:
            secure |= {"authenticator": self._authenticate, "auth_required": True}
        self._controller = Controller(self, hostname="127.0.0.1", port=0, **secure)

    @property
    def port(self) -> int:
        port: int = self._controller.server.sockets[0].getsockname()[1]
        return port

    def __enter__(self) -> Self:
        self._controller._trigger_server = self._greet  # at the port it got, not the 0 it was given
        self._controller.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._controller.stop()

    def _greet(self) -> None:
        with socket.create_connection(("127.0.0.1", self.port), 10) as connection:
            connection.recv(64)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        if self.answers:
            return self.answers.pop(0)
        with self._came:
            self.envelopes.append(envelope)
            self._came.notify_all()
        return "250 taken"

    def _authenticate(self, *given: Any) -> AuthResult:
        data = given[-1]
        assert isinstance(data, LoginPassword)
        found = (data.login.decode(), data.password.decode())
        return AuthResult(success=found == self._expected, handled=False)

    def mails(self, count: int = 1) -> list[EmailMessage]:
        """Wait for so many mails, and give all."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.envelopes) >= count, 20)
            contents = [each.content for each in self.envelopes]
        return [
            email.message_from_bytes(each, policy=email.policy.default)  # type: ignore[arg-type]
            for each in contents
        ]
