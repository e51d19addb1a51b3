"""JSON Web Signatures in compact serialisation (RFC 7515), read strictly and verified with RSA.

joserfc is the field's library for JOSE, yet this path goes to `cryptography` itself: joserfc's
reader accepts two of the published invalid vectors and refuses six valid ones, and it picks the
key's use from the token's `alg`. Here the grammar is three lines, a token has exactly one
spelling, and a verification costs little more than OpenSSL's own 20 µs.
"""

from cryptography.exceptions import InvalidSignature
from msgspec import Struct

from bargate.tokens import base64url
from bargate.tokens.fault import Fault, InvalidToken, shown
from bargate.tokens.jwa import RSA_ALGORITHMS, SIGNATURE_ALGORITHMS
from bargate.tokens.jwk import VerificationKey
from bargate.tokens.strict_json import MalformedJson, parse_object

MAX_TOKEN_BYTES = 16_384
SEGMENTS = 3


class Jws(Struct, frozen=True):
    """A token taken apart. INVARIANT: nothing in it is trusted before `verify` returned."""

    algorithm: str
    kid: str | None
    payload: bytes
    signing_input: bytes
    signature: bytes


def parse(token: bytes) -> Jws:
    """Take a compact JWS apart; raises `InvalidToken`.

    Exactly three canonical base64url segments; a header of unique members with an `alg` that is
    supported here. `crit` is refused, since no extension is understood (RFC 7515 §4.1.11), and so
    is `b64` (RFC 7797). `jwk`, `jku`, `x5c` and `x5u` are never looked at: a token does not bring
    its own key.
    """
    if len(token) > MAX_TOKEN_BYTES:
        raise InvalidToken(Fault.TOO_LARGE, f"over {MAX_TOKEN_BYTES} bytes")
    segments = token.split(b".", SEGMENTS)
    if len(segments) != SEGMENTS:
        raise InvalidToken(Fault.SEGMENTS, "not three segments")
    header = base64url.decode(segments[0])
    payload = base64url.decode(segments[1])
    signature = base64url.decode(segments[2])
    if header is None or payload is None or signature is None:
        raise InvalidToken(Fault.ENCODING, "a segment is not canonical base64url")
    algorithm, kid = _read_header(header)
    return Jws(algorithm, kid, payload, token[: token.rindex(b".")], signature)


def _read_header(text: bytes) -> tuple[str, str | None]:
    try:
        header = parse_object(text)
    except MalformedJson as error:
        raise InvalidToken(Fault.HEADER, f"the header is {error}") from None
    if "crit" in header or "b64" in header:
        raise InvalidToken(Fault.CRITICAL, "critical header parameters are not supported")
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in SIGNATURE_ALGORITHMS:
        raise InvalidToken(Fault.ALGORITHM, f"alg {shown(algorithm)} is not supported")
    kid = header.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise InvalidToken(Fault.HEADER, "kid is not a string")
    return algorithm, kid


def verify(jws: Jws, key: VerificationKey, algorithms: frozenset[str] = RSA_ALGORITHMS) -> None:
    """Check the signature of `jws` with `key`; raises `InvalidToken`.

    The algorithm must be allowed thrice: here, by the caller (`algorithms`) and by the key.
    """
    if jws.algorithm not in algorithms or jws.algorithm not in key.algorithms:
        raise InvalidToken(
            Fault.ALGORITHM, f"key {shown(key.kid)} does not allow alg {jws.algorithm}"
        )
    chosen = SIGNATURE_ALGORITHMS[jws.algorithm]
    try:
        key.public_key.verify(jws.signature, jws.signing_input, chosen.padding, chosen.digest)
    except InvalidSignature:
        raise InvalidToken(
            Fault.SIGNATURE, f"the signature is not by key {shown(key.kid)}"
        ) from None
