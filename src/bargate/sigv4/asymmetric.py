"""Signature Version 4A: ECDSA on P-256, for a set of regions instead of one.

The key pair is derived from the secret (NIST SP 800-108 counter mode over HMAC-SHA256), so a
verifier that knows the secret knows the public key.
"""

import hmac
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from bargate.secret import Secret
from bargate.wildcard import tokenize, wildcards_match

ECDSA_P256_SHA256 = "AWS4-ECDSA-P256-SHA256"
REGION_SET = "X-Amz-Region-Set"
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_KEY_BITS = (256).to_bytes(4, "big")
_MAX_COUNTER = 254
_MAX_SIGNATURE_HEX = 144  # a DER signature on P-256 has 72 bytes at most


@lru_cache(maxsize=1024)
def private_key(secret: Secret, access_key_id: str) -> ec.EllipticCurvePrivateKey:
    """Derive the key pair of an access key; remembered, 1,024 of them."""
    key = f"AWS4A{secret.reveal()}".encode()
    for counter in range(1, _MAX_COUNTER + 1):
        fixed = ECDSA_P256_SHA256.encode() + b"\0" + access_key_id.encode()
        message = (1).to_bytes(4, "big") + fixed + bytes([counter]) + _KEY_BITS
        candidate = int.from_bytes(hmac.digest(key, message, "sha256"), "big")
        if candidate <= _ORDER - 2:
            return ec.derive_private_key(candidate + 1, ec.SECP256R1())
    raise ValueError("no key can be derived")  # probability 2**-8000


def sign_p256(secret: Secret, access_key_id: str, to_sign: bytes) -> str:
    """Sign; the DER signature in lower-case hex, another one each time."""
    return private_key(secret, access_key_id).sign(to_sign, ec.ECDSA(SHA256())).hex()


def is_signed_p256(secret: Secret, access_key_id: str, to_sign: bytes, signature: str) -> bool:
    """Say whether `signature` (hex of DER) is one of `to_sign`."""
    if (
        len(signature) > _MAX_SIGNATURE_HEX
        or not signature.isalnum()
        or signature.lower() != signature
    ):
        return False
    try:
        raw = bytes.fromhex(signature)
        public = private_key(secret, access_key_id).public_key()
        public.verify(raw, to_sign, ec.ECDSA(SHA256()))
    except (ValueError, InvalidSignature):
        return False
    return True


def covers(region_set: str, region: str) -> bool:
    """Say whether a region set (comma-separated, with wildcards) names a region."""
    return any(
        wildcards_match(tokenize(pattern.strip()), region) for pattern in region_set.split(",")
    )
