"""Sign JSON Web Tokens with RS256 (RFC 7515, RFC 7518 §3.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from bargate.tokens import base64url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

ALGORITHM = "RS256"


def sign(claims: Mapping[str, object], kid: str, key: RSAPrivateKey) -> str:
    """Give a compact JWS over claims."""
    header = msgspec.json.encode({"kid": kid, "alg": ALGORITHM})
    content = base64url.encode(header) + b"." + base64url.encode(msgspec.json.encode(claims))
    signature = key.sign(content, PKCS1v15(), SHA256())
    return (content + b"." + base64url.encode(signature)).decode("ascii")
