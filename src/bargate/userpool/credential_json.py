"""What browsers answer, read within bounds. Pure, and nothing of it is verified (`ceremonies` does).

RegistrationResponseJSON ──► registration_of ──► Registration
AuthenticationResponseJSON ──► assertion_of ──► Assertion
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.records.pool_passkey import Attachment

MAX_CREDENTIAL_CHARACTERS: Final = 32_768
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
    message = f"{name} must be a WebAuthn {form} of usual size."
    return AwsError("InvalidParameterException", message)
