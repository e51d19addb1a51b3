"""Hashes as texts: `$scheme$name=number,…$salt$hash`, Base64 without padding (PHC string format)."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

MAX_CHARACTERS: Final = 512
MIN_SALT_BYTES, MAX_SALT_BYTES = 4, 128
MIN_HASH_BYTES, MAX_HASH_BYTES = 16, 128
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]+", re.ASCII)
_PARAMETERS: Final = re.compile(r"[a-z]{1,8}=[0-9]{1,10}(,[a-z]{1,8}=[0-9]{1,10})*", re.ASCII)


class UnusableHash(ValueError):
    """A hash that is not kept; the text says why without saying the hash."""


def parts_of(text: str, count: int) -> list[str]:
    """Split `$a$b$…` into so many parts; raises UnusableHash."""
    parts = text.split("$")[1:] if len(text) <= MAX_CHARACTERS else []
    if len(parts) != count:
        raise malformed()
    return parts


def parameters_of(text: str) -> dict[str, int]:
    """Read `name=number,…`; raises UnusableHash, for a name that comes twice, too."""
    if _PARAMETERS.fullmatch(text) is None:
        raise malformed()
    pairs = [each.split("=") for each in text.split(",")]
    found = {name: int(number) for name, number in pairs}
    if len(found) < len(pairs):
        raise malformed()
    return found


def salt_of(text: str) -> bytes:
    """Read a salt; raises UnusableHash."""
    return _bytes(text, MIN_SALT_BYTES, MAX_SALT_BYTES)


def hash_of(text: str) -> bytes:
    """Read what was derived from the password; raises UnusableHash."""
    return _bytes(text, MIN_HASH_BYTES, MAX_HASH_BYTES)


def encoded(data: bytes) -> str:
    """Write salts and hashes."""
    return base64.b64encode(data).decode("ascii").rstrip("=")


def password_bytes(password: str) -> bytes:
    """Give what of a password is hashed."""
    return password.encode("utf-8", "surrogatepass")


def malformed() -> UnusableHash:
    """Give the refusal of a text that is not written as its scheme is."""
    return UnusableHash("The password hash is malformed.")


def too_costly() -> UnusableHash:
    """Give the refusal of a hash that a sign-in would wait for too long."""
    return UnusableHash("The password hash costs more time or memory than a sign-in may.")


def _bytes(text: str, least: int, most: int) -> bytes:
    plain = text.rstrip("=")
    if _BASE64.fullmatch(plain) is None:
        raise malformed()
    try:
        data = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error:
        raise malformed() from None
    if not least <= len(data) <= most:
        raise malformed()
    return data
