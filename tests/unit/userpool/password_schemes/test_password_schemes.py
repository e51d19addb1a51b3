"""Hashes that others made are compared as they do, and what costs too much is never kept."""

import asyncio
import base64
import contextlib
import hashlib
import os
import string
import time
from collections.abc import Callable

import bcrypt
import pytest
from argon2.low_level import Type, hash_secret
from hypothesis import given, settings
from hypothesis import strategies as st

from bargate.secret import Secret
from bargate.userpool.password_schemes import SCHEMES, UnusableHash, check_hash, scheme_of
from bargate.userpool.passwords import Cost, Hasher

SALT = base64.b64encode(b"0123456789abcdef").decode().rstrip("=")
HASH = base64.b64encode(bytes(32)).decode().rstrip("=")

KEYCLOAK_26 = (
    "$argon2id$v=19$m=7168,t=5,p=1$LRScGShC7shkdoU5B1UgUQ"
    "$xKjWvB9+0sSP6wTqI1JoEI7w+iA0x9VDhPgmrOHRG80"
)
AZURE = (
    "$pbkdf2-sha512$i=100000,l=64$HqJwOCHweNk1pLryiu3RsA$KVSvxKYcibIG5S5n55RvxKRTdAAfCUtBJ"
    "oy5IuFzdSZyzkwvUcU+FPawEWFPn+06JyZsndfRTfpiEh+2eSJLkg"
)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


def pbkdf2(digest: str, password: str, name: str = "") -> str:
    salt = os.urandom(16)
    derived = hashlib.pbkdf2_hmac(digest, password.encode(), salt, 1_000)
    return f"$pbkdf2{name}$i=1000,l={len(derived)}${b64(salt)}${b64(derived)}"


def passlib(digest: str, password: str, name: str = "") -> str:
    """Write PBKDF2 as passlib does."""
    salt = bytes(range(240, 256))
    derived = hashlib.pbkdf2_hmac(digest, password.encode(), salt, 1_000)
    return f"$pbkdf2{name}$1000${b64(salt)}${b64(derived)}".replace("+", ".")


def scrypt(password: str) -> str:
    salt = os.urandom(16)
    derived = hashlib.scrypt(password.encode(), salt=salt, n=1024, r=8, p=2, dklen=32)
    return f"$scrypt$ln=10,r=8,p=2${b64(salt)}${b64(derived)}"


def argon2(kind: Type) -> Callable[[str], str]:
    return lambda password: hash_secret(
        password.encode(), os.urandom(16), 2, 64, 1, 32, kind
    ).decode()


def bcrypt_of(prefix: str) -> Callable[[str], str]:
    return lambda password: (
        prefix + bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()[3:]
    )


MAKERS: dict[str, Callable[[str], str]] = {
    "$argon2id$": argon2(Type.ID),
    "$argon2i$": argon2(Type.I),
    "$argon2d$": argon2(Type.D),
    "$2a$": bcrypt_of("$2a"),
    "$2b$": bcrypt_of("$2b"),
    "$2y$": bcrypt_of("$2y"),
    "$scrypt$": scrypt,
    "$pbkdf2$": lambda password: passlib("sha1", password),
    "$pbkdf2-sha1$": lambda password: pbkdf2("sha1", password, "-sha1"),
    "$pbkdf2-sha256$": lambda password: pbkdf2("sha256", password, "-sha256"),
    "$pbkdf2-sha512$": lambda password: passlib("sha512", password, "-sha512"),
}


def fits(text: str, password: str) -> bool:
    scheme = scheme_of(text)
    assert scheme is not None
    check_hash(text)
    return scheme.fits(text, password)


def test_every_scheme_is_tried() -> None:
    assert set(MAKERS) == set(SCHEMES)


@pytest.mark.parametrize("prefix", MAKERS)
@pytest.mark.parametrize("password", ["secret", "pässwörd 🔑", "x" * 72, "x" * 200])
def test_the_right_password_fits_and_no_other(prefix: str, password: str) -> None:
    if prefix.startswith("$2"):
        password = password[:60]
    text = MAKERS[prefix](password)
    assert text.startswith(prefix)
    assert fits(text, password)
    for other in (
        "",
        "Secret",
        password[:-1],
        password[1:],
        "\0" + password,
        password.upper() + "!",
    ):
        assert not fits(text, other)


@pytest.mark.parametrize(
    ("text", "password"),
    [
        # Auth0's documentation
        ("$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K", "hello"),
        # Keycloak 26, as the reader of its exports writes it
        (KEYCLOAK_26, "secret"),
        # Azure IoT Operations' documentation
        (AZURE, "password"),
        # RFC 7914 §12
        (
            "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$"
            + b64(
                bytes.fromhex(
                    "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
                    "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
                )
            ),
            "pleaseletmein",
        ),
    ],
)
def test_published_hashes_are_compared(text: str, password: str) -> None:
    assert fits(text, password)
    assert not fits(text, password + ".")


def test_what_bcrypt_does_not_hash_does_not_count_and_nul_never_fits() -> None:
    text = bcrypt_of("$2b")("x" * 72)
    assert fits(text, "x" * 72 + "anything")
    assert not fits(text, "x" * 72 + "\0")
    assert not fits(bcrypt_of("$2b")("secret"), "secret\0more")


BOMBS = {
    "argon2 of 4 GiB": f"$argon2id$v=19$m=4194304,t=1,p=1${SALT}${HASH}",
    "argon2 of many passes": f"$argon2id$v=19$m=65536,t=17,p=1${SALT}${HASH}",
    "argon2 of a billion passes": f"$argon2id$v=19$m=8,t=1000000000,p=1${SALT}${HASH}",
    "argon2 of many lanes": f"$argon2id$v=19$m=200000,t=1,p=10000${SALT}${HASH}",
    "bcrypt of cost 31": "$2b$31$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K",
    "bcrypt of cost 15": "$2b$15$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K",
    "pbkdf2 of a billion rounds": f"$pbkdf2-sha256$i=1000000000,l=32${SALT}${HASH}",
    "pbkdf2 of passlib's form": f"$pbkdf2-sha512$1000000001${SALT}${HASH}",
    "scrypt of N = 2^30": f"$scrypt$ln=30,r=8,p=1${SALT}${HASH}",
    "scrypt of a huge shift": f"$scrypt$ln=9999999999,r=8,p=1${SALT}${HASH}",
    "scrypt of a huge block": f"$scrypt$ln=10,r=9999999999,p=1${SALT}${HASH}",
    "scrypt of many lanes": f"$scrypt$ln=14,r=8,p=9999999999${SALT}${HASH}",
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_costs_too_much_is_refused_at_once(name: str) -> None:
    begun = time.monotonic()
    with pytest.raises(UnusableHash, match="costs more"):
        check_hash(BOMBS[name])
    assert time.monotonic() - begun < 0.5


MALFORMED = [
    "",
    "secret",
    "$",
    "$1$abc$def",
    "$2x$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K",
    "$2b$03$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K",
    "$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1",
    "$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K\n",
    "$2b$1\u0660$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K",
    f"$argon2id$v=19$m=64,t=1,p=1${SALT}",
    f"$argon2id$v=20$m=64,t=1,p=1${SALT}${HASH}",
    f"$argon2id$v=19$t=1,m=64,p=1${SALT}${HASH}",
    f"$argon2id$v=19$m=64,t=0,p=1${SALT}${HASH}",
    f"$argon2id$v=19$m=7,t=1,p=1${SALT}${HASH}",
    f"$argon2id$v=19$m=64,t=1,p=1,m=64${SALT}${HASH}",
    f"$argon2id$v=19$m=64,t=1,p=1$AAAA${HASH}",
    f"$argon2id$v=19$m=64,t=1,p=1${SALT}$AAAA",
    f"$argon2id$v=19$m=64,t=1,p=1${SALT}${HASH}\0",
    f"$argon2id$v=19$m=64,t=1,p=1${SALT}${'A' * 2_000}",
    f"$pbkdf2-sha256$i=0,l=32${SALT}${HASH}",
    f"$pbkdf2-sha256$i=-1${SALT}${HASH}",
    f"$pbkdf2-sha256$l=32${SALT}${HASH}",
    f"$pbkdf2-sha256$i=1000,l=64${SALT}${HASH}",
    f"$pbkdf2-sha256$i=1000,x=1${SALT}${HASH}",
    f"$pbkdf2-sha256$i=1000${SALT}${HASH}!",
    f"$pbkdf2-sha256$i=1000${SALT}$A",
    f"$pbkdf2-sha256$i=1000$${HASH}",
    f"$pbkdf2-sha256$\u0661000${SALT}${HASH}",
    f"$pbkdf2-md5$i=1000${SALT}${HASH}",
    f"$scrypt$ln=0,r=8,p=1${SALT}${HASH}",
    f"$scrypt$ln=14,r=8${SALT}${HASH}",
    f"$scrypt$ln=14,r=0,p=1${SALT}${HASH}",
]


@pytest.mark.parametrize("text", MALFORMED)
def test_what_is_malformed_is_refused_without_saying_it(text: str) -> None:
    with pytest.raises(UnusableHash) as refused:
        check_hash(text)
    assert HASH not in str(refused.value)
    assert SALT not in str(refused.value)


VALID = {prefix: make("secret") for prefix, make in MAKERS.items()}


@pytest.mark.parametrize(("place", "taken"), [(28, ".Oeu"), (59, ".CGKOSWaeimquy26")])
def test_bcrypt_takes_no_bits_that_count_nowhere(place: int, taken: str) -> None:
    valid = VALID["$2b$"]
    for character in "./" + string.ascii_letters + string.digits:
        text = valid[:place] + character + valid[place + 1 :]
        if character in taken:
            check_hash(text)
            assert not SCHEMES["$2b$"].fits(text, "other")
        else:
            with pytest.raises(UnusableHash):
                check_hash(text)
            assert not SCHEMES["$2b$"].fits(text, "secret")


@settings(max_examples=300)
@given(st.sampled_from(sorted(VALID)), st.integers(1, 60), st.characters(codec="utf-8"))
def test_what_is_let_pass_can_be_compared(prefix: str, place: int, character: str) -> None:
    valid = VALID[prefix]
    text = valid[:-place] + character + valid[len(valid) - place + 1 :]
    with contextlib.suppress(UnusableHash):
        check_hash(text)
        scheme = scheme_of(text)
        assert scheme is not None
        assert not scheme.fits(text, "other")


def test_every_kind_is_renewed_and_compared_by_the_hasher() -> None:
    asyncio.run(renewed_and_compared())


async def renewed_and_compared() -> None:
    hasher = Hasher(Cost(memory_kib=64, passes=1), threads=1)
    try:
        for make in MAKERS.values():
            hashed = Secret(make("secret"))
            assert hasher.needs_renewal(hashed)
            assert await hasher.matches(hashed, "secret")
            assert not await hasher.matches(hashed, "other")
            assert not await hasher.matches(hashed, "secret" * 50)
        assert not await hasher.matches(Secret("$unknown$secret"), "secret")
        assert not await hasher.matches(None, "secret")
    finally:
        hasher.close()
