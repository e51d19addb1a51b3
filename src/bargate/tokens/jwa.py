"""Signature algorithms (RFC 7518 §3.3, §3.5). All of them are RSA: there is no other key to take.

INVARIANT: a token's `alg` only picks a row of `SIGNATURE_ALGORITHMS` among those that the key
itself allows; it never decides what kind of key verifies it.
"""

from collections.abc import Callable, Mapping
from typing import Final

from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from msgspec import Struct


class SignatureAlgorithm(Struct, frozen=True):
    """How an RSA signature is padded and hashed."""

    padding: PKCS1v15 | PSS
    digest: HashAlgorithm


def _pkcs1(digest: HashAlgorithm) -> SignatureAlgorithm:
    return SignatureAlgorithm(PKCS1v15(), digest)


def _pss(digest: HashAlgorithm) -> SignatureAlgorithm:
    # RFC 7518 §3.5: MGF1 with the same hash, and a salt exactly as long as the hash.
    return SignatureAlgorithm(PSS(MGF1(digest), PSS.DIGEST_LENGTH), digest)


_HASHES: Mapping[str, Callable[[], HashAlgorithm]] = {
    "256": SHA256,
    "384": SHA384,
    "512": SHA512,
}

SIGNATURE_ALGORITHMS: Final[Mapping[str, SignatureAlgorithm]] = {
    **{f"RS{bits}": _pkcs1(digest()) for bits, digest in _HASHES.items()},
    **{f"PS{bits}": _pss(digest()) for bits, digest in _HASHES.items()},
}

# AWS [D] apigw-evaluation §7.1: "RSA algorithms only". RSASSA-PSS is RSA (RFC 7518 §3.5) and not
# the weaker of the two, so PS* is taken; whether AWS takes it has not been observed [I].
RSA_ALGORITHMS: Final[frozenset[str]] = frozenset(SIGNATURE_ALGORITHMS)

# AWS [D] cognito-userpools: user pools sign with RS256 and nothing else.
COGNITO_ALGORITHMS: Final[frozenset[str]] = frozenset({"RS256"})
