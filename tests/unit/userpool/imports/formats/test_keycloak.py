"""Keycloak's exports, with hashes as Keycloak makes them and all that it should not bring in."""

import base64
import contextlib
import hashlib
import json
import os
from datetime import UTC, datetime

import pytest
from argon2.low_level import Type, hash_secret_raw
from hypothesis import given, settings
from hypothesis import strategies as st

from bargate.userpool.imports.formats import WrongFormat
from bargate.userpool.imports.row import BadRow, ImportedUser
from bargate.userpool.password_schemes import scheme_of
from user_files import keycloak_of, keycloak_password, pool, rows, the_reason, the_user

SUB = "3b241101-e2bb-4255-8caf-4136c566a962"
ARGON2 = {
    "hashLength": ["32"],
    "memory": ["7168"],
    "type": ["id"],
    "version": ["1.3"],
    "parallelism": ["1"],
}
# What Keycloak 26 stored for the password "secret".
KEYCLOAK_26 = keycloak_password(
    "argon2",
    "xKjWvB9+0sSP6wTqI1JoEI7w+iA0x9VDhPgmrOHRG80=",
    "LRScGShC7shkdoU5B1UgUQ==",
    hashIterations=5,
    additionalParameters=ARGON2,
)


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def fits(user: ImportedUser, password: str) -> bool:
    assert user.hash is not None
    text = user.hash.reveal()
    scheme = scheme_of(text)
    assert scheme is not None
    scheme.check(text)
    return scheme.fits(text, password)


def otp(
    value: str = "JBSWY3DPEHPK3PXP", label: str = "phone", **changes: object
) -> dict[str, object]:
    data = {"subType": "totp", "digits": 6, "counter": 0, "period": 30, "algorithm": "HmacSHA1"}
    data |= {"secretEncoding": "BASE32"} | changes
    data = {name: each for name, each in data.items() if each is not None}
    return {
        "type": "otp",
        "userLabel": label,
        "secretData": json.dumps({"value": value}),
        "credentialData": json.dumps(data),
    }


def test_a_user_comes_with_all_that_a_pool_keeps() -> None:
    record = {
        "id": SUB,
        "createdTimestamp": 1_735_995_480_968,
        "username": "jane.doe",
        "email": "jane@example.org",
        "emailVerified": True,
        "firstName": "Jane",
        "lastName": "Doe",
        "enabled": False,
        "attributes": {
            "phoneNumber": ["+12025550142"],
            "phoneNumberVerified": ["true"],
            "plan": ["gold", "old"],
            "unknown": ["left out"],
            "sub": ["not by an attribute"],
        },
        "groups": ["/staff", "/staff/admins"],
        "requiredActions": ["UPDATE_PASSWORD"],
        "credentials": [KEYCLOAK_26, otp(), {"type": "webauthn", "userLabel": "key"}],
    }
    user = the_user(rows("keycloak", keycloak_of(record)))
    assert user.username == "jane.doe"
    assert user.sub == SUB
    assert user.created_at == datetime(2025, 1, 4, 12, 58, 0, 968_000, tzinfo=UTC)
    assert user.attributes == {
        "phone_number": "+12025550142",
        "phone_number_verified": "false",
        "custom:plan": "gold,old",
        "given_name": "Jane",
        "family_name": "Doe",
        "email": "jane@example.org",
        "email_verified": "true",
    }
    assert not user.enabled
    assert user.must_change_password
    assert user.groups == ("staff", "staff/admins")
    assert user.totp_seed is not None
    assert user.totp_seed.reveal() == "JBSWY3DPEHPK3PXP"
    assert user.totp_name == "phone"
    assert fits(user, "secret")
    assert not fits(user, "Secret")


@pytest.mark.parametrize(
    ("algorithm", "digest", "size"),
    [
        ("pbkdf2", "sha1", 64),
        ("pbkdf2-sha256", "sha256", 64),
        ("pbkdf2-sha256", "sha256", 32),
        ("pbkdf2-sha512", "sha512", 64),
    ],
)
def test_pbkdf2_hashes_are_compared(algorithm: str, digest: str, size: int) -> None:
    salt = os.urandom(16)
    value = hashlib.pbkdf2_hmac(digest, "pässword".encode(), salt, 1_000, size)
    credential = keycloak_password(algorithm, encoded(value), encoded(salt), hashIterations=1_000)
    record = {"username": "ann", "credentials": [credential]}
    user = the_user(rows("keycloak", keycloak_of(record)))
    assert fits(user, "pässword")
    assert not fits(user, "password")


@pytest.mark.parametrize(("version", "number"), [("1.3", 19), ("1.0", 16)])
@pytest.mark.parametrize(("kind", "type_"), [("id", Type.ID), ("i", Type.I), ("d", Type.D)])
def test_argon2_hashes_of_every_kind_are_compared(
    kind: str, type_: Type, version: str, number: int
) -> None:
    salt = os.urandom(16)
    value = hash_secret_raw(b"secret", salt, 2, 64, 1, 32, type_, number)
    more = ARGON2 | {"memory": ["64"], "type": [kind], "version": [version]}
    credential = keycloak_password(
        "argon2", encoded(value), encoded(salt), hashIterations=2, additionalParameters=more
    )
    user = the_user(rows("keycloak", keycloak_of({"username": "ann", "credentials": [credential]})))
    assert fits(user, "secret")
    assert not fits(user, "other")


def test_a_seed_that_is_no_base32_is_its_own_bytes() -> None:
    record = {"username": "ann", "credentials": [otp("secret key of 20 B", secretEncoding=None)]}
    seed = the_user(rows("keycloak", keycloak_of(record))).totp_seed
    assert seed is not None
    padded = seed.reveal() + "=" * (-len(seed.reveal()) % 8)
    assert base64.b32decode(padded) == b"secret key of 20 B"


@pytest.mark.parametrize(
    "changes",
    [
        {"digits": 8},
        {"period": 60},
        {"algorithm": "HmacSHA256"},
        {"subType": "hotp"},
        {"secretEncoding": "HEX"},
    ],
)
def test_nobody_loses_an_authenticator_that_a_pool_cannot_keep(changes: dict[str, object]) -> None:
    record = {"username": "ann", "credentials": [KEYCLOAK_26, otp(**changes)]}
    assert "authenticator" in the_reason(rows("keycloak", keycloak_of(record)))


BAD = {
    "a cost of hours": keycloak_password("pbkdf2-sha256", "A" * 44, "A" * 24, hashIterations=10**9),
    "4 GiB": keycloak_password(
        "argon2",
        "A" * 44,
        "A" * 24,
        hashIterations=5,
        additionalParameters=ARGON2 | {"memory": ["4194304"]},
    ),
    "no number": keycloak_password("pbkdf2-sha256", "A" * 44, "A" * 24, hashIterations="many"),
    "negative": keycloak_password("pbkdf2-sha256", "A" * 44, "A" * 24, hashIterations=-1),
    "true": keycloak_password("pbkdf2-sha256", "A" * 44, "A" * 24, hashIterations=True),
    "unknown": keycloak_password("md5", "A" * 44, "A" * 24, hashIterations=1),
    "in clear": {"type": "password", "value": "HUSH-HUSH"},
    "no salt": keycloak_password("pbkdf2-sha256", "A" * 44, "", hashIterations=1),
    "injected": keycloak_password("pbkdf2-sha256", "A" * 44, "AAAAAAAA$AAAAAAAA", hashIterations=1),
    "no Base64": keycloak_password(
        "pbkdf2-sha256", "HUSH-HUSH-HUSH-HUSH-HUSH", "A" * 24, hashIterations=1
    ),
    "no JSON": {"type": "password", "secretData": "HUSH-HUSH", "credentialData": "{"},
    "deep JSON": {"type": "password", "secretData": "[" * 100_000, "credentialData": "{}"},
    "no object": {"type": "password", "secretData": "[]", "credentialData": "{}"},
}


@pytest.mark.parametrize("name", BAD)
def test_a_hash_that_cannot_be_kept_is_a_bad_row(name: str) -> None:
    record = {"username": "ann", "credentials": [BAD[name]]}
    found = rows("keycloak", keycloak_of(record, {"username": "bob"}))
    bad, good = found
    assert isinstance(bad, BadRow)
    assert bad.username == "ann"
    assert bad.line == 1
    assert "HUSH" not in bad.reason
    assert isinstance(good, ImportedUser)


@pytest.mark.parametrize(
    "record",
    [
        None,
        7,
        [],
        {"username": "x", "serviceAccountClientLink": "c"},
        {"username": 7},
        {"username": "x", "enabled": "yes"},
        {"username": "x", "groups": {"a": 1}},
        {"username": "x", "createdTimestamp": 10**30},
        {"username": "x", "createdTimestamp": 10**400},
        {"username": "x", "createdTimestamp": "now"},
        {"username": "x", "credentials": ["text"]},
        {"username": "x", "attributes": []},
        {"username": "x", "blob": "a" * 10_000_000},
        {"username": "x", "blob": list(range(200_000))},
    ],
)
def test_a_bad_record_stops_nothing(record: object) -> None:
    bad, good = rows("keycloak", keycloak_of(record, {"username": "bob"}))
    assert isinstance(bad, BadRow)
    assert (bad.line, good.line) == (1, 2)
    assert isinstance(good, ImportedUser)


@pytest.mark.parametrize(
    "record",
    [
        b'{"username": "x", "a": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
        b'{"username": "\xff"}',
        b'{"username": "\xed\xa0\x80"}',
        b'{"username": "\\ud800"}',
        b'{"username": "\\x"}',
        b'{"username": "a\nb"}',
        b'{"username": ' + b"9" * 5_000 + b"}",
        b'{"username" "a"}',
        b"{'username': 1}",
        b'{"username": [}]',
        b'["' + b"a" * 20_000_000 + b'"]',
        b'"' + b"\\" * 3_000_000 + b'"',
    ],
)
def test_a_record_that_is_no_json_stops_nothing(record: bytes) -> None:
    bad, good = rows("keycloak", b'{"users": [' + record + b', {"username": "bob"}]}')
    assert isinstance(bad, BadRow)
    assert isinstance(good, ImportedUser)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b'"users"',
        b"{}",
        b'{"users": {}}',
        b'{"users": [{"username": "a"}',
        b'{"users": [{"username": "a"}]',
        b'{"users": [{"username": "a"} {"username": "b"}]}',
        b"name,email\na,b\n",
        b"\x00\x01\x02",
        b'{"users": ["' + b"a" * 2_000_000,
    ],
)
def test_what_is_no_export_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(WrongFormat, match="file"):
        rows("keycloak", content)


def test_nobody_loses_a_security_key_that_was_their_second_factor() -> None:
    record = {"username": "ann", "credentials": [KEYCLOAK_26, {"type": "webauthn"}]}
    assert "security key" in the_reason(rows("keycloak", keycloak_of(record)))
    record = {"username": "ann", "credentials": [KEYCLOAK_26, {"type": "webauthn-passwordless"}]}
    assert fits(the_user(rows("keycloak", keycloak_of(record))), "secret")


def test_an_address_is_verified_by_keycloak_alone() -> None:
    attributes = {
        "email": ["boss@example.org"],
        "email_verified": ["true"],
        "emailVerified": ["true"],
    }
    record = {"username": "ann", "attributes": attributes}
    assert the_user(rows("keycloak", keycloak_of(record))).attributes == {}
    user = the_user(rows("keycloak", keycloak_of(record | {"email": "ann@example.org"})))
    assert user.attributes == {"email": "ann@example.org", "email_verified": "false"}


def test_a_bare_array_of_users_is_read_too() -> None:
    assert the_user(rows("keycloak", '[{"username": "ann"}]')).username == "ann"


def test_names_are_those_of_the_pool() -> None:
    record = {"id": SUB, "username": "ann@example.org", "email": "ann@example.org"}
    by_email = pool(username_attributes=("email",))
    by_alias = pool(alias_attributes=("email",))
    content = keycloak_of(record)
    assert the_user(rows("keycloak", content)).username == "ann@example.org"
    assert the_user(rows("keycloak", content, by_email)).username == "ann@example.org"
    assert the_user(rows("keycloak", content, by_alias)).username == SUB


def test_ids_that_are_none_of_ours_are_no_subs() -> None:
    for text in ("a1", SUB.upper(), SUB + "\n", ""):
        assert the_user(rows("keycloak", keycloak_of({"id": text, "username": "a"}))).sub is None


def test_a_name_in_a_report_can_be_printed() -> None:
    record = {"username": "a\x1b[31m\n" + "b" * 1_000, "enabled": 7}
    (bad,) = rows("keycloak", keycloak_of(record))
    assert isinstance(bad, BadRow)
    assert bad.username.isprintable()
    assert len(bad.username) < 200


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
fields = st.sampled_from(
    [
        "id",
        "username",
        "email",
        "enabled",
        "groups",
        "attributes",
        "credentials",
        "requiredActions",
        "createdTimestamp",
    ]
)
credentials = st.fixed_dictionaries(
    {"type": st.sampled_from(["password", "otp", "webauthn"])},
    optional={
        "secretData": json_values.map(json.dumps) | st.text(max_size=20),
        "credentialData": json_values.map(json.dumps) | st.text(max_size=20),
        "temporary": json_values,
    },
)


@settings(max_examples=50)
@given(
    st.lists(
        st.dictionaries(fields, json_values | st.lists(credentials, max_size=2), max_size=6),
        max_size=4,
    )
)
def test_every_record_is_a_row(users: list[dict[str, object]]) -> None:
    found = rows("keycloak", keycloak_of(*users))
    assert [each.line for each in found] == list(range(1, len(users) + 1))


@given(st.binary(max_size=200))
def test_bytes_are_rows_or_no_export(content: bytes) -> None:
    with contextlib.suppress(WrongFormat):
        rows("keycloak", content)
