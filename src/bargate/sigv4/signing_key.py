"""Signing keys, scopes, and what is signed (iam-sts §6)."""

import hmac
from functools import lru_cache
from hashlib import sha256

from bargate.secret import Secret

HMAC_SHA256 = "AWS4-HMAC-SHA256"
TERMINATOR = "aws4_request"


@lru_cache(maxsize=4096)
def signing_key(secret: Secret, date: str, region: str, service: str) -> bytes:
    """Derive the key for one day, region and service; remembered, 4,096 of them."""
    key = f"AWS4{secret.reveal()}".encode()
    for part in (date, region, service, TERMINATOR):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def string_to_sign(algorithm: str, timestamp: str, scope: str, canonical: bytes) -> bytes:
    """Give the four lines that are signed; `scope` begins with the date."""
    return f"{algorithm}\n{timestamp}\n{scope}\n{sha256(canonical).hexdigest()}".encode()


def signature_of(key: bytes, to_sign: bytes) -> str:
    """Give the signature in lower-case hex."""
    return hmac.digest(key, to_sign, "sha256").hex()
