"""RSA moduli whose private key can be computed from the public one (ROCA, CVE-2017-15361)."""

from typing import Final

_GENERATOR = 65537
_PRIMES = (
    *(3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83),
    *(89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167),
)


def _powers(prime: int) -> frozenset[int]:
    return frozenset(pow(_GENERATOR, exponent, prime) for exponent in range(prime - 1))


_FINGERPRINT: Final = tuple((prime, _powers(prime)) for prime in _PRIMES)


def has_roca_fingerprint(modulus: int) -> bool:
    """Say whether `modulus` is a power of 65537 modulo every small prime.

    Moduli of the faulty generator always are (Nemec et al., "The Return of Coppersmith's Attack",
    2017, §2.2); of other moduli fewer than one in 2^27 is.
    """
    return all(modulus % prime in powers for prime, powers in _FINGERPRINT)
