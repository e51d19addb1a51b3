"""Who a client proved to be in the handshake: its certificate, and the name that wanted it."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

from msgspec import Struct, structs

from bargate.access.arrival import Arrival, ClientCertificate
from bargate.gateway.tls_names import MAX_CHAIN

if TYPE_CHECKING:
    import asyncio

    from bargate.gateway.tls_names import TlsName


class NotProven(Exception):
    """A handshake was completed and is not enough; the text says why."""


class Proof(Struct, frozen=True):
    """What a handshake for a custom domain name showed."""

    server_name: str
    certificate: ClientCertificate | None

    def of(self, arrival: Arrival) -> Arrival:
        """Give an arrival with what was shown."""
        shown = "" if self.certificate is None else "/mutual"
        return structs.replace(
            arrival,
            server_name=self.server_name,
            client_certificate=self.certificate,
            name=f"{arrival.name}/{self.server_name}{shown}",
        )


def read_proof(transport: asyncio.BaseTransport, name: TlsName) -> Proof | None:
    """Read what a client showed; None for the gateway's own name. Raises NotProven."""
    if not name.name:
        return None
    if not name.is_mutual:
        return Proof(name.name, None)
    tls: Any = transport.get_extra_info("ssl_object")
    certificate = None if tls is None else tls.getpeercert(binary_form=True)
    if not certificate:
        raise NotProven("the client showed no certificate")
    length = len(_chain(tls))
    if not 0 < length <= MAX_CHAIN:
        raise NotProven(f"the chain has {length} certificates, at most {MAX_CHAIN} are allowed")
    return Proof(name.name, _read(certificate))


def _chain(tls: Any) -> Any:
    """Give the verified chain, which Python names in public from 3.13 on."""
    public = getattr(tls, "get_verified_chain", None)
    if public is not None:
        return public()
    inner = getattr(tls, "_sslobj", None)
    chain = None if inner is None else inner.get_verified_chain()
    if chain is None:
        raise NotProven("the chain that was verified cannot be told")
    return chain


def _read(der: bytes) -> ClientCertificate:
    """Write a certificate as `$context.identity.clientCert` has it (AWS [D] apigw-objects §3)."""
    # Imported here: 20 ms that only workers with mutual TLS need.
    from cryptography import x509  # noqa: PLC0415

    certificate = x509.load_der_x509_certificate(der)
    serial = certificate.serial_number.to_bytes((certificate.serial_number.bit_length() + 8) // 8)
    return ClientCertificate(
        pem=ssl.DER_cert_to_PEM_cert(der),
        subject_dn=certificate.subject.rfc4514_string(),
        issuer_dn=certificate.issuer.rfc4514_string(),
        serial_number=serial.lstrip(b"\0").hex(":"),
        not_before=f"{certificate.not_valid_before_utc:%b %e %H:%M:%S %Y} GMT",
        not_after=f"{certificate.not_valid_after_utc:%b %e %H:%M:%S %Y} GMT",
    )
