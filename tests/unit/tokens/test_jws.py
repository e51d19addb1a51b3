import base64
import hashlib
import hmac
import json

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws as joserfc_jws
from joserfc.jwk import RSAKey

from bargate.tokens import jws
from bargate.tokens.fault import Fault, InvalidToken
from bargate.tokens.jwk import import_key
from unit.tokens.minting import b64, encode, jwk, mint, mint_raw, private_key, sign

CLAIMS = {"sub": "u"}


def refused(token, key="a", **members):
    with pytest.raises(InvalidToken) as caught:
        jws.verify(jws.parse(token), import_key(jwk(key, **members)))
    assert token.decode("latin-1") not in caught.value.detail or not token
    return caught.value.fault


def test_a_signed_token_verifies():
    token = jws.parse(mint("a", CLAIMS))
    jws.verify(token, import_key(jwk("a")))
    assert (token.algorithm, token.kid, json.loads(token.payload)) == ("RS256", "a", CLAIMS)


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"])
def test_tokens_of_joserfc_verify(algorithm):
    key = RSAKey.import_key(private_key("a"))
    token = joserfc_jws.serialize_compact(
        {"alg": algorithm, "kid": "a"}, b"{}", key, algorithms=[algorithm]
    ).encode()
    jws.verify(jws.parse(token), import_key(jwk("a")))
    jws.verify(jws.parse(token), import_key(jwk("a", alg=algorithm)))
    other = "PS256" if algorithm != "PS256" else "RS256"
    assert refused(token, alg=other) is Fault.ALGORITHM


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "nOnE", "", "HS256", "ES256", "EdDSA", "rs256", 1, None, [], {}]
)
def test_other_algorithms_are_refused(algorithm):
    header = json.dumps({"alg": algorithm, "kid": "a"}).encode()
    assert refused(mint_raw("a", header, CLAIMS)) is Fault.ALGORITHM
    unsigned = encode(header) + b"." + encode(CLAIMS) + b"."
    assert refused(unsigned) is Fault.ALGORITHM


@pytest.mark.parametrize("secret_format", ["pem", "der", "jwk"])
def test_hs256_with_the_public_key_as_secret_is_refused(secret_format):
    public = private_key("a").public_key()
    secrets = {
        "pem": public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
        "der": public.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
        "jwk": jwk("a")["n"].encode(),
    }
    signing_input = encode({"alg": "HS256", "kid": "a"}) + b"." + encode(CLAIMS)
    mac = hmac.digest(secrets[secret_format], signing_input, hashlib.sha256)
    assert refused(signing_input + b"." + b64(mac)) is Fault.ALGORITHM


def test_a_missing_or_foreign_signature_is_refused():
    head, body, _ = mint("a", CLAIMS).split(b".")
    assert refused(head + b"." + body + b".") is Fault.SIGNATURE
    assert refused(head + b"." + body + b"." + b64(b"\0" * 256)) is Fault.SIGNATURE
    assert refused(mint("b", CLAIMS, kid="a")) is Fault.SIGNATURE
    assert refused(mint("a", CLAIMS), key="b") is Fault.SIGNATURE


def test_a_signature_has_one_form():
    head, body, signature = mint("a", CLAIMS).split(b".")
    modulus = private_key("a").public_key().public_numbers().n
    number = int.from_bytes(base64.urlsafe_b64decode(signature + b"=="))
    longer = (number + modulus).to_bytes(257)
    forms = [longer, longer[-256:], b"\0" + number.to_bytes(256), number.to_bytes(256) + b"\0"]
    forms += [(modulus - number).to_bytes(256), number.to_bytes(256)[:-1]]
    for form in forms:
        assert refused(head + b"." + body + b"." + b64(form)) is Fault.SIGNATURE
    # n + s still fits 256 bytes for some signatures: look for one, and see it refused.
    for attempt in range(400):
        token = mint("a", {"try": attempt})
        head, body, signature = token.split(b".")
        number = int.from_bytes(base64.urlsafe_b64decode(signature + b"==")) + modulus
        if number.bit_length() <= 2048:
            assert refused(head + b"." + body + b"." + b64(number.to_bytes(256))) is Fault.SIGNATURE
            return
    pytest.skip("this modulus is so large that no such signature was found")


def test_the_hash_and_the_salt_are_those_of_the_algorithm():
    signing_input = encode({"alg": "RS256", "kid": "a"}) + b"." + encode(CLAIMS)
    wrong_hash = signing_input + b"." + b64(sign("a", signing_input, hashes.SHA512()))
    assert refused(wrong_hash) is Fault.SIGNATURE
    signing_input = encode({"alg": "PS256", "kid": "a"}) + b"." + encode(CLAIMS)
    salted = private_key("a").sign(
        signing_input, padding.PSS(padding.MGF1(hashes.SHA256()), 20), hashes.SHA256()
    )
    assert refused(signing_input + b"." + b64(salted)) is Fault.SIGNATURE


@pytest.mark.parametrize(
    ("token", "fault"),
    [
        (b"", Fault.SEGMENTS),
        (b"abc", Fault.SEGMENTS),
        (b"a.b", Fault.SEGMENTS),
        (b"a.b.c.d", Fault.SEGMENTS),
        (b"." * 9_000, Fault.SEGMENTS),
        (b"..", Fault.HEADER),
        (b"a.b.c", Fault.ENCODING),
        (b"A" * 16_385, Fault.TOO_LARGE),
        (b'{"payload":"","signatures":[]}', Fault.SEGMENTS),
    ],
)
def test_what_is_no_compact_jws_is_refused(token, fault):
    assert refused(token) is fault


@pytest.mark.parametrize("segment", [0, 1, 2])
def test_only_canonical_base64url_is_read(segment):
    whole = mint("a", {"sub": "user", "pad": "x"})
    parts = whole.split(b".")
    good = parts[segment]
    swapped = bytes([good[-1] ^ 1]) if good[-1:].isalpha() else b"A"
    bad = [good + b"=", good + b"==", b" " + good, good + b"\n", good[:4] + b" " + good[4:]]
    bad += [
        good[:4] + b"+" + good[5:],
        good[:4] + b"/" + good[5:],
        good + b"A",
        good[:4] + b"\xc3\xa9" + good[4:],
    ]
    bad += [good[:-1] + swapped, good.replace(b"e", b"%65", 1) + b"%"]
    for text in bad:
        forged = b".".join([*parts[:segment], text, *parts[segment + 1 :]])
        assert refused(forged) in {Fault.ENCODING, Fault.SIGNATURE, Fault.HEADER}, text


def test_stray_trailing_bits_are_refused():
    # "e30" is {}; "e31" decodes to the same two bytes in a lenient decoder.
    head, _, signature = mint("a", b"{}").split(b".")
    assert refused(head + b".e31." + signature) is Fault.ENCODING


@pytest.mark.parametrize(
    "header",
    [
        b'{"alg":"none","alg":"RS256","kid":"a"}',
        b'{"alg":"RS256","kid":"b","kid":"a"}',
        b'{"alg":"RS256","al\\u0067":"RS256","kid":"a"}',
        b'["RS256"]',
        b'"RS256"',
        b"null",
        b'{"alg":"RS256","kid":"a"',
        b'{"alg":"RS256","kid":"a"}x',
        b'\xef\xbb\xbf{"alg":"RS256","kid":"a"}',
        b'{"alg":"RS256","kid":7}',
        b'{"alg":"RS256","kid":["a"]}',
        b'{"alg":"RS256","kid":"a","x":NaN}',
        b'{"alg":"RS256","kid":"a","x":1e999}',
        b'{"alg":"RS256","kid":"\\ud800"}',
        b'{"alg":"RS256","kid":"\xff"}',
        b'{"alg":"RS256","kid":"a","x":' + b"[" * 20 + b"]" * 20 + b"}",
        b'{"alg":"RS256","kid":"a","x":' + b"[" * 4_000 + b"]" * 4_000 + b"}",
        b"[" * 9_000,
        b'{"alg":"RS256","kid":"a","x":' + b"9" * 5_000 + b"}",
        '{"alg":"RS256","kid":"a"}'.encode("utf-16"),
    ],
)
def test_only_strict_headers_are_read(header):
    assert refused(mint_raw("a", header, CLAIMS)) is Fault.HEADER


@pytest.mark.parametrize(
    "extra",
    [
        {"crit": ["exp"]},
        {"crit": []},
        {"crit": None},
        {"b64": False},
        {"b64": True},
        {"crit": ["b64"], "b64": False},
    ],
)
def test_critical_headers_are_refused(extra):
    header = json.dumps({"alg": "RS256", "kid": "a"} | extra).encode()
    assert refused(mint_raw("a", header, CLAIMS)) is Fault.CRITICAL


@pytest.mark.parametrize(
    "embedded",
    [
        {"jwk": jwk("attacker")},
        {"jku": "https://attacker.example/keys"},
        {"x5u": "https://attacker.example/cert"},
        {"x5c": ["MIIB"]},
    ],
)
def test_keys_brought_by_the_token_are_ignored(embedded):
    assert refused(mint("attacker", CLAIMS, kid="a", **embedded)) is Fault.SIGNATURE
    jws.verify(jws.parse(mint("a", CLAIMS, **embedded)), import_key(jwk("a")))


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(token):
    with pytest.raises(InvalidToken):
        jws.verify(jws.parse(token), import_key(jwk("a")))


@given(st.data())
def test_no_change_of_a_byte_is_accepted(data):
    token = bytearray(mint("a", CLAIMS))
    at = data.draw(st.integers(0, len(token) - 1))
    value = data.draw(st.integers(0, 255).filter(lambda byte: byte != token[at]))
    token[at] = value
    with pytest.raises(InvalidToken):
        jws.verify(jws.parse(bytes(token)), import_key(jwk("a")))
