"""The certificates that the custom domain of the example needs, made on the spot."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec import Struct

_LIFE = timedelta(days=30)
_Key = ec.EllipticCurvePrivateKey
_Issued = tuple[x509.Certificate, _Key]


class Certificates(Struct, frozen=True):
    """PEM: of the server, of one client, and of the authority that signed both."""

    authority: bytes
    server: bytes
    server_key: bytes
    client: bytes
    client_key: bytes

    def write(self, folder: Path) -> None:
        """Write what curl needs; the keys are readable by their owner alone."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ca.pem").write_bytes(self.authority)
        for name, data in (("client.pem", self.client), ("client.key", self.client_key)):
            file = folder / name
            file.touch(mode=0o600)
            file.write_bytes(data)


def make(domain: str) -> Certificates:
    """Make an authority, a server certificate for a domain, and a client certificate."""
    authority = _issue("Example CA", None)
    server = _issue(domain, authority, ExtendedKeyUsageOID.SERVER_AUTH)
    client = _issue("Example client", authority, ExtendedKeyUsageOID.CLIENT_AUTH)
    return Certificates(
        _pem(authority[0]),
        _pem(server[0]),
        _key_pem(server[1]),
        _pem(client[0]),
        _key_pem(client[1]),
    )


def _issue(
    name: str, signer: _Issued | None, purpose: x509.ObjectIdentifier | None = None
) -> _Issued:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if signer is None else signer[0].subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + _LIFE)
        .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
    )
    if purpose is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    if purpose == ExtendedKeyUsageOID.SERVER_AUTH:
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(key if signer is None else signer[1], hashes.SHA256()), key


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: _Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
