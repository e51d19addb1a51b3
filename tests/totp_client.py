"""An authenticator of its own: RFC 6238 as apps do it, written apart from the server's code."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time


def totp(secret: str, at_s: float | None = None) -> str:
    """Give the six digits that an app shows at a time."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    counter = int(time.time() if at_s is None else at_s) // 30
    digest = hmac.digest(key, counter.to_bytes(8, "big"), hashlib.sha1)
    offset = digest[19] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number)[-6:].zfill(6)


def wrong(code: str) -> str:
    """Give a code of the same length that is another."""
    return code[:-1] + str((int(code[-1]) + 5) % 10)
