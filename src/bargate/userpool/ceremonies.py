"""WebAuthn's two ceremonies: what an authenticator answers, read within bounds, and verified. Pure.

    RegistrationResponseJSON ──► registration_of ──► verify_registration ──► NewKey
    AuthenticationResponseJSON ──► assertion_of ──► verify_assertion ──► Shown

py_webauthn verifies; it takes half a second to import, so it is as soon as something is verified,
which callers do in a thread. INVARIANT: nothing of an answer is believed but what is verified; the
origin and the challenge that are read here are compared again, with those that were signed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from msgspec import Meta, Struct

from bargate.userpool.relying_party import is_origin_of
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webauthn.helpers.structs import AttestationObject

    from bargate.records.pool_passkey import Attachment

_ES256: Final = -7
_RS256: Final = -257
ALGORITHMS: Final = (_ES256, _RS256)  # AWS [D] pubKeyCredParams
MAX_CREDENTIAL_CHARACTERS: Final = 32_768
_FORMATS: Final = frozenset(
    {"none", "packed"}
)  # no attestation is asked for, so nothing else comes
_RSA_BITS: Final = range(2_048, 4_097)
_MAX_EXPONENT: Final = 2**32
_TRANSPORTS: Final = frozenset({"usb", "nfc", "ble", "smart-card", "hybrid", "cable", "internal"})
_MAX_TRANSPORTS: Final = 16
_ATTACHMENTS: Final[Mapping[str, Attachment]] = {
    "platform": "platform",
    "cross-platform": "cross-platform",
}

_Id = Annotated[str, Meta(min_length=1, max_length=1_364)]  # CTAP: 1,023 bytes
_Text = Annotated[str, Meta(max_length=16_384)]


class _Attestation(Struct, frozen=True, rename="camel"):
    attestation_object: _Text
    client_data: _Text = msgspec.field(name="clientDataJSON")
    transports: list[Any] | None = None


class _RegistrationJson(Struct, frozen=True, rename="camel"):
    id: _Id
    raw_id: _Id
    type: Literal["public-key"]
    response: _Attestation
    authenticator_attachment: Any = None


class _Signature(Struct, frozen=True, rename="camel"):
    authenticator_data: _Text
    signature: _Text
    client_data: _Text = msgspec.field(name="clientDataJSON")
    user_handle: _Text | None = None


class _AssertionJson(Struct, frozen=True, rename="camel"):
    id: _Id
    raw_id: _Id
    type: Literal["public-key"]
    response: _Signature


class _ClientData(Struct, frozen=True, rename="camel"):
    """What the browser says: on which page it was asked, and the challenge."""

    type: str
    challenge: str
    origin: str
    cross_origin: bool = False


class Answered(Struct, frozen=True, kw_only=True):
    """What both ceremonies give: whose credential, and in answer to what. Nothing is verified yet."""

    raw_id: bytes
    client_data: bytes
    challenge: bytes
    origin: str
    is_framed: bool

    @property
    def id(self) -> str:
        """The credential's id as it is written everywhere."""
        return base64url(self.raw_id)


class Registration(Answered, frozen=True, kw_only=True):
    """The answer of `navigator.credentials.create`."""

    attestation: bytes
    attachment: Attachment | None
    transports: tuple[str, ...]


class Assertion(Answered, frozen=True, kw_only=True):
    """The answer of `navigator.credentials.get`."""

    authenticator_data: bytes
    signature: bytes
    user_handle: bytes | None


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


def base64url(data: bytes) -> str:
    """Write bytes as WebAuthn does."""
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def registration_of(credential: Any) -> Registration:
    """Read a RegistrationResponseJSON; raises InvalidParameterException."""
    try:
        given = msgspec.convert(credential, _RegistrationJson)
        said = _client_data(given.response.client_data)
        return Registration(
            raw_id=_same(given.id, given.raw_id),
            client_data=bytes_of(given.response.client_data),
            challenge=bytes_of(said.challenge),
            origin=said.origin,
            is_framed=said.cross_origin,
            attestation=bytes_of(given.response.attestation_object),
            attachment=_ATTACHMENTS.get(str(given.authenticator_attachment)),
            transports=_transports(given.response.transports),
        )
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise _unreadable("Credential", "RegistrationResponseJSON") from None


def assertion_of(text: str) -> Assertion:
    """Read an AuthenticationResponseJSON; raises InvalidParameterException."""
    try:
        if len(text) > MAX_CREDENTIAL_CHARACTERS:
            raise ValueError("too long")
        given = msgspec.json.decode(text, type=_AssertionJson)
        said = _client_data(given.response.client_data)
        handle = given.response.user_handle
        return Assertion(
            raw_id=_same(given.id, given.raw_id),
            client_data=bytes_of(given.response.client_data),
            challenge=bytes_of(said.challenge),
            origin=said.origin,
            is_framed=said.cross_origin,
            authenticator_data=bytes_of(given.response.authenticator_data),
            signature=bytes_of(given.response.signature),
            user_handle=None if handle is None else bytes_of(handle),
        )
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise _unreadable("CREDENTIAL", "AuthenticationResponseJSON") from None


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
    from webauthn.helpers import parse_attestation_object  # noqa: PLC0415  late: see above

    try:
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


def _client_data(text: str) -> _ClientData:
    return msgspec.json.decode(bytes_of(text), type=_ClientData)


def bytes_of(text: str) -> bytes:
    """Read base64url without padding, strictly; raises ValueError."""
    if "=" in text or "+" in text or "/" in text:
        raise ValueError("not base64url")
    padded = text.encode("ascii") + b"=" * (-len(text) % 4)
    return base64.b64decode(padded, altchars=b"-_", validate=True)


def _same(written: str, raw: str) -> bytes:
    """Give the credential's id, which must be written alike in both places; raises ValueError."""
    found = bytes_of(raw)
    if base64url(found) != written:
        raise ValueError("id and rawId differ")
    return found


def _transports(given: list[Any] | None) -> tuple[str, ...]:
    """Give the transports that are known; others are left out (WebAuthn §5.8.4)."""
    known = [
        each
        for each in (given or [])[:_MAX_TRANSPORTS]
        if isinstance(each, str) and each in _TRANSPORTS
    ]
    return tuple(dict.fromkeys(known))


def _unreadable(name: str, form: str) -> AwsError:
    return _invalid(f"{name} must be a WebAuthn {form} of usual size.")


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)


def _unsupported(reason: str) -> AwsError:
    message = f"The passkey is not supported: {reason}."
    return AwsError("WebAuthnCredentialNotSupportedException", message)
