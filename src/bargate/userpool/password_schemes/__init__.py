"""How the hashes of passwords are made that a user may have: ours (argon2id), and imported ones.

    a hash of a file ──► check_hash ──► kept, or UnusableHash: malformed, unknown, or too costly
    a sign-in ──► scheme_of(hash).fits(hash, password) ──► replaced by ours when it fits

One module a scheme, each with `check` and `fits`. INVARIANT: what `check` lets pass costs a sign-in
at most about a second of one core and 256 MiB, whoever wrote the file.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from bargate.userpool.password_schemes import argon2, bcrypt, pbkdf2, scrypt
from bargate.userpool.password_schemes.phc import UnusableHash

__all__ = ["SCHEMES", "Scheme", "UnusableHash", "check_hash", "scheme_of"]


class Scheme(Struct, frozen=True):
    """`check` raises UnusableHash; `fits` compares a hash with a password, and never raises."""

    check: Callable[[str], None]
    fits: Callable[[str, str], bool]


_ARGON2 = Scheme(argon2.check, argon2.fits)
_BCRYPT = Scheme(bcrypt.check, bcrypt.fits)
_PBKDF2 = Scheme(pbkdf2.check, pbkdf2.fits)

# How hashes begin, and what knows them.
SCHEMES: Final[Mapping[str, Scheme]] = MappingProxyType(
    {
        "$argon2id$": _ARGON2,
        "$argon2i$": _ARGON2,
        "$argon2d$": _ARGON2,
        "$2a$": _BCRYPT,
        "$2b$": _BCRYPT,
        "$2y$": _BCRYPT,
        "$scrypt$": Scheme(scrypt.check, scrypt.fits),
        "$pbkdf2$": _PBKDF2,
        "$pbkdf2-sha1$": _PBKDF2,
        "$pbkdf2-sha256$": _PBKDF2,
        "$pbkdf2-sha512$": _PBKDF2,
    }
)


def scheme_of(text: str) -> Scheme | None:
    """Give the scheme of a hash, None for one that none knows."""
    return next((each for prefix, each in SCHEMES.items() if text.startswith(prefix)), None)


def check_hash(text: str) -> None:
    """Raise UnusableHash unless a hash may be kept; the reason does not say the hash."""
    scheme = scheme_of(text)
    if scheme is None:
        raise UnusableHash("The password hash is of no kind that is known.")
    scheme.check(text)
