"""Signing keys, scopes, and what is signed (iam-sts §6)."""

import hmac
from functools import lru_cache
from hashlib import sha256

from bargate.secret import Secret

_BLOCK_BYTES = 64
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))
HMAC_SHA256 = "AWS4-HMAC-SHA256"
TERMINATOR = "aws4_request"


class Mac:
    """HMAC-SHA256 under one signing key, whose two blocks are hashed once (RFC 2104 §4)."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        block = key.ljust(_BLOCK_BYTES, b"\0")  # a signing key has 32 bytes
        self._inner = sha256(block.translate(_INNER))
        self._outer = sha256(block.translate(_OUTER))

    def hexdigest(self, message: bytes) -> str:
        """Give the code of a message in lower-case hex."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.hexdigest()


def signing_mac(secret: Secret, date: str, region: str, service: str) -> Mac:
    """Give what signs for one day, region and service; remembered, 4,096 of them."""
    return _mac(secret.reveal(), date, region, service)


@lru_cache(maxsize=4096)
def _mac(secret: str, date: str, region: str, service: str) -> Mac:
    return Mac(signing_key(Secret(secret), date, region, service))


def signing_key(secret: Secret, date: str, region: str, service: str) -> bytes:
    """Derive the key for one day, region and service."""
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
