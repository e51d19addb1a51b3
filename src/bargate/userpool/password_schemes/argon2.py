"""Argon2id, argon2i and argon2d (RFC 9106): `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

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

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_MEMORY_KIB: Final = 262_144
MAX_FILLED_KIB: Final = 1_048_576  # memory times passes: about a second
MAX_PASSES: Final = 1_000
MAX_LANES: Final = 16
# Of hashes that are made here: the least that OWASP's cheat sheet on storing passwords has.
MIN_MEMORY_KIB: Final = 7_168
MIN_FILLED_KIB: Final = 35_840
BOUNDS: Final = (
    f"give m=KIB,t=PASSES,p=LANES with m from {MIN_MEMORY_KIB} to {MAX_MEMORY_KIB}, m times t from"
    f" {MIN_FILLED_KIB} to {MAX_FILLED_KIB}, and p from 1 to {MAX_LANES}, such as m=65536,t=3,p=1"
)
_MIN_SALT_BYTES: Final = 8  # RFC 9106 §3.1
_TYPES: Final = {"argon2id": "ID", "argon2i": "I", "argon2d": "D"}
_VERSIONS: Final = ("v=19", "v=16")


def check(text: str) -> None:
    """Raise UnusableHash unless a hash may be kept."""
    _, version, parameters, salt, hashed = parts_of(text, 5)
    if version not in _VERSIONS:
        raise malformed()
    cost_of(parameters_of(parameters))
    if "=" in salt + hashed or len(salt_of(salt)) < _MIN_SALT_BYTES:
        raise malformed()
    hash_of(hashed)


def cost_of(found: Mapping[str, int]) -> tuple[int, int, int]:
    """Give memory (KiB), passes and lanes, which a sign-in may cost; raises UnusableHash."""
    if list(found) != ["m", "t", "p"]:
        raise malformed()
    memory_kib, passes, lanes = found.values()
    if min(passes, lanes) < 1 or memory_kib < 8 * lanes:
        raise malformed()
    if memory_kib > MAX_MEMORY_KIB or passes > MAX_PASSES or lanes > MAX_LANES:
        raise too_costly()
    if memory_kib * passes > MAX_FILLED_KIB:
        raise too_costly()
    return memory_kib, passes, lanes


def check_strength(memory_kib: int, passes: int) -> None:
    """Raise UnusableHash for a cost at which no hash is made here."""
    if memory_kib < MIN_MEMORY_KIB or memory_kib * passes < MIN_FILLED_KIB:
        raise UnusableHash("Passwords would be hashed at too low a cost.")


def fits(text: str, password: str) -> bool:
    """Say whether a password is the one that was hashed."""
    from argon2.exceptions import Argon2Error  # noqa: PLC0415  no start waits for it
    from argon2.low_level import Type, verify_secret  # noqa: PLC0415

    kind = Type[_TYPES[text.split("$")[1]]]
    try:
        return verify_secret(text.encode(), password_bytes(password), kind)
    except Argon2Error:
        return False
