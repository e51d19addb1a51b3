"""What authenticators answer: what verifies, what does not, and that no bytes do worse than that."""

from __future__ import annotations

import json
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from bargate.userpool.ceremonies import (
    STAND_IN_KEY,
    Expected,
    NewKey,
    Shown,
    verify_assertion,
    verify_registration,
)
from bargate.userpool.credential_json import assertion_of, registration_of
from bargate.wire.error import AwsError
from passkey_client import HONEST, Authenticator, Lies, decoded, encoded

RP, ORIGIN = "example.org", "https://auth.example.org"
CHALLENGE = encoded(b"c" * 32)
CREATE: dict[str, Any] = {
    "rp": {"id": RP},
    "user": {"id": encoded(b"ann")},
    "challenge": CHALLENGE,
}
INVALID = "InvalidParameterException"
UNSUPPORTED = "WebAuthnCredentialNotSupportedException"
OTHER_ORIGIN = "WebAuthnOriginNotAllowedException"
OTHER_PARTY = "WebAuthnRelyingPartyMismatchException"


def expected(*, must_verify_user: bool = False) -> Expected:
    return Expected(rp_id=RP, challenge=decoded(CHALLENGE), must_verify_user=must_verify_user)


def registered(
    device: Authenticator, lies: Lies = HONEST, origin: str = ORIGIN, *, verified: bool = False
) -> NewKey:
    credential = registration_of(device.create(CREATE, origin, lies))
    return verify_registration(credential, expected(must_verify_user=verified))


def shown(
    device: Authenticator,
    key: NewKey,
    lies: Lies = HONEST,
    origin: str = ORIGIN,
    *,
    verified: bool = False,
) -> Shown | None:
    answer = device.sign(device.held[0], {"challenge": CHALLENGE}, origin, lies)
    want = expected(must_verify_user=verified)
    return verify_assertion(assertion_of(json.dumps(answer)), want, key.public_key)


def code_of(work: Any, *arguments: Any, **more: Any) -> str:
    with pytest.raises(AwsError) as refused:
        work(*arguments, **more)
    return refused.value.code


@pytest.mark.parametrize("algorithm", [-7, -257])
@pytest.mark.parametrize("form", ["none", "packed"])
def test_a_key_is_registered_and_shown(algorithm: int, form: str) -> None:
    device = Authenticator(algorithm)
    key = registered(device, Lies(format=form), verified=True)
    assert key.sign_count == 1
    assert shown(device, key, verified=True) == Shown(sign_count=2, is_user_verified=True)
    assert shown(device, key, Lies(flags=1)) == Shown(sign_count=3, is_user_verified=False)


@pytest.mark.parametrize(
    ("lies", "code"),
    [
        (Lies(rp_id="evil.org"), OTHER_PARTY),
        (Lies(rp_id="auth.example.org"), OTHER_PARTY),
        (Lies(challenge=encoded(b"x" * 32)), INVALID),
        (Lies(type="webauthn.get"), INVALID),
        (Lies(flags=0x44), INVALID),  # nobody was present
        (Lies(flags=0x05), INVALID),  # no key is announced
        (Lies(flags=0x55), INVALID),  # backed up, though it cannot be
        (Lies(format="fido-u2f"), UNSUPPORTED),
        (Lies(format="tpm"), UNSUPPORTED),
        (Lies(client_data={"crossOrigin": True}), OTHER_ORIGIN),
        (Lies(client_data={"origin": "https://evil.org"}), OTHER_ORIGIN),
    ],
)
def test_a_false_registration_is_refused(lies: Lies, code: str) -> None:
    assert code_of(registered, Authenticator(), lies) == code


def test_users_are_verified_where_they_must_be() -> None:
    device = Authenticator(verifies=False)
    assert code_of(registered, device, verified=True) == UNSUPPORTED
    key = registered(Authenticator(verifies=False))
    assert key.sign_count == 1
    device = Authenticator()
    key = registered(device)
    assert shown(device, key, Lies(flags=1), verified=True) is None


@pytest.mark.parametrize("algorithm", [-8, -37, -35, -65535, 0])
def test_other_algorithms_are_not_supported(algorithm: int) -> None:
    assert code_of(registered, Authenticator(algorithm)) == UNSUPPORTED


def with_key(key: Any) -> str:
    """Give the code that a registration of any COSE key meets."""
    credential = Authenticator().create(CREATE, ORIGIN)
    attestation = cbor2.loads(decoded(credential["response"]["attestationObject"]))
    attestation["authData"] = attestation["authData"][: 37 + 18 + 32] + cbor2.dumps(key)
    response = credential["response"] | {"attestationObject": encoded(cbor2.dumps(attestation))}
    changed = registration_of(credential | {"response": response})
    return code_of(verify_registration, changed, expected())


@pytest.mark.parametrize(
    "key",
    [
        4,
        0,
        [],
        {},
        {1: 2, 3: -7, -1: 1, -2: b"x" * 32, -3: b"y" * 32},  # not on the curve
        {1: 2, 3: -7, -1: 1, -2: "x", -3: 7},
        {1: 3, 3: -257, -1: b"\xff" * 128, -2: b"\1\0\1"},  # 1,024 bits
        {1: 3, 3: -257, -1: b"\xff" * 1_024, -2: b"\1\0\1"},  # 8,192 bits
        {1: 3, 3: -257, -1: b"\xff" * 256, -2: b"\xff" * 256},  # slow to verify with
        {1: 3, 3: -7, -1: b"\xff" * 256, -2: b"\1\0\1"},  # an algorithm of other keys
        {1: 7, 3: -48, -1: b"\1" * 1_312},
    ],
)
def test_keys_that_are_none_are_refused(key: Any) -> None:
    assert with_key(key) == UNSUPPORTED


@pytest.mark.parametrize(
    "lies",
    [
        Lies(rp_id="evil.org"),
        Lies(challenge=encoded(b"x" * 32)),
        Lies(type="webauthn.create"),
        Lies(flags=4),
        Lies(flags=0x45),
        Lies(client_data={"crossOrigin": True}),
        Lies(client_data={"origin": "https://evil.org"}),
        Lies(client_data={"tokenBinding": {"status": "odd"}, "type": "x"}),
    ],
)
def test_a_false_answer_is_refused(lies: Lies) -> None:
    device = Authenticator()
    key = registered(device)
    assert shown(device, key, lies) is None
    assert shown(device, key) is not None


@pytest.mark.parametrize("part", ["signature", "authenticatorData", "clientDataJSON"])
def test_what_was_signed_cannot_be_changed(part: str) -> None:
    device = Authenticator()
    key = registered(device)
    answer = device.sign(device.held[0], {"challenge": CHALLENGE}, ORIGIN)
    raw = decoded(answer["response"][part])
    changed = raw + b" " if part == "clientDataJSON" else raw[:-1] + bytes([raw[-1] ^ 1])
    answer["response"][part] = encoded(changed)
    assert verify_assertion(assertion_of(json.dumps(answer)), expected(), key.public_key) is None


@pytest.mark.parametrize("data", [2**34, -1, True, "x", None, [1], {}, 1.5])
def test_authenticator_data_are_bytes(data: Any) -> None:
    """A number must not become as many bytes."""
    attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
    response = MADE["response"] | {"attestationObject": encoded(attestation)}
    changed = registration_of(MADE | {"response": response})
    assert code_of(verify_registration, changed, expected()) == INVALID


def test_another_key_does_not_verify() -> None:
    device, other = Authenticator(), Authenticator(-257)
    registered(device)
    assert shown(device, registered(other)) is None


def test_the_stand_in_is_a_key_whose_private_half_everybody_knows() -> None:
    """It costs what a real one does; whoever uses it for nobody refuses whatever it says."""
    device = Authenticator()
    registered(device)
    device.held[0].key = ec.derive_private_key(1, ec.SECP256R1())
    assert shown(device, NewKey(public_key=STAND_IN_KEY, sign_count=0)) is not None


def test_the_id_is_the_one_that_was_registered() -> None:
    credential = Authenticator().create(CREATE, ORIGIN)
    named = encoded(b"o" * 32)
    given = registration_of(credential | {"id": named, "rawId": named})
    assert code_of(verify_registration, given, expected()) == INVALID


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "a", "rawId": "b"},
        {"id": "AA==", "rawId": "AA=="},
        {"id": "", "rawId": ""},
        {"id": "A" * 1_368, "rawId": "A" * 1_368},
        {"type": "password"},
        {"response": None},
        {"response": []},
        {"rawId": 7},
    ],
)
def test_what_has_another_form_is_refused(changes: dict[str, Any]) -> None:
    device = Authenticator()
    made = device.create(CREATE, ORIGIN)
    signed = device.sign(device.held[0], {"challenge": CHALLENGE}, ORIGIN)
    assert code_of(registration_of, made | changes) == INVALID
    assert code_of(assertion_of, json.dumps(signed | changes)) == INVALID


@pytest.mark.parametrize(
    "text", ["", "null", "[]", '"', "[" * 30_000, '{"id":' * 5_000, "\0", "\ud800", "9" * 40_000]
)
def test_texts_that_are_no_credential_are_refused(text: str) -> None:
    assert code_of(assertion_of, text) == INVALID


@pytest.mark.parametrize("credential", [None, [], "{}", 7, {}, {"id": "a"}])
def test_values_that_are_no_credential_are_refused(credential: Any) -> None:
    assert code_of(registration_of, credential) == INVALID


def test_unknown_transports_and_attachments_are_left_out() -> None:
    credential = Authenticator().create(CREATE, ORIGIN) | {"authenticatorAttachment": "orbit"}
    credential["response"]["transports"] = ["nfc", "pigeon", 7, "nfc", *["usb"] * 1_000]
    given = registration_of(credential)
    assert (given.attachment, given.transports) == (None, ("nfc", "usb"))


DEVICE = Authenticator()
MADE = DEVICE.create(CREATE, ORIGIN)
SIGNED = DEVICE.sign(DEVICE.held[0], {"challenge": CHALLENGE}, ORIGIN)
KEY = verify_registration(registration_of(MADE), expected()).public_key


@st.composite
def broken(draw: st.DrawFn, whole: bytes) -> bytes:
    """Give bytes that differ from the good ones in a place, or are cut, grown or any."""
    at = draw(st.integers(0, len(whole) - 1))
    put = draw(st.binary(max_size=12))
    return draw(st.sampled_from([whole[:at] + put + whole[at + 1 :], whole[:at], whole + put, put]))


def refused_by(work: Any, *arguments: Any) -> str:
    """Give the code of a refusal, or what came of it otherwise."""
    try:
        return f"{work(*arguments)}"
    except AwsError as refused:
        return refused.code


@settings(max_examples=200, deadline=None)
@given(broken(decoded(MADE["response"]["attestationObject"])))
def test_no_attestation_is_met_with_anything_but_a_refusal(data: bytes) -> None:
    response = MADE["response"] | {"attestationObject": encoded(data)}
    told = refused_by(
        verify_registration, registration_of(MADE | {"response": response}), expected()
    )
    # Nothing of an attestation `none` is signed, so a changed key or count may be one, too.
    assert told in (INVALID, UNSUPPORTED, OTHER_PARTY) or told.startswith("NewKey(")


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["authenticatorData", "signature", "clientDataJSON"]), st.data())
def test_no_changed_assertion_verifies(part: str, data: st.DataObject) -> None:
    whole = decoded(SIGNED["response"][part])
    changed = data.draw(broken(whole))
    text = json.dumps(SIGNED | {"response": SIGNED["response"] | {part: encoded(changed)}})
    if refused_by(assertion_of, text) == INVALID:
        assert part == "clientDataJSON"
    else:
        found = verify_assertion(assertion_of(text), expected(), KEY)
        assert (found is not None) == (changed == whole)
