"""Server certificates as several APIs take them: read, held against their key, and against a name.

What cannot be served is refused here, before anything is stored: TLS would fail for every client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from bargate.services.key_strength import is_strong

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography import x509

MAX_PEM_BYTES: Final = 64 * 1024
_MAX_CHAIN: Final = 10


class UnusableCertificate(ValueError):
    """A certificate, chain or key cannot be used; the text says why and holds nothing of the key."""


class ServerCertificate(Struct, frozen=True):
    """What was read of a certificate."""

    names: tuple[str, ...]
    serial: str
    subject: str
    issuer: str
    key_algorithm: str
    not_before: datetime
    not_after: datetime


def check_server_certificate(
    body: str, chain: str | None, key: str, now: datetime
) -> ServerCertificate:
    """Check a PEM certificate with its chain and private key; raises UnusableCertificate."""
    # Imported here: 20 ms that a start need not wait for.
    from cryptography import x509  # noqa: PLC0415

    if any(len(text or "") > MAX_PEM_BYTES for text in (body, chain, key)):
        raise UnusableCertificate(f"a certificate, chain or key has over {MAX_PEM_BYTES} bytes")
    # INVARIANT: what is given back as the certificate holds no key.
    if any("PRIVATE KEY-----" in (text or "") for text in (body, chain)):
        raise UnusableCertificate("the certificate or its chain holds a private key")
    try:
        certificate, *issuers = x509.load_pem_x509_certificates(body.encode())
        issuers += x509.load_pem_x509_certificates(chain.encode()) if chain else []
    except ValueError:
        raise UnusableCertificate("the certificate or its chain is not in PEM format") from None
    _check_key(certificate, key)
    _check_time(certificate, now)
    _check_chain(certificate, issuers)
    return _read(certificate)


def covers(names: tuple[str, ...], domain_name: str) -> bool:
    """Say whether a certificate is good for a name: its own, or one label below a wildcard."""
    parent = domain_name.partition(".")[2]
    return any(name.lower() in {domain_name, f"*.{parent}"} for name in names)


def _check_key(certificate: x509.Certificate, key: str) -> None:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415  as above
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        loaded = load_pem_private_key(key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # What the library says may hold parts of the key: nothing of it is passed on.
        text = "the private key is not an unencrypted key in PEM format"
        raise UnusableCertificate(text) from None
    if loaded.public_key() != certificate.public_key():
        raise UnusableCertificate("the private key is not that of the certificate")
    if not is_strong(certificate.public_key()):
        raise UnusableCertificate("the key must be RSA of 2,048 bits or more, or EC of 256 or more")


def _check_time(certificate: x509.Certificate, now: datetime) -> None:
    if now < certificate.not_valid_before_utc:
        raise UnusableCertificate("the certificate is not valid yet")
    if now >= certificate.not_valid_after_utc:
        raise UnusableCertificate("the certificate has expired")


def _check_chain(certificate: x509.Certificate, issuers: list[x509.Certificate]) -> None:
    if len(issuers) > _MAX_CHAIN:
        raise UnusableCertificate(f"the chain has more than {_MAX_CHAIN} certificates")
    signed = certificate
    for issuer in issuers:
        try:
            signed.verify_directly_issued_by(issuer)
        except Exception as error:
            text = "a certificate of the chain did not sign the one before it"
            raise UnusableCertificate(text) from error
        signed = issuer


def _read(certificate: x509.Certificate) -> ServerCertificate:
    serial = certificate.serial_number
    return ServerCertificate(
        names=_names(certificate),
        serial=serial.to_bytes((serial.bit_length() + 7) // 8 or 1).hex(":"),
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        key_algorithm=_algorithm(certificate),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    """Give the DNS names: clients look at subjectAltName alone (RFC 9525), so nothing else counts."""
    from cryptography import x509  # noqa: PLC0415  as above

    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, ValueError):
        return ()
    return tuple(found.value.get_values_for_type(x509.DNSName))


def _algorithm(certificate: x509.Certificate) -> str:
    """Name the key's algorithm as ACM does."""
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415  as above

    key = certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        curves = {"secp256r1": "prime256v1"}
        return f"EC_{curves.get(key.curve.name, key.curve.name)}"
    return f"RSA_{getattr(key, 'key_size', 0)}"
