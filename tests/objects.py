"""What operations need that read objects: a folder that stands for S3, and certificates to put there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from bargate.control.environment import make_environment
from bargate.services.environment import Environment
from bargate.settings import ControlSettings


def environment(folder: Path) -> Environment:
    """Give the surroundings of operations with `folder` as S3."""
    settings = ControlSettings(
        folder="", account_id="123456789012", region="us-east-1", s3=str(folder)
    )
    return make_environment(settings, ())


def put(folder: Path, bucket: str, key: str, data: bytes) -> None:
    """Put an object where `s3://bucket/key` is."""
    path = folder / bucket / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


class Issued:
    """A certificate and its key; `issue` signs another with it."""

    def __init__(  # noqa: PLR0913  what a certificate may say
        self,
        name: str,
        signer: Issued | None = None,
        *,
        is_ca: bool = False,
        purpose: x509.ObjectIdentifier | None = None,
        names: tuple[str, ...] = (),
        begins: datetime | None = None,
        ends: datetime | None = None,
        key: Any = None,
        hashed: Any = None,
    ) -> None:
        now = datetime.now(UTC)
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        public = self.key.public_key()
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject if signer is None else signer.certificate.subject)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins or now - timedelta(hours=1))
            .not_valid_after(ends or now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        )
        issuing = self.key if signer is None else signer.key
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuing.public_key()), critical=False
        )
        if is_ca:
            builder = builder.add_extension(
                x509.KeyUsage(
                    digital_signature=True, content_commitment=False, key_encipherment=False,
                    data_encipherment=False, key_agreement=False, key_cert_sign=True,
                    crl_sign=True, encipher_only=False, decipher_only=False,
                ),
                critical=True,
            )  # fmt: skip
        if purpose is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        if names:
            alternatives = x509.SubjectAlternativeName([x509.DNSName(each) for each in names])
            builder = builder.add_extension(alternatives, critical=False)
        self.certificate = builder.sign(issuing, hashed or hashes.SHA256())

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def write(self, folder: Path, stem: str, *chain: Issued) -> tuple[Path, Path]:
        """Write certificate (with a chain behind it) and key; give both files."""
        folder.mkdir(parents=True, exist_ok=True)
        body, key = folder / f"{stem}.pem", folder / f"{stem}.key"
        body.write_bytes(self.pem + b"".join(each.pem for each in chain))
        key.write_bytes(self.key_pem)
        return body, key


def authority(name: str = "Test CA", signer: Issued | None = None) -> Issued:
    return Issued(name, signer, is_ca=True)


def server(signer: Issued, *names: str, **more: Any) -> Issued:
    return Issued(names[0], signer, purpose=ExtendedKeyUsageOID.SERVER_AUTH, names=names, **more)


def client(signer: Issued | None, name: str = "a client", **more: Any) -> Issued:
    return Issued(name, signer, **{"purpose": ExtendedKeyUsageOID.CLIENT_AUTH, **more})
