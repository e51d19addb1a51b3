"""Sealed sessions: they open to what was sealed, with the keys that are there, or not at all."""

from __future__ import annotations

import base64
import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from bargate.secret import Secret
from bargate.tokens.sealed import MAX_TOKEN_CHARACTERS, Sealer, SessionTooLarge
from bargate.tokens.session import SealingKey, Session

OLD = SealingKey(id="k1", key=Secret("first key of the installation"))
NEW = SealingKey(id="k2", key=Secret("second key of the installation"))
SESSION = Session(
    kind="AssumeRole",
    access_key_id="ASIAIOSFODNN7EXAMPLE",
    secret=Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    account_id="123456789012",
    arn="arn:aws:sts::123456789012:assumed-role/reader/ann",
    user_id="AROAEXAMPLE:ann",
    issuer_arn="arn:aws:iam::123456789012:role/reader",
    issuer_id="AROAEXAMPLE",
    issued_at=1_790_000_000,
    expires_at=1_790_003_600,
    tags={"team": "é"},
    mfa_at=1_789_999_000,
)


def test_a_session_comes_back_whole() -> None:
    sealer = Sealer((NEW,))
    token = sealer.seal(SESSION)
    opened = sealer.unseal(token)
    assert opened == SESSION
    assert opened is not None
    assert opened.secret.reveal() == SESSION.secret.reveal()
    assert 300 < len(token) < 1_000


def test_the_secret_does_not_stand_in_the_token() -> None:
    raw = base64.b64decode(Sealer((NEW,)).seal(SESSION))
    assert b"wJalr" not in raw
    assert b"ASIA" not in raw
    assert Sealer((NEW,)).seal(SESSION) != Sealer((NEW,)).seal(SESSION)


def test_the_first_key_seals_and_every_key_opens() -> None:
    token = Sealer((OLD,)).seal(SESSION)
    assert Sealer((NEW, OLD)).unseal(token) == SESSION
    assert Sealer((NEW,)).unseal(token) is None
    assert Sealer((OLD,)).unseal(Sealer((NEW, OLD)).seal(SESSION)) is None


def test_a_key_of_the_same_id_does_not_open() -> None:
    other = structs.replace(OLD, key=Secret("another"))
    assert Sealer((other,)).unseal(Sealer((OLD,)).seal(SESSION)) is None


def test_policies_are_packed() -> None:
    policies = (
        '{"Version":"2012-10-17","Statement":[' + ",".join(['{"Effect":"Allow"}'] * 200) + "]}",
    )
    large = structs.replace(SESSION, policies=policies)
    token = Sealer((NEW,)).seal(large)
    assert len(token) < 1_000
    assert Sealer((NEW,)).unseal(token) == large


def test_what_does_not_fit_is_not_sealed() -> None:
    noise = "".join(random.Random(1).choices(string.ascii_letters, k=12_000))
    with pytest.raises(SessionTooLarge):
        Sealer((NEW,)).seal(structs.replace(SESSION, policies=(noise,)))


def test_without_a_key_nothing_is_sealed_or_opened() -> None:
    assert Sealer(()).unseal(Sealer((NEW,)).seal(SESSION)) is None
    with pytest.raises(LookupError):
        Sealer(()).seal(SESSION)


@pytest.mark.parametrize("key_id", ["", "123456789", "a\0b", "é"])
def test_a_key_id_has_1_to_8_ascii_characters(key_id: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Sealer((SealingKey(id=key_id, key=Secret("k")),))


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_no_byte_can_be_changed(at: int, change: int) -> None:
    raw = bytearray(base64.b64decode(TOKEN))
    raw[at % len(raw)] ^= change
    assert SEALER.unseal(base64.b64encode(bytes(raw)).decode()) is None


@given(st.integers(0, 2_000))
def test_no_token_can_be_cut_short(length: int) -> None:
    cut = TOKEN[: length % len(TOKEN)]
    assert SEALER.unseal(cut) is None


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda b: base64.b64encode(b).decode()))
def test_junk_opens_to_nothing(text: str) -> None:
    assert SEALER.unseal(text) is None
    assert SEALER.unseal(TOKEN + text) is None or text == ""
    head = base64.b64encode(b"\x17k2\0" + text.encode("utf-8", "surrogatepass")).decode()
    assert SEALER.unseal(head) is None


def test_a_token_has_one_spelling_and_a_bound() -> None:
    for other in (f" {TOKEN}", f"{TOKEN}\n", TOKEN.replace("+", "-").rstrip("="), f"{TOKEN}===="):
        assert other == TOKEN or SEALER.unseal(other) is None
    assert SEALER.unseal("A" * (MAX_TOKEN_CHARACTERS + 4)) is None


SEALER = Sealer((NEW,))
TOKEN = SEALER.seal(SESSION)
