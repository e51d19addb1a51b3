"""WebAuthn's two ceremonies: what an authenticator answered is verified. Pure.

    Registration ──► verify_registration ──► NewKey
    Assertion ──► verify_assertion ──► Shown

py_webauthn verifies; it takes half a second to import, so that waits until something is verified,
which callers do in a thread. INVARIANT: nothing of an answer is believed but what is verified; the
origin and the challenge that were read before are compared again, with those that were signed.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from msgspec import Struct

from bargate.userpool.relying_party import is_origin_of
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from webauthn.helpers.structs import AttestationObject

    from bargate.userpool.credential_json import Assertion, Registration


_ES256: Final = -7
_RS256: Final = -257
ALGORITHMS: Final = (_ES256, _RS256)  # AWS [D] pubKeyCredParams
# No attestation is asked for, and browsers then send one of these.
_FORMATS: Final = frozenset({"none", "packed"})
# Stands for the key of a passkey that is not there: P-256's generator. It never lets anybody in.
STAND_IN_KEY: Final = bytes.fromhex(
    "a5010203262001"
    "2158206b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "2258204fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
_RSA_BITS: Final = range(2_048, 4_097)
_MAX_EXPONENT: Final = 2**32


class Expected(Struct, frozen=True, kw_only=True):
    """What an answer must be good for."""

    rp_id: str
    challenge: bytes
    must_verify_user: bool


class NewKey(Struct, frozen=True, kw_only=True):
    """What was registered: the public key (COSE) and the first count."""

    public_key: bytes
    sign_count: int


class Shown(Struct, frozen=True, kw_only=True):
    """What an assertion shows: how often the key was used, and whether its user was verified."""

    sign_count: int
    is_user_verified: bool


def verify_registration(given: Registration, expected: Expected) -> NewKey:
    """Give the key of a registration; raises AwsError. The origin comes before the rest."""
    from webauthn import verify_registration_response  # noqa: PLC0415  late: see above
    from webauthn.helpers import structs  # noqa: PLC0415

    if not is_origin_of(expected.rp_id, given.origin) or given.is_framed:
        message = f"The origin {given.origin[:256]} is none of the relying party's."
        raise AwsError("WebAuthnOriginNotAllowedException", message)
    _check_attestation(_parsed(given.attestation), expected)
    try:
        verified = verify_registration_response(
            credential=structs.RegistrationCredential(
                id=given.id,
                raw_id=given.raw_id,
                response=structs.AuthenticatorAttestationResponse(
                    client_data_json=given.client_data, attestation_object=given.attestation
                ),
            ),
            expected_challenge=expected.challenge,
            expected_rp_id=expected.rp_id,
            expected_origin=given.origin,
            require_user_verification=expected.must_verify_user,
        )
    except _refusals():
        raise _invalid("The passkey's registration does not verify.") from None
    if not hmac.compare_digest(verified.credential_id, given.raw_id):
        raise _invalid("The passkey's id is not the one that was registered.")
    return NewKey(public_key=verified.credential_public_key, sign_count=verified.sign_count)


def verify_assertion(given: Assertion, expected: Expected, public_key: bytes) -> Shown | None:
    """Give what an assertion shows, None if it is not good. Whoever stores the count compares it."""
    from webauthn import verify_authentication_response  # noqa: PLC0415  late: see above
    from webauthn.helpers import structs  # noqa: PLC0415

    if not is_origin_of(expected.rp_id, given.origin) or given.is_framed:
        return None
    try:
        verified = verify_authentication_response(
            credential=structs.AuthenticationCredential(
                id=given.id,
                raw_id=given.raw_id,
                response=structs.AuthenticatorAssertionResponse(
                    client_data_json=given.client_data,
                    authenticator_data=given.authenticator_data,
                    signature=given.signature,
                    user_handle=given.user_handle,
                ),
            ),
            expected_challenge=expected.challenge,
            expected_rp_id=expected.rp_id,
            expected_origin=given.origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,  # the writing transaction looks at it
            require_user_verification=expected.must_verify_user,
        )
    except _refusals():
        return None
    return Shown(sign_count=verified.new_sign_count, is_user_verified=verified.user_verified)


def _parsed(attestation: bytes) -> AttestationObject:
    """Read an attestationObject; raises InvalidParameterException.

    py_webauthn takes a number for so many zero bytes, so what must be bytes is looked at before.
    """
    from webauthn.helpers import parse_attestation_object, parse_cbor  # noqa: PLC0415  late: see above

    try:
        fields = parse_cbor(attestation)
        if not isinstance(fields, dict) or not isinstance(fields.get("authData"), bytes):
            raise TypeError("no authData")
        return parse_attestation_object(attestation)
    except _refusals():
        raise _invalid("The passkey's attestationObject cannot be read.") from None


def _check_attestation(parsed: AttestationObject, expected: Expected) -> None:
    """Raise AwsError for what AWS has names for."""
    data = parsed.auth_data
    hashed = hashlib.sha256(expected.rp_id.encode()).digest()
    if not hmac.compare_digest(data.rp_id_hash, hashed):
        message = f"The passkey is not for the relying party {expected.rp_id}."
        raise AwsError("WebAuthnRelyingPartyMismatchException", message)
    if expected.must_verify_user and not data.flags.uv:
        raise _unsupported("its authenticator did not verify the user")
    if parsed.fmt not in _FORMATS:
        raise _unsupported("its attestation has another format than none and packed")
    key = data.attested_credential_data
    if key is None or not _is_key_taken(key.credential_public_key):
        raise _unsupported("its key is neither ES256 on P-256 nor RS256 of 2,048 to 4,096 bits")


def _is_key_taken(public_key: bytes) -> bool:
    """Say whether a COSE key is of a kind that was asked for, and costs little to verify with."""
    from webauthn.helpers import decode_credential_public_key  # noqa: PLC0415  late: see above
    from webauthn.helpers.decoded_public_key_to_cryptography import (  # noqa: PLC0415
        decoded_public_key_to_cryptography,
    )

    try:
        decoded = decode_credential_public_key(public_key)
        key = decoded_public_key_to_cryptography(decoded)
    except _refusals():
        return False
    if isinstance(key, RSAPublicKey):
        is_small = key.public_numbers().e < _MAX_EXPONENT
        return decoded.alg == _RS256 and key.key_size in _RSA_BITS and is_small
    is_p256 = isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
    return decoded.alg == _ES256 and is_p256


def _refusals() -> tuple[type[Exception], ...]:
    """Give what py_webauthn raises for bytes that are not good, its own exceptions and others."""
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415  late: see above

    lookups, values = (KeyError, IndexError, AttributeError), (ValueError, TypeError, OverflowError)
    return (WebAuthnException, InvalidSignature, UnsupportedAlgorithm, *lookups, *values)


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)


def _unsupported(reason: str) -> AwsError:
    message = f"The passkey is not supported: {reason}."
    return AwsError("WebAuthnCredentialNotSupportedException", message)
