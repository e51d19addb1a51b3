"""PBKDF2 (RFC 8018) by HMAC of SHA-1, SHA-256 or SHA-512.

`$pbkdf2-sha256$i=600000,l=32$salt$hash`, or as passlib writes it: `$pbkdf2-sha256$600000$salt$hash`
with `.` for `+`, and `$pbkdf2$` for SHA-1.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from msgspec import Struct

from bargate.userpool.password_schemes.phc import (
    UnusableHash,
    hash_of,
    malformed,
    parameters_of,
    parts_of,
    password_bytes,
    salt_of,
    too_costly,
)

MAX_ITERATIONS: Final = {"sha1": 2_000_000, "sha256": 1_500_000, "sha512": 1_000_000}
_DIGESTS: Final = {
    "pbkdf2": "sha1",
    "pbkdf2-sha1": "sha1",
    "pbkdf2-sha256": "sha256",
    "pbkdf2-sha512": "sha512",
}


class _Read(Struct, frozen=True):
    digest: str
    iterations: int
    salt: bytes
    hash: bytes


def check(text: str) -> None:
    """Raise UnusableHash unless a hash may be kept."""
    _read(text)


def fits(text: str, password: str) -> bool:
    """Say whether a password is the one that was hashed.

    The first block is enough: each is derived from the whole password, apart from the others.
    """
    try:
        read = _read(text)
    except UnusableHash:
        return False
    size = min(len(read.hash), hashlib.new(read.digest).digest_size)
    given = password_bytes(password)
    derived = hashlib.pbkdf2_hmac(read.digest, given, read.salt, read.iterations, size)
    return hmac.compare_digest(derived, read.hash[:size])


def _read(text: str) -> _Read:
    kind, parameters, salt, hashed = parts_of(text.replace(".", "+"), 4)
    digest = _DIGESTS.get(kind)
    if digest is None:
        raise malformed()
    plain = parameters.isascii() and parameters.isdigit()
    found = parameters_of(f"i={parameters}" if plain else parameters)
    derived = hash_of(hashed)
    if "i" not in found or not found.keys() <= {"i", "l"} or found["i"] < 1:
        raise malformed()
    if found.get("l", len(derived)) != len(derived):
        raise malformed()
    if found["i"] > MAX_ITERATIONS[digest]:
        raise too_costly()
    return _Read(digest, found["i"], salt_of(salt), derived)
