"""The recorded checks in their order, and what each says (iam-sts §6, apigw-errors §3)."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

import pytest
from msgspec import structs

from bargate.sigv4.fault import MISMATCH
from bargate.sigv4.request import SignedRequest
from bargate.sigv4.style import EXECUTE_API, JSON_SERVICES, QUERY_SERVICES
from signing import (
    EXPECTED,
    HOST,
    KEY,
    NOW,
    authorization,
    fault_of,
    presigned,
    refused,
    request,
    signed,
    with_authorization,
    with_header,
)

JSON = structs.replace(EXPECTED, style=JSON_SERVICES)
QUERY = structs.replace(EXPECTED, style=QUERY_SERVICES)


def hashed(value: str) -> str:
    return b64encode(sha256(value.encode()).digest()).decode()


@pytest.mark.parametrize("made", [signed(), presigned()])
def test_a_signed_request_is_verified(made: SignedRequest) -> None:
    assert fault_of(made) is None


def test_without_a_signature_the_token_is_missing() -> None:
    assert refused(request()).code == "MissingAuthenticationToken"
    assert refused(request()).message == "Missing Authentication Token"
    missing = refused(request(), expected=QUERY)
    assert missing.message == "Request is missing Authentication Token"
    bearer = refused(with_authorization(request(), "Bearer abc"), expected=JSON)
    assert bearer.code == "MissingAuthenticationToken"


def test_api_gateway_reads_any_authorization_as_a_signature() -> None:
    found = refused(with_authorization(request(), "Bearer abc"))
    assert found.code == "IncompleteSignature"
    assert found.message == (
        "Invalid key=value pair (missing equal-sign) in Authorization header"
        f" (hashed with SHA-256 and encoded with Base64): '{hashed('Bearer abc')}'."
    )


def test_other_services_say_the_header_back() -> None:
    value = "AWS4-HMAC-SHA256 Credential=a, junk"
    found = refused(with_authorization(request(), value), expected=JSON)
    assert found.message == (
        "'junk' not a valid key=value pair (missing equal-sign) in Authorization header:"
        f" '{value}'."
    )


def test_all_missing_parameters_are_listed_at_once() -> None:
    value = "AWS4-HMAC-SHA256 a=b"
    sentences = (
        "Authorization header requires 'Credential' parameter. Authorization header requires"
        " 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter."
        " Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
    )
    found = refused(with_authorization(request(), value))
    assert found.message == (
        f"{sentences} (Hashed with SHA-256 and encoded with Base64) Authorization={hashed(value)}"
    )
    found = refused(with_authorization(request(), value), expected=JSON)
    assert found.message == f"{sentences} Authorization={value}"


def test_all_missing_query_parameters_are_listed_at_once() -> None:
    made = request(query="X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20180816T040809Z")
    assert refused(made).message == (
        "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters"
        " must include 'X-Amz-Signature'. AWS query-string parameters must include"
        " 'X-Amz-SignedHeaders'. Re-examine the query-string parameters."
    )


def test_a_signature_in_both_places_is_none() -> None:
    made = structs.replace(signed(), query=presigned().query)
    found = refused(made)
    assert found.code == "InvalidSignature"
    assert found.message == (
        "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."
    )
    assert refused(made, expected=QUERY).message == ""


@pytest.mark.parametrize(
    "algorithm", ["AWS4-HMAC-SHA1", "AWS4-HMAC-SHA512", "AWS4-", "AWS4-hmac-sha256"]
)
def test_an_algorithm_that_is_not_known_is_named(algorithm: str) -> None:
    value = authorization(signed()).replace("AWS4-HMAC-SHA256", algorithm)
    found = refused(with_authorization(signed(), value))
    assert found.message == f"Unsupported AWS 'algorithm': '{algorithm}'."


def test_query_escapes_are_checked_first() -> None:
    assert refused(request(query="a=%4")).message == "Incomplete trailing escape % sequence"
    found = refused(request(query="a=%zz&b=c"))
    assert (found.code, found.message) == (
        "MalformedQueryString",
        "Illegal hex character in escape % pattern: %zz",
    )
    assert refused(request(path="/a%zz")).code == "BadRequest"
    assert refused(request(path="/a/../../b")).code == "BadRequest"


def test_host_must_be_signed() -> None:
    value = authorization(signed()).replace("host;", "")
    assert refused(with_authorization(signed(), value)).message == (
        "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
    )


@pytest.mark.parametrize(
    "date", ["2018-08-16T04:08:09Z", "20180816", "20181316T040809Z", "20180816T040860Z", "²"]
)
def test_a_date_has_one_form(date: str) -> None:
    made = with_header(signed(), b"X-Amz-Date", date.encode("latin-1"))
    found = refused(made)
    assert found.code == "IncompleteSignature"
    assert found.message == (
        f"Date must be in ISO-8601 'basic format'. Got '{date}'."
        " See http://en.wikipedia.org/wiki/ISO_8601"
    )


def test_an_old_signature_has_expired() -> None:
    assert fault_of(signed(), NOW + 300) is None
    found = refused(signed(at=1_534_389_646), now=1_534_392_509)
    assert found.code == "InvalidSignature"
    assert found.message == (  # recorded, apigw-errors §3
        "Signature expired: 20180816T032046Z is now earlier than 20180816T040329Z"
        " (20180816T040829Z - 5 min.)"
    )


def test_a_signature_of_the_future_is_not_current() -> None:
    assert fault_of(signed(at=NOW + 300)) is None
    assert refused(signed(at=NOW + 301)).message == (
        "Signature not yet current: 20180816T041310Z is still later than 20180816T041309Z"
        " (20180816T040809Z + 5 min.)"
    )
    control = structs.replace(EXPECTED, skew_s=900)
    assert fault_of(signed(at=NOW + 900), expected=control) is None
    assert "+ 15 min.)" in refused(signed(at=NOW + 901), expected=control).message


def test_a_credential_has_five_elements() -> None:
    value = authorization(signed()).replace("/us-east-1", "")
    found = refused(with_authorization(signed(), value))
    assert found.message == (
        "Credential must have exactly 5 slash-delimited elements, e.g."
        f" keyid/date/region/service/term, got '{KEY}/20180816/execute-api/aws4_request'"
    )


def test_every_wrong_part_of_the_scope_is_said() -> None:
    value = authorization(signed()).replace(
        "20180816/us-east-1/execute-api/aws4_request", "20180817/eu-west-1/s3/aws5_request"
    )
    found = refused(with_authorization(signed(), value))
    assert found.code == "InvalidSignature"
    assert found.message == (
        "Credential should be scoped to a valid region, not 'eu-west-1'."
        " Credential should be scoped to correct service: 'execute-api'."
        " Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'."
        " Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from"
        " HTTP: '20180817' != '20180816', from '20180816T040809Z'."
    )


def test_a_wrong_signature_is_answered_with_what_should_have_been_signed() -> None:
    made = structs.replace(signed(), query="a=b")
    found = refused(made)
    assert (found.code, found.reason) == ("InvalidSignature", "sigv4.signature")
    assert found.message.startswith(
        f"{MISMATCH}\n\nThe Canonical String for this request should have been\n'GET\n/prod/pets\n"
        f"a=b\nhost:{HOST[1].decode()}\nx-amz-date:20180816T040809Z\n\nhost;x-amz-date\n"
    )
    assert "\n\nThe String-to-Sign should have been\n'AWS4-HMAC-SHA256\n" in found.message
    assert found.message.endswith("'\n")


def test_the_names_are_the_services_own() -> None:
    assert EXECUTE_API.names["InvalidSignature"] == "InvalidSignatureException"
    assert QUERY_SERVICES.names["InvalidSignature"] == "SignatureDoesNotMatch"
    assert (QUERY_SERVICES.unknown_key, JSON_SERVICES.unknown_key) == (
        "InvalidClientTokenId",
        "UnrecognizedClientException",
    )
