from base64 import b64encode
from hashlib import sha256

import pytest

from bargate.gateway.denials import NO_ROUTE_REST
from bargate.gateway.unrouted import no_route_rest

SIGNED = (
    b"AWS4-HMAC-SHA256 Credential=A/20260101/eu-west-1/execute-api/aws4_request,"
    b" SignedHeaders=host, Signature=00"
)


def _hashed(value: bytes) -> str:
    return b64encode(sha256(value).digest()).decode()


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"x",
        b"Bearer abc",
        b"Basic dXNlcg",
        b"AWS4-HMAC-SHA256",
        SIGNED + b",",
        b"Bearer a=b,c",
    ],
)
def test_says_that_it_is_no_key_and_value(value: bytes) -> None:
    denial = no_route_rest({b"authorization": value})
    assert denial.response_type == "INVALID_SIGNATURE"
    assert denial.error_type == "IncompleteSignatureException"
    assert denial.reason == "route.unknown"
    assert denial.message == (
        "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256"
        f" and encoded with Base64): '{_hashed(value)}'."
    )


def test_says_which_parameters_are_missing() -> None:
    value = b"Basic dXNlcjpwYXNzdw=="
    assert no_route_rest({b"authorization": value}).message == (
        "Authorization header requires 'Credential' parameter. Authorization header requires"
        " 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter."
        " Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        f" (Hashed with SHA-256 and encoded with Base64) Authorization={_hashed(value)}"
    )


def test_never_says_the_value_itself() -> None:
    for value in (b"Bearer secret", b"Basic secret==", SIGNED):
        assert "secret" not in (no_route_rest({b"authorization": value}).message or "")


@pytest.mark.parametrize("header", [{}, {b"authorization": SIGNED, b"x-amz-date": b"20260101"}])
def test_a_signed_request_or_a_bare_one_lacks_a_token(header: dict[bytes, bytes]) -> None:
    assert no_route_rest(header) is NO_ROUTE_REST
