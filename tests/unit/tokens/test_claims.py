import math

import pytest

from bargate.tokens import claims as jwt_claims
from bargate.tokens.fault import Fault, InvalidToken, shown
from unit.tokens.minting import NOW


def fault_of(**claims):
    with pytest.raises(InvalidToken) as caught:
        jwt_claims.check_times(claims, NOW)
    return caught.value.fault


def test_dates_are_held_against_now():
    assert jwt_claims.check_times({"exp": NOW + 1, "nbf": NOW, "iat": NOW}, NOW) == NOW + 1
    assert fault_of(exp=NOW) is Fault.EXPIRED
    assert fault_of(exp=NOW - 1) is Fault.EXPIRED
    assert fault_of(exp=NOW + 9, nbf=NOW + 1) is Fault.NOT_YET_VALID
    assert fault_of(exp=NOW + 9, iat=NOW + 1) is Fault.ISSUED_LATER
    assert fault_of(exp=0) is Fault.EXPIRED
    assert fault_of(exp=-1) is Fault.EXPIRED


@pytest.mark.parametrize(
    "value",
    [True, False, None, "", "1900000000", [], {}, [NOW + 9], math.nan, math.inf, 10**400],
)
def test_what_is_no_date_is_refused(value):
    assert fault_of(exp=value) is Fault.DATE
    assert fault_of(exp=NOW + 9, nbf=value) is Fault.DATE
    assert fault_of(exp=NOW + 9, iat=value) is Fault.DATE


def test_a_token_without_end_is_refused():
    assert fault_of() is Fault.DATE


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b'"x"',
        b'{"a":1,"a":1}',
        b'{"x":{"a":1,"a":2}}',
        b'{"exp":NaN}',
        b'{"exp":Infinity}',
        b'{"exp":-Infinity}',
        b'{"exp":1e400}',
        b'{"exp":-1e400}',
        b'{"a":"\\udfff"}',
        b'{"\\ud800":1}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":' * 17 + b"1" + b"}" * 17,
        b'{"a":' + b"[" * 5_000,
        b"{" * 5_000,
        b'{"a":1}\x00',
    ],
)
def test_only_strict_payloads_are_read(payload):
    with pytest.raises(InvalidToken) as caught:
        jwt_claims.parse(payload)
    assert caught.value.fault is Fault.PAYLOAD


def test_payloads_that_are_fine_are_read():
    assert jwt_claims.parse(b'{"a":"\\ud83d\\ude00","b":[{}],"c":1.5}') == {
        "a": "😀",
        "b": [{}],
        "c": 1.5,
    }
    wide = b'{"a":[' + b",".join([b"{}"] * 100) + b"]}"
    assert len(jwt_claims.parse(wide)["a"]) == 100
    deepest = b'{"a":' * 16 + b"1" + b"}" * 16
    assert jwt_claims.parse(deepest)


def test_audiences():
    assert jwt_claims.audiences({}) is None
    assert jwt_claims.audiences({"aud": "a"}) == ("a",)
    assert jwt_claims.audiences({"aud": ["a", "b"]}) == ("a", "b")
    for value in (None, 5, True, {}, {"a": 1}, [], ["a", 5], [["a"]]):
        assert jwt_claims.audiences({"aud": value}) == ()


def test_scopes():
    def read(value):
        return jwt_claims.scopes({"scope": value}, ("scope", "scp"))

    assert read("a b  c ") == ("a", "b", "c")
    assert read(["a", "b c", 5, None, "", "a"]) == ("a", "b c")
    assert read("a\tb\nc") == ("a\tb\nc",)
    assert read("a\u00a0admin\u2003root\u3000x") == ("a\u00a0admin\u2003root\u3000x",)
    for value in (None, 5, True, {"admin": 1}, ""):
        assert read(value) == ()
    both = {"scope": "a b", "scp": ["b", "c"]}
    assert jwt_claims.scopes(both, ("scope", "scp")) == ("a", "b", "c")


def test_what_is_shown_is_cut_and_escaped():
    assert shown("a\nb\u202e") == "'a\\nb\\u202e'"
    assert len(shown("x" * 10_000)) == 65
