"""Public keys of token issuers (RFC 7517), imported one by one: a bad key voids only itself.

The numbers go to `cryptography` itself: joserfc does the same behind checks that are stricter here,
and its import costs every process 30 ms and 4 MB.
"""

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from msgspec import Struct

from bargate.tokens import base64url
from bargate.tokens.fault import shown
from bargate.tokens.jwa import RSA_ALGORITHMS
from bargate.tokens.roca import has_roca_fingerprint
from bargate.tokens.strict_json import MalformedJson, parse_object

MAX_KEYS = 128
MAX_KID_CHARACTERS = 1024
MIN_MODULUS_BITS = 2048
MAX_MODULUS_BITS = 8192  # a larger one makes each verification needlessly slow
MAX_EXPONENT_BITS = 64
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})


class VerificationKey(Struct, frozen=True):
    """An RSA public key and the signature algorithms its issuer allows it for."""

    kid: str
    algorithms: frozenset[str]
    public_key: RSAPublicKey


class SkippedKey(Struct, frozen=True):
    """A key of a set that verifies nothing, and why."""

    kid: str | None
    reason: str


class KeySet(Struct, frozen=True):
    """The usable keys of an issuer by `kid`, and those left out."""

    keys: Mapping[str, VerificationKey]
    skipped: tuple[SkippedKey, ...] = ()


class MalformedKeySet(ValueError):
    """The document is no JWK Set at all."""


class UnusableKey(ValueError):
    """A JWK cannot verify signatures here; the message says why and never quotes key material."""


def parse_key_set(document: bytes) -> KeySet:
    """Import a JWK Set (RFC 7517 §5); the size is the caller's to bound.

    Keys that cannot be used are listed as skipped. Two different keys under one `kid` are both
    left out: which one was meant cannot be known. Raises `MalformedKeySet`.
    """
    try:
        members = parse_object(document).get("keys")
    except MalformedJson as error:
        raise MalformedKeySet(f"the key set is {error}") from None
    if not isinstance(members, list):
        raise MalformedKeySet('the key set has no list "keys"')
    usable: dict[str, list[VerificationKey]] = {}
    skipped: list[SkippedKey] = []
    for jwk in members[:MAX_KEYS]:
        try:
            key = import_key(jwk)
        except UnusableKey as error:
            skipped.append(SkippedKey(_kid(jwk), str(error)))
        else:
            usable.setdefault(key.kid, []).append(key)
    if len(members) > MAX_KEYS:
        skipped.append(SkippedKey(None, f"{len(members) - MAX_KEYS} keys over {MAX_KEYS}"))
    return _without_ambiguous(usable, skipped)


def import_key(jwk: object) -> VerificationKey:
    """Import one JWK as an RSA verification key; raises `UnusableKey`.

    `alg`, `use` and `key_ops` are honoured: each may be absent, none may say otherwise.
    """
    if not isinstance(jwk, dict):
        raise UnusableKey("not a JSON object")
    if jwk.get("kty") != "RSA":
        raise UnusableKey(f"kty {shown(jwk.get('kty'))} is not supported, only RSA")
    if not _PRIVATE_MEMBERS.isdisjoint(jwk):
        raise UnusableKey("it holds private parts")  # published secrets are nobody's identity
    kid = _kid(jwk)
    if kid is None:
        raise UnusableKey("no kid that a token could name")  # AWS [D]: the kid must match
    _check_purpose(jwk)
    return VerificationKey(kid, _algorithms(jwk), _public_key(jwk))


def _kid(jwk: object) -> str | None:
    kid = jwk.get("kid") if isinstance(jwk, dict) else None
    return kid if isinstance(kid, str) and 0 < len(kid) <= MAX_KID_CHARACTERS else None


def _check_purpose(jwk: Mapping[str, Any]) -> None:
    if "use" in jwk and jwk["use"] != "sig":
        raise UnusableKey(f"use {shown(jwk['use'])} is not sig")
    if "key_ops" not in jwk:
        return
    operations = jwk["key_ops"]
    if not isinstance(operations, list) or "verify" not in operations:
        raise UnusableKey("key_ops does not hold verify")


def _algorithms(jwk: Mapping[str, Any]) -> frozenset[str]:
    if "alg" not in jwk:
        return RSA_ALGORITHMS
    algorithm = jwk["alg"]
    if not isinstance(algorithm, str) or algorithm not in RSA_ALGORITHMS:
        raise UnusableKey(f"alg {shown(algorithm)} is not an RSA signature algorithm")
    return frozenset({algorithm})


def _public_key(jwk: Mapping[str, Any]) -> RSAPublicKey:
    # Only what describes the public key: certificates and URLs beside it are never followed.
    modulus, exponent = _integer(jwk, "n"), _integer(jwk, "e")
    _check_strength(modulus, exponent)
    try:
        return RSAPublicNumbers(exponent, modulus).public_key()
    except ValueError as error:
        raise UnusableKey(f"not an RSA public key ({type(error).__name__})") from None


def _integer(jwk: Mapping[str, Any], member: str) -> int:
    text = jwk.get(member)
    if not isinstance(text, str) or not text.isascii():
        raise UnusableKey(f"{member} is not base64url")
    raw = base64url.decode(text.encode())
    if not raw:
        raise UnusableKey(f"{member} is not base64url")
    return int.from_bytes(raw)


def _check_strength(modulus: int, exponent: int) -> None:
    bits = modulus.bit_length()
    if not MIN_MODULUS_BITS <= bits <= MAX_MODULUS_BITS:
        raise UnusableKey(f"{bits} bits, not {MIN_MODULUS_BITS} to {MAX_MODULUS_BITS}")
    if exponent < 3 or exponent % 2 == 0 or exponent.bit_length() > MAX_EXPONENT_BITS:  # noqa: PLR2004 - the least odd RSA exponent
        raise UnusableKey("the public exponent is not an odd number from 3 to 2^64")
    if modulus % 2 == 0:
        raise UnusableKey("the modulus is even")
    if has_roca_fingerprint(modulus):
        raise UnusableKey("the private key can be computed (ROCA, CVE-2017-15361)")


def _without_ambiguous(
    usable: Mapping[str, list[VerificationKey]], skipped: list[SkippedKey]
) -> KeySet:
    keys = {kid: same[0] for kid, same in usable.items() if all(key == same[0] for key in same)}
    ambiguous = [
        SkippedKey(kid, "several different keys have this kid") for kid in usable if kid not in keys
    ]
    return KeySet(keys, (*skipped, *ambiguous))
