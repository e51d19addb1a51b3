from __future__ import annotations

import base64

import pytest

from bargate.userpool import srp
from srp_client import N_HEX, SrpClient, hex_hash, pad_hex

POOL, NAME, PASSWORD = "us-east-1_AbCdEf123", "alice", "S3cret! pass"


def verifier(salt: str, password: str = PASSWORD) -> str:
    return srp.verifier_of("AbCdEf123", NAME, password, salt)


def test_the_group_is_rfc_3526s_with_g_2() -> None:
    assert f"{srp.N:x}".upper() == N_HEX
    assert int(hex_hash("00" + N_HEX + "02"), 16) == srp.K


@pytest.mark.parametrize("number", [0, 1, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, srp.N])
def test_numbers_are_padded_as_java_and_the_client_do(number: int) -> None:
    assert srp.hex_of(number) == pad_hex(number)


@pytest.mark.parametrize("number", range(8))
def test_an_independent_client_gets_the_same_key(number: int) -> None:
    client, salt = SrpClient(POOL, PASSWORD), srp.new_salt()
    begun = srp.begin(verifier(salt), client.srp_a)
    assert client.key(NAME, begun.b_hex, salt) == begun.key


@pytest.mark.parametrize("salt", ["00" * 16, "00" + "7f" * 15, "ff" * 16, "01", "80"])
def test_salts_of_every_form_agree(salt: str) -> None:
    client = SrpClient(POOL, PASSWORD)
    begun = srp.begin(verifier(salt), client.srp_a)
    assert client.key(NAME, begun.b_hex, salt) == begun.key


def test_another_password_gives_another_key() -> None:
    client, salt = SrpClient(POOL, "S3cret! pasS"), srp.new_salt()
    begun = srp.begin(verifier(salt), client.srp_a)
    assert client.key(NAME, begun.b_hex, salt) != begun.key


def test_the_signature_is_the_clients() -> None:
    client, salt = SrpClient(POOL, PASSWORD), srp.new_salt()
    begun, block = srp.begin(verifier(salt), client.srp_a), b"\x00block\xff"
    answer = client.responses(
        {
            "USER_ID_FOR_SRP": NAME,
            "SECRET_BLOCK": base64.b64encode(block).decode(),
            "SRP_B": begun.b_hex,
            "SALT": salt,
        }
    )
    expected = srp.signature(begun.key, "AbCdEf123", NAME, block, answer["TIMESTAMP"])
    assert answer["PASSWORD_CLAIM_SIGNATURE"] == expected


@pytest.mark.parametrize("multiple", [0, 1, 2])
def test_a_multiple_of_n_is_refused(multiple: int) -> None:
    """With A = 0 the key is known without a password (CVE-like holes of other servers)."""
    with pytest.raises(srp.UnusableValue):
        srp.begin(verifier(srp.new_salt()), f"{multiple * srp.N:x}")


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", " 1", "1 ", "0x1", "1_0", "g", "\uff11", "f" * 771]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(srp.UnusableValue):
        srp.begin(verifier(srp.new_salt()), text)


def test_b_is_never_the_same_and_hides_the_verifier() -> None:
    client, salt = SrpClient(POOL, PASSWORD), srp.new_salt()
    stored = verifier(salt)
    drawn = {srp.begin(stored, client.srp_a).b_hex for _ in range(5)}
    assert len(drawn) == 5


def test_a_stand_in_is_the_same_for_a_name_and_no_other() -> None:
    first = srp.stand_in("secret", "bob")
    assert srp.stand_in("secret", "bob") == first
    assert srp.stand_in("secret", "bop") != first
    assert srp.stand_in("secreu", "bob") != first
    assert len(first[0]) == len(srp.new_salt())
    assert 0 < int(first[1], 16) < srp.N


def test_nothing_secret_is_printed() -> None:
    begun = srp.begin(verifier(srp.new_salt()), "2")
    assert begun.key.hex() not in repr(begun)
    assert str(begun.key) not in repr(begun)
