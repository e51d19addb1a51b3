"""Secure Remote Password as user pools speak it: the server's side (AWS [R] cognito-userpools §3).

    begin(salt, verifier, A) ──► B for the client, K for us       signature(K, …) ──► what it must send

RFC 5054's maths over RFC 3526's group 15 with g = 2, integers written as Java's BigInteger does.
Device SRP is the same with the group key as pool name and the device key as user name. Exponents
that are secret go through GMP's constant-time exponentiation.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from typing import Final

from msgspec import Struct

# RFC 3526 §4: 2^3072 - 2^3008 - 1 + 2^64 * ([2^2942 pi] + 1690314)
N: Final = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E34"
    "04DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6"
    "F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A6916"
    "3FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C"
    "32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA95"
    "6AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA7157"
    "5D060C7DB3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D876"
    "02733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E"
    "4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
G: Final = 2
SALT_BYTES: Final = 16
KEY_BYTES: Final = 16
_EXPONENT_BITS: Final = 256  # RFC 5054 §3.1: at least
_INFO: Final = b"Caldera Derived Key\x01"
# 384 bytes and a zero before them; a sign, white space or underscores would be taken by int().
_HEX: Final = re.compile(r"[0-9A-Fa-f]{1,770}", re.ASCII)


class UnusableValue(ValueError):
    """A public value with which no proof is possible: A = 0 (mod N), u = 0, or not a number."""


class Begun(Struct, frozen=True):
    """A server's half of the exchange; `key` proves the password and is never seen by a client."""

    b_hex: str
    key: bytes

    def __repr__(self) -> str:
        return "Begun(…)"


def padded(number: int) -> bytes:
    """Write a number big-endian as Java does: with a zero before a set top bit."""
    return number.to_bytes(number.bit_length() // 8 + 1)


def hex_of(number: int) -> str:
    """Write a number as `padded` does, in hexadecimal."""
    return padded(number).hex()


def _hash(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha256(b"".join(parts)).digest())


K: Final = _hash(padded(N), padded(G))


def parse_hex(text: str) -> int:
    """Read a public value; raises UnusableValue."""
    if _HEX.fullmatch(text) is None:
        raise UnusableValue("not a hexadecimal number")
    return int(text, 16)


def new_salt() -> str:
    """Draw a salt, in hexadecimal."""
    return secrets.token_hex(SALT_BYTES)


def verifier_of(group: str, name: str, password: str, salt: str) -> str:
    """Give the verifier (hex) of a password: g^x. `group` is a pool's name or a device's group."""
    identity = f"{group}{name}:{password}".encode("utf-8", "surrogatepass")
    inner = hashlib.sha256(identity).digest()
    x = _hash(padded(int(salt, 16)), inner)
    return f"{_power(G, x):x}"


def begin(salt_verifier: str, a_hex: str, secret: int | None = None) -> Begun:
    """Answer a client's A; raises UnusableValue. `secret` is given by tests alone.

    `salt_verifier` is the verifier in hexadecimal.
    """
    client = parse_hex(a_hex)
    if client % N == 0:
        raise UnusableValue("A is 0 modulo N")
    verifier = int(salt_verifier, 16)
    b = secret or secrets.randbits(_EXPONENT_BITS) | 1 << (_EXPONENT_BITS - 1)
    public = (K * verifier + _power(G, b)) % N
    u = _hash(padded(client), padded(public))
    if u == 0 or public == 0:
        raise UnusableValue("u or B is 0")
    base = client * _power(verifier, u, is_secret=False) % N
    shared = _power(base, b)
    return Begun(hex_of(public), _derived(u, shared))


def _power(base: int, exponent: int, *, is_secret: bool = True) -> int:
    """Exponentiate modulo N, in constant time where the exponent is secret; others run meanwhile."""
    import gmpy2  # noqa: PLC0415  50 ms with all that it imports, which no start waits for

    power = gmpy2.powmod_sec if is_secret else gmpy2.powmod
    with gmpy2.context(gmpy2.get_context(), allow_release_gil=True):
        return int(power(base, exponent, N))


def _derived(u: int, shared: int) -> bytes:
    """Do HKDF with one round, of which 16 bytes are taken."""
    extracted = hmac.digest(padded(u), padded(shared), "sha256")
    return hmac.digest(extracted, _INFO, "sha256")[:KEY_BYTES]


def signature(key: bytes, group: str, name: str, block: bytes, timestamp: str) -> str:
    """Give the PASSWORD_CLAIM_SIGNATURE that belongs to a key."""
    message = f"{group}{name}".encode() + block + timestamp.encode("utf-8", "surrogatepass")
    return base64.b64encode(hmac.digest(key, message, "sha256")).decode("ascii")


def stand_in(secret: str, name: str) -> tuple[str, str]:
    """Give salt and verifier of a user who does not exist: always the same for a name.

    The verifier is drawn, not computed: it costs no exponentiation that one of a real user would
    not cost, and B hides it.
    """
    seed = hmac.digest(secret.encode(), name.encode("utf-8", "surrogatepass"), "sha256")
    salt = hashlib.shake_256(b"salt" + seed).hexdigest(SALT_BYTES)
    drawn = int.from_bytes(hashlib.shake_256(b"verifier" + seed).digest(400))
    return salt, f"{drawn % N:x}"
