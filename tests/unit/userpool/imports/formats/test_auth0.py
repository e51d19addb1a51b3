"""Auth0's files: its documented examples, its forms of hashes, and all that is no user."""

import base64
import contextlib
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bargate.userpool.imports.formats import WrongFormat
from bargate.userpool.imports.row import BadRow, ImportedUser
from bargate.userpool.password_schemes import scheme_of
from user_files import pool, rows, the_reason, the_user

BCRYPT = "$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K"  # of "hello"
EXPORTED = {
    "_id": {"$oid": "5dea9f9c82dd7c0e76e4ec93"},
    "email_verified": True,
    "email": "ann@example.org",
    "passwordHash": BCRYPT,
    "password_set_date": {"$date": "2019-12-06T18:36:12.412Z"},
    "tenant": "acme",
    "connection": "Username-Password-Authentication",
    "_tmp_is_unique": True,
}


def of(custom: dict[str, Any]) -> str:
    return json.dumps([{"email": "ann@example.org", "custom_password_hash": custom}])


def fits(user: ImportedUser, password: str) -> bool:
    assert user.hash is not None
    scheme = scheme_of(user.hash.reveal())
    assert scheme is not None
    return scheme.fits(user.hash.reveal(), password)


def test_an_export_is_read_line_by_line() -> None:
    content = json.dumps(EXPORTED) + "\r\n\n" + json.dumps(EXPORTED | {"email": "b@example.org"})
    ann, bob = rows("auth0", content)
    assert isinstance(ann, ImportedUser)
    assert isinstance(bob, ImportedUser)
    assert (ann.line, bob.line) == (1, 3)
    assert (ann.username, bob.username) == ("ann@example.org", "b@example.org")
    assert ann.attributes == {"email": "ann@example.org", "email_verified": "true"}
    assert ann.enabled
    assert fits(ann, "hello")
    assert not fits(ann, "Hello")


def test_a_file_of_the_bulk_import_brings_the_profile() -> None:
    record = {
        "email": "ann@example.org",
        "email_verified": False,
        "phone_number": "+12025550142",
        "phone_verified": True,
        "user_id": "auth0|euclid",
        "username": "ann",
        "given_name": "Ann",
        "family_name": "A",
        "name": "Ann A",
        "nickname": "a",
        "picture": "https://example.org/a.png",
        "blocked": True,
        "created_at": "2024-02-03T04:05:06.000Z",
        "password_hash": BCRYPT,
        "app_metadata": {"plan": "gold", "roles": ["x"], "given_name": "not by this"},
        "user_metadata": {"plan": "mine", "theme": "dark"},
        "mfa_factors": [{"phone": {"value": "+1"}}, {"totp": {"secret": "jbswy3dpehpk3pxp"}}],
    }
    user = the_user(rows("auth0", json.dumps([record])))
    assert user.username == "ann"
    assert user.attributes["custom:plan"] == "gold"
    assert user.attributes["given_name"] == "Ann"
    assert user.attributes["email_verified"] == "false"
    assert user.attributes["phone_number_verified"] == "true"
    assert user.attributes["picture"] == "https://example.org/a.png"
    assert "custom:theme" not in user.attributes
    assert not user.enabled
    assert user.created_at is not None
    assert user.created_at.isoformat() == "2024-02-03T04:05:06+00:00"
    assert user.totp_seed is not None
    assert user.totp_seed.reveal() == "JBSWY3DPEHPK3PXP"


def test_addresses_are_taken_from_identifiers_too() -> None:
    record = {"identifiers": [{"type": "email", "value": "ann@example.org", "verified": True}]}
    user = the_user(rows("auth0", json.dumps(record)))
    assert user.attributes == {"email": "ann@example.org", "email_verified": "true"}


def test_nobody_loses_a_second_factor_that_a_pool_cannot_keep() -> None:
    record = EXPORTED | {"mfa_factors": [{"phone": {"value": "+12025550142"}}]}
    assert "second factor" in the_reason(rows("auth0", json.dumps(record)))
    assert the_user(rows("auth0", json.dumps(EXPORTED | {"mfa_factors": []}))).totp_seed is None


def test_nobody_gives_themself_an_address_or_a_right() -> None:
    mine = {"email": "boss@example.org", "email_verified": True, "plan": "gold"}
    for name in ("user_metadata", "app_metadata"):
        record = {"username": "ann", name: mine | ({} if name == "user_metadata" else {"plan": ""})}
        assert the_user(rows("auth0", json.dumps(record))).attributes == {}


def test_who_has_an_alias_for_a_name_is_called_by_their_id() -> None:
    content = json.dumps(EXPORTED)
    by_alias = pool(alias_attributes=("email",))
    assert the_user(rows("auth0", content, by_alias)).username == "5dea9f9c82dd7c0e76e4ec93"
    alt = json.dumps(EXPORTED | {"user_id": "auth0|euclid"})
    assert the_user(rows("auth0", alt, by_alias)).username == "euclid"


@pytest.mark.parametrize("encoding", ["hex", "base64"])
def test_scrypt_is_written_as_parameters_beside_it(encoding: str) -> None:
    salt = b"a salt of theirs"
    derived = hashlib.scrypt(b"secret", salt=salt, n=2048, r=4, p=2, dklen=48)
    value = derived.hex() if encoding == "hex" else base64.urlsafe_b64encode(derived).decode()
    custom = {
        "algorithm": "scrypt",
        "hash": {"value": value, "encoding": encoding},
        "salt": {"value": salt.decode()},
        "keylen": 48,
        "cost": 2048,
        "blockSize": 4,
        "parallelization": 2,
    }
    user = the_user(rows("auth0", of(custom)))
    assert fits(user, "secret")
    assert not fits(user, "other")


def test_scrypt_has_nodes_defaults() -> None:
    derived = hashlib.scrypt(b"secret", salt=b"saltsalt", n=16_384, r=8, p=1, dklen=64)
    custom = {
        "algorithm": "scrypt",
        "hash": {"value": derived.hex(), "encoding": "hex"},
        "salt": {"value": b"saltsalt".hex(), "encoding": "hex"},
        "keylen": 64,
    }
    assert fits(the_user(rows("auth0", of(custom))), "secret")


def test_pbkdf2_without_parameters_has_auth0s() -> None:
    derived = hashlib.pbkdf2_hmac("sha512", b"secret", b"saltsalt", 100_000, 64)
    salt, value = (base64.b64encode(each).decode().rstrip("=") for each in (b"saltsalt", derived))
    for parameters in ("", "$i=100000,l=64", "$i=100000"):
        text = f"$pbkdf2-sha512{parameters}${salt}${value}"
        custom = {"algorithm": "pbkdf2", "hash": {"value": text, "encoding": "utf8"}}
        assert fits(the_user(rows("auth0", of(custom))), "secret")


def test_documented_examples_are_taken_as_far_as_they_are_safe() -> None:
    kept = {
        "bcrypt": {"value": "$2b$10$C9hB01.YxRSTcn/ZOOo4j.TW7xCKKFKBSF.C7E0xiUwumqIDqWUXG"},
        "argon2": {
            "value": "$argon2id$v=19$m=65536,t=2,p=1$J6Q/82PCyaNpYKRELJyTZg"
            "$m04qUAB8rexWDR4+/0f+SFB+4XMFxt7YAvAq2UycYos"
        },
        "pbkdf2": {
            "value": "$pbkdf2-sha512$i=100000,l=64$KNyFsA2rWoE$I2CQGI9H0JxdDf3kERRI97kPCGxh0KWBIV3M"
            "xyaS191gDGfzVBGyS4BibhgqWQ0/ails8mHuU9ckASxHOOq58w"
        },
    }
    for algorithm, hashed in kept.items():
        assert the_user(rows("auth0", of({"algorithm": algorithm, "hash": hashed}))).hash
    refused: dict[str, dict[str, Any]] = {
        "md4": {"value": "AbuUujgF0pPPkJPSFRTpmA==", "encoding": "base64"},
        "sha256": {"value": "d24e794f", "encoding": "hex"},
        "ldap": {"value": "{SSHA384}/cgEjdoZh85DhurDeOQEMO1rMlAur93SVPbYe5XSD4lF7nNuvrBju5hUeg9A"},
        "hmac": {"value": "cg7f42jH39/2EaAU4wNd4s2lKIk=", "encoding": "base64", "digest": "sha1"},
        "pbkdf2": {"value": "$pbkdf2-md4$i=100000,l=64$+N375B8q0Fw$fp2R9KAM4hK/votGHC5Fu+jhqbxUD8"},
    }
    for algorithm, hashed in refused.items():
        reason = the_reason(rows("auth0", of({"algorithm": algorithm, "hash": hashed})))
        assert hashed["value"] not in reason


@pytest.mark.parametrize(
    "custom",
    [
        [],
        {"algorithm": "bcrypt"},
        {"algorithm": "bcrypt", "hash": {"value": 7}},
        {"algorithm": "bcrypt", "hash": {"value": "$2b$31$" + BCRYPT[7:]}},
        {"algorithm": "bcrypt", "hash": {"value": BCRYPT}, "password": {"encoding": "utf16le"}},
        {"algorithm": "scrypt", "hash": {"value": "00" * 32, "encoding": "hex"}},
        {
            "algorithm": "scrypt",
            "cost": 2**30,
            "hash": {"value": "00" * 32, "encoding": "hex"},
            "salt": {"value": "saltsalt"},
        },
        {
            "algorithm": "scrypt",
            "cost": 1_000,
            "hash": {"value": "00" * 32, "encoding": "hex"},
            "salt": {"value": "saltsalt"},
        },
        {
            "algorithm": "scrypt",
            "hash": {"value": "HUSH", "encoding": "hex"},
            "salt": {"value": "saltsalt"},
        },
        {
            "algorithm": "scrypt",
            "parallelization": -1,
            "hash": {"value": "00" * 32, "encoding": "hex"},
            "salt": {"value": "saltsalt"},
        },
    ],
)
def test_a_hash_that_cannot_be_kept_is_a_bad_row(custom: dict[str, Any]) -> None:
    assert "HUSH" not in the_reason(rows("auth0", of(custom)))


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[1]",
        b"null",
        b'{"email": 7}',
        b'{"email": "a@b.c", "blocked": "no"}',
        b'{"email": "a@b.c", "created_at": "yesterday"}',
        b'{"email": "a@b.c", "mfa_factors": {}}',
        b'{"email": "\xff"}',
        b'{"a": ' + b"[" * 5_000,
        b'{"email": "' + b"a" * 10_000_000 + b'"}',
        b"\x00",
    ],
)
def test_a_bad_line_stops_nothing(line: bytes) -> None:
    content = b'{"email": "x@example.org"}\n' + line + b'\n{"email": "b@example.org"}\n'
    first, bad, good = rows("auth0", content)
    assert isinstance(first, ImportedUser)
    assert isinstance(bad, BadRow)
    assert isinstance(good, ImportedUser)
    assert (bad.line, good.line) == (2, 3)


@given(st.binary(max_size=200))
def test_bytes_are_rows_or_no_file_of_auth0(content: bytes) -> None:
    with contextlib.suppress(WrongFormat):
        rows("auth0", content)
