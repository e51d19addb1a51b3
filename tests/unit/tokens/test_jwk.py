import json

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from bargate.tokens.jwa import RSA_ALGORITHMS
from bargate.tokens.jwk import MalformedKeySet, UnusableKey, import_key, parse_key_set
from bargate.tokens.roca import has_roca_fingerprint
from unit.tokens.minting import integer, jwk, key_set, private_key


def test_a_key_keeps_what_its_issuer_says_of_it():
    plain, bound = import_key(jwk("a")), import_key(jwk("a", alg="RS256", use="sig"))
    assert plain.algorithms == RSA_ALGORITHMS
    assert bound.algorithms == {"RS256"}
    assert plain.public_key == private_key("a").public_key()


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"kty": "EC"}, "kty 'EC' is not supported"),
        ({"kty": "oct", "k": "c2VjcmV0"}, "kty 'oct'"),
        ({"kty": "rsa"}, "kty 'rsa'"),
        ({"kty": None}, "kty None"),
        ({"kty": ["RSA"]}, "kty ['RSA']"),
        ({"use": "enc"}, "use 'enc'"),
        ({"use": None}, "use None"),
        ({"key_ops": ["encrypt"]}, "key_ops"),
        ({"key_ops": "verify"}, "key_ops"),
        ({"key_ops": []}, "key_ops"),
        ({"alg": "HS256"}, "alg 'HS256'"),
        ({"alg": "none"}, "alg 'none'"),
        ({"alg": "RSA-OAEP"}, "alg 'RSA-OAEP'"),
        ({"alg": None}, "alg None"),
        ({"alg": ["RS256"]}, "alg ['RS256']"),
        ({"kid": ""}, "no kid"),
        ({"kid": 5}, "no kid"),
        ({"kid": "k" * 1025}, "no kid"),
        ({"d": "AQAB"}, "private"),
        ({"p": "AQAB"}, "private"),
        ({"k": "AQAB"}, "private"),
        ({"n": "AQAB"}, "17 bits"),
        ({"n": integer(1 << 8200 | 1)}, "8201 bits"),
        ({"n": integer(1 << 2047)}, "even"),
        ({"n": ""}, "n is not base64url"),
        ({"n": None}, "n is not base64url"),
        ({"n": 65537}, "n is not base64url"),
        ({"n": "é" * 400}, "n is not base64url"),
        ({"e": "AQ"}, "exponent"),
        ({"e": "AA"}, "exponent"),
        ({"e": "Ag"}, "exponent"),
        ({"e": "AQAB="}, "e is not base64url"),
        ({"e": integer(1 << 65 | 1)}, "exponent"),
    ],
)
def test_a_key_that_cannot_verify_is_refused(members, reason):
    with pytest.raises(UnusableKey) as caught:
        import_key(jwk("a") | members)
    assert reason in str(caught.value)
    assert jwk("a")["n"] not in str(caught.value)


@pytest.mark.parametrize("value", [None, 5, "key", [], ["kty"], True])
def test_what_is_no_object_is_no_key(value):
    with pytest.raises(UnusableKey):
        import_key(value)


def test_small_keys_are_refused():
    numbers = rsa.generate_private_key(65537, 1024).public_key().public_numbers()
    with pytest.raises(UnusableKey, match="1024 bits"):
        import_key(jwk("a", n=integer(numbers.n)))


def test_one_bad_key_does_not_void_the_set():
    bad = [None, 5, {}, {"kty": "RSA"}, jwk("b", use="enc"), jwk("c", d="AQAB"), jwk("b", e="AQ")]
    found = parse_key_set(key_set(*bad, jwk("a"), {"kty": "oct", "k": "AAAA", "kid": "a"}))
    assert list(found.keys) == ["a"]
    assert [key.kid for key in found.skipped] == [None, None, None, None, "b", "c", "b", "a"]


def test_two_different_keys_under_one_kid_are_both_left_out():
    found = parse_key_set(key_set(jwk("a", "k"), jwk("b", "k"), jwk("a", "k"), jwk("c")))
    assert list(found.keys) == ["c"]
    assert found.skipped[0].reason == "several different keys have this kid"
    narrowed = parse_key_set(key_set(jwk("a", "k"), jwk("a", "k", alg="RS256")))
    assert not narrowed.keys


def test_the_same_key_twice_is_one_key():
    assert list(parse_key_set(key_set(jwk("a"), jwk("a"))).keys) == ["a"]


def test_an_encryption_key_does_not_make_a_kid_ambiguous():
    assert list(parse_key_set(key_set(jwk("a", "k"), jwk("b", "k", use="enc"))).keys) == ["k"]


def test_keys_over_the_bound_are_left_out():
    found = parse_key_set(key_set(*(jwk("a", f"k{n}") for n in range(200))))
    assert len(found.keys) == 128
    assert found.skipped[-1].reason == "72 keys over 128"


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"keys":{}}',
        b'{"keys":null}',
        b'{"keys":[],"keys":[]}',
        b"\xff",
        b"[" * 100_000,
        b'{"keys":[' + b"[" * 50_000,
    ],
)
def test_what_is_no_key_set_is_refused(document):
    with pytest.raises(MalformedKeySet):
        parse_key_set(document)


def test_an_empty_set_has_no_keys():
    assert not parse_key_set(b'{"keys":[]}').keys


def test_sets_compare_by_what_they_hold():
    one, other = key_set(jwk("a"), jwk("b")), key_set(jwk("b"), jwk("a"))
    assert parse_key_set(one).keys == parse_key_set(other).keys
    assert parse_key_set(one).keys != parse_key_set(key_set(jwk("a"), jwk("b", alg="RS256"))).keys


def test_the_fingerprint_is_that_of_the_faulty_generator():
    primorial = 1
    for prime in range(2, 168):
        if all(prime % divisor for divisor in range(2, prime)):
            primorial *= prime
    faulty = 12_345 * primorial + pow(65537, 1_234, primorial)
    assert has_roca_fingerprint(faulty)
    assert not has_roca_fingerprint(faulty + 2)
    assert not has_roca_fingerprint(private_key("a").public_key().public_numbers().n)
    assert json.loads(key_set(jwk("a")))["keys"]
