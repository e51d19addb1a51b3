"""Scrypt (RFC 7914): `$scrypt$ln=17,r=8,p=1$salt$hash`, where N is 2 to the power of ln."""

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

MAX_MEMORY_BYTES: Final = 256 * 1024 * 1024  # 128 * N * r
MAX_FILLED_BYTES: Final = 256 * 1024 * 1024  # that times p: about a second
_MAX_LOG: Final = 24
_SLACK_BYTES: Final = 1024 * 1024


class _Read(Struct, frozen=True):
    n: int
    r: int
    p: int
    salt: bytes
    hash: bytes


def check(text: str) -> None:
    """Raise UnusableHash unless a hash may be kept."""
    _read(text)


def fits(text: str, password: str) -> bool:
    """Say whether a password is the one that was hashed."""
    try:
        read = _read(text)
    except UnusableHash:
        return False
    derived = hashlib.scrypt(
        password_bytes(password),
        salt=read.salt,
        n=read.n,
        r=read.r,
        p=read.p,
        maxmem=128 * read.r * (read.n + read.p + 2) + _SLACK_BYTES,
        dklen=len(read.hash),
    )
    return hmac.compare_digest(derived, read.hash)


def _read(text: str) -> _Read:
    _, parameters, salt, hashed = parts_of(text, 4)
    found = parameters_of(parameters)
    if sorted(found) != ["ln", "p", "r"] or min(found.values()) < 1:
        raise malformed()
    log, r, p = found["ln"], found["r"], found["p"]
    if log > _MAX_LOG or 128 * r << log > MAX_MEMORY_BYTES:
        raise too_costly()
    if (128 * r << log) * p > MAX_FILLED_BYTES:
        raise too_costly()
    return _Read(1 << log, r, p, salt_of(salt), hash_of(hashed))
