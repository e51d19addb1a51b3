"""Truststores of mutual TLS: read when they are named, as AWS does, and checked by its rules.

    s3://bucket/key (and version) ──Objects──► PEM bundle ──► checked ──► kept with the domain name

AWS [D] apigw-objects §7: certificates of authorities up to the root, SHA-256 or stronger, RSA of 2,048
bits or ECDSA of 256, one certificate a subject.
"""

from __future__ import annotations

import ssl
from datetime import UTC
from typing import TYPE_CHECKING, Final

from bargate.records.domain_name import MutualTls
from bargate.services.environment import Environment, NoSuchObject
from bargate.services.key_strength import is_strong

if TYPE_CHECKING:
    from cryptography import x509

    from bargate.services.operation import OperationCall

MAX_BUNDLE_BYTES: Final = 1024 * 1024
_MAX_CERTIFICATES: Final = 1_000
_WEAK_HASHES: Final = frozenset({"md5", "sha1", "sha224"})


class UnusableTruststore(ValueError):
    """A truststore cannot be used; the text says why and what to do."""


def with_bundle(call: OperationCall, tls: MutualTls | None) -> MutualTls | None:
    """Give mutual TLS with what its truststore holds now; raises UnusableTruststore."""
    if tls is None or tls.truststore_uri is None:
        return tls
    bundle = _read(call, tls)
    return MutualTls(
        truststore_uri=tls.truststore_uri,
        truststore_version=tls.truststore_version,
        truststore_warnings=_checked(call, bundle),
        bundle=bundle,
    )


def _read(call: OperationCall, tls: MutualTls) -> str:
    environment = call.environment
    objects = environment.objects if isinstance(environment, Environment) else None
    if objects is None:
        raise UnusableTruststore(
            "The truststore cannot be read: start bargate serve with --s3 DIR, in which"
            " s3://BUCKET/KEY is DIR/BUCKET/KEY"
        )
    bucket, _, key = str(tls.truststore_uri).removeprefix("s3://").partition("/")
    try:
        data = objects.read(bucket, key, tls.truststore_version, MAX_BUNDLE_BYTES)
        return data.decode("ascii")
    except (NoSuchObject, UnicodeDecodeError) as error:
        text = f"The truststore {tls.truststore_uri} cannot be read: {error}"
        raise UnusableTruststore(text) from error


def _checked(call: OperationCall, bundle: str) -> tuple[str, ...]:
    """Check the certificates of a bundle; give what is to be warned of."""
    from cryptography import x509  # noqa: PLC0415  20 ms that a start need not wait for

    try:
        certificates = x509.load_pem_x509_certificates(bundle.encode())
        # What OpenSSL does not take would fail at every handshake.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cadata=bundle)
    except (ValueError, ssl.SSLError) as error:
        raise UnusableTruststore("The truststore holds no certificates in PEM format") from error
    if len(certificates) > _MAX_CERTIFICATES:
        raise UnusableTruststore(f"The truststore has more than {_MAX_CERTIFICATES} certificates")
    subjects: set[str] = set()
    warnings = []
    for certificate in certificates:
        subject = certificate.subject.rfc4514_string()
        _check(certificate, subject)
        if subject in subjects:
            raise UnusableTruststore(f"The truststore has two certificates of {subject}")
        subjects.add(subject)
        if certificate.not_valid_after_utc <= call.now.astimezone(UTC):
            warnings.append(f"The certificate of {subject} has expired")
    return tuple(warnings)


def _check(certificate: x509.Certificate, subject: str) -> None:
    algorithm = certificate.signature_hash_algorithm
    if algorithm is None or algorithm.name in _WEAK_HASHES:
        raise UnusableTruststore(
            f"The certificate of {subject} is not signed with SHA-256 or better"
        )
    if not is_strong(certificate.public_key()):
        raise UnusableTruststore(
            f"The key of {subject} must be RSA of 2,048 bits or more, or ECDSA of 256 or more"
        )
