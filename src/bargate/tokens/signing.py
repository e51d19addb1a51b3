"""Sign JSON Web Tokens with RS256 (RFC 7515, RFC 7518 §3.3)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from bargate.tokens import base64url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

ALGORITHM = "RS256"
MAX_HEADERS = 2_048
_PADDING, _HASH = PKCS1v15(), SHA256()
_ENCODER = msgspec.json.Encoder()


def sign(claims: Mapping[str, object], kid: str, key: RSAPrivateKey) -> str:
    """Give a compact JWS over claims."""
    content = _header(kid) + base64url.encode(_ENCODER.encode(claims))
    signature = key.sign(content, _PADDING, _HASH)
    return (content + b"." + base64url.encode(signature)).decode("ascii")


@lru_cache(maxsize=MAX_HEADERS)
def _header(kid: str) -> bytes:
    """Write what all tokens of a key begin with."""
    return base64url.encode(msgspec.json.encode({"kid": kid, "alg": ALGORITHM})) + b"."
