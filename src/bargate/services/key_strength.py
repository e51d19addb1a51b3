"""How strong the key of a certificate must be, whoever shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

MIN_RSA_BITS: Final = 2_048
MIN_EC_BITS: Final = 256


def is_strong(key: CertificatePublicKeyTypes) -> bool:
    """Say whether a key is RSA of 2,048 bits or more, or ECDSA of 256 (AWS [D] apigw-objects §7)."""
    # Imported here: 20 ms that a start need not wait for.
    from cryptography.hazmat.primitives.asymmetric import ec, rsa  # noqa: PLC0415

    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= MIN_RSA_BITS
    return isinstance(key, ec.EllipticCurvePublicKey) and key.key_size >= MIN_EC_BITS
