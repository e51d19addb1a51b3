"""What an attacker with a captured signed request, or with none, may try."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from bargate.secret import Secret
from bargate.sigv4.authorization import Authorization, read_authorization
from bargate.sigv4.request import SignedRequest, sha256_of
from bargate.sigv4.scope import credential_scope
from signing import (
    EXPECTED,
    HOST,
    KEY,
    NOW,
    SIGNER,
    authorization,
    fault_of,
    presigned,
    refused,
    request,
    signed,
    with_authorization,
    with_header,
)

TOKEN = "AQoDYXdzEPT//////////wEXAMPLE=="


def test_another_body_is_refused() -> None:
    made = signed(request("POST", body=b'{"a":1}'))
    assert fault_of(made) is None
    for body in (b'{"a":2}', b"", b'{"a":1} '):
        assert refused(structs.replace(made, body_sha256=sha256_of(body)))


def test_a_presigned_request_covers_the_body_it_comes_with() -> None:
    assert fault_of(presigned(request("POST", body=b"x"))) is None
    assert refused(structs.replace(presigned(request("POST")), body_sha256=sha256_of(b"x")))


@pytest.mark.parametrize(
    "claim",
    [
        "UNSIGNED-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "0" * 64,
        sha256_of(b"x")().upper(),
        "",
    ],
)
def test_a_claimed_body_hash_must_be_the_hash_of_the_body(claim: str) -> None:
    header = (b"X-Amz-Content-Sha256", claim.encode())
    made = signed(request("POST", headers=[header], body=b"x"))
    assert refused(made).reason == "sigv4.body_hash"
    honest = (b"X-Amz-Content-Sha256", sha256_of(b"x")().encode())
    assert fault_of(signed(request("POST", headers=[honest], body=b"x"))) is None
    twice = signed(request("POST", headers=[honest, header], body=b"x"))
    assert refused(twice).reason == "sigv4.body_hash"


@pytest.mark.parametrize("name", [b"X-Amz-Security-Token", b"x-amz-meta", b"X-AMZ-TARGET"])
@pytest.mark.parametrize("make", [signed, presigned])
def test_an_x_amz_header_that_is_not_signed_is_refused(name: bytes, make) -> None:  # type: ignore[no-untyped-def]
    made = with_header(make(), name, b"v")
    assert refused(made).reason == "sigv4.header_unsigned"


def test_a_header_added_to_a_signed_name_is_refused() -> None:
    made = signed(request(headers=[(b"X-Role", b"reader")]))
    assert fault_of(made) is None
    assert refused(structs.replace(made, headers=[*made.headers, (b"x-role", b"admin")]))
    assert refused(structs.replace(made, headers=[(b"x-role", b""), *made.headers]))


def test_a_signed_header_that_is_taken_away_is_missed_even_when_it_was_empty() -> None:
    made = signed(request(headers=[(b"X-Role", b"")]))
    assert fault_of(made) is None
    assert refused(with_header(made, b"X-Role", None)).reason == "sigv4.signed_header_absent"


def test_white_space_around_and_inside_of_values_does_not_matter() -> None:
    made = signed(request(headers=[(b"X-Role", b"a b")]))
    assert fault_of(with_header(made, b"x-role", b"  a   b ")) is None
    assert refused(with_header(made, b"x-role", b"ab"))


@pytest.mark.parametrize(
    "listed",
    ["", ";", "host;host;x-amz-date", "x-amz-date;host", "Host;x-amz-date", "host;;x-amz-date",
     "host;x-amz-date;", "host;x-amz-date;x-amz-date", "host,x-amz-date", "HOST"],
)  # fmt: skip
def test_signed_headers_have_one_spelling(listed: str) -> None:
    value = authorization(signed()).replace("host;x-amz-date", listed)
    assert refused(with_authorization(signed(), value))
    query = presigned().query.replace("SignedHeaders=host", f"SignedHeaders={listed}")
    if listed != "":
        assert refused(request(query=query))
    assert refused(request(query=query.replace(f"SignedHeaders={listed}", "SignedHeaders=")))


@pytest.mark.parametrize(
    "change",
    [
        str.upper,
        lambda s: s + "00",
        lambda s: s[:-1],
        lambda s: s[1:],
        lambda _: "",
        lambda _: "0" * 100_000,
        lambda s: s[:-1] + "é",
    ],
)
def test_a_signature_has_one_spelling(change) -> None:  # type: ignore[no-untyped-def]
    made = signed()
    head, _, signature = authorization(made).rpartition("=")
    assert refused(with_authorization(made, f"{head}={change(signature)}"))
    head, _, signature = presigned().query.rpartition("=")
    assert refused(request(query=f"{head}={change(signature)}"))


def test_two_authorization_headers_are_none() -> None:
    made = signed()
    again = (b"authorization", authorization(made).encode())
    assert refused(structs.replace(made, headers=[*made.headers, again])).reason == (
        "sigv4.repeated_header"
    )


def test_of_a_repeated_parameter_the_last_counts_in_the_header() -> None:
    made = signed()
    value = authorization(made)
    algorithm, _, rest = value.partition(" ")
    assert fault_of(with_authorization(made, f"{algorithm} Signature=00, {rest}")) is None
    assert refused(with_authorization(made, f"{value}, Signature=00"))


def test_of_a_repeated_parameter_the_first_counts_in_the_query() -> None:
    query = presigned().query
    for name in ("X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders"):
        assert refused(request(query=f"{query}&{name}=x")), name
        assert refused(request(query=f"{name}=x&{query}")), name


@pytest.mark.parametrize("name", ["X-Amz-Signature", "X%2DAmz%2DSignature", "%58-Amz-Signature"])
def test_a_second_signature_parameter_is_refused(name: str) -> None:
    query = presigned().query
    assert refused(request(query=f"{query}&{name}=x")).reason == "sigv4.repeated_signature"
    assert refused(request(query=f"{name}=x&{query}")).reason == "sigv4.repeated_signature"


@pytest.mark.parametrize("expires", ["0", "-1", "604801", "1e3", "", "9" * 400, "٣", "1.5", "+5"])
def test_expiry_is_bounded(expires: str) -> None:
    query = presigned().query.replace("X-Amz-Expires=60", f"X-Amz-Expires={expires}")
    assert refused(request(query=query)).reason == "sigv4.expires"


def test_a_presigned_request_holds_until_it_expires_and_no_longer() -> None:
    week = presigned(expires_s=604_800)
    assert fault_of(week, NOW + 604_800) is None
    assert refused(week, NOW + 604_801).reason == "sigv4.expired"
    assert fault_of(presigned(expires_s=1), NOW + 1) is None
    assert refused(presigned(expires_s=1), NOW + 2).reason == "sigv4.expired"
    assert refused(presigned(at=NOW + 301)).reason == "sigv4.not_yet_current"


def test_without_expiry_a_presigned_request_holds_as_long_as_a_header() -> None:
    query = presigned().query
    assert "X-Amz-Expires=60&" in query
    found = read_authorization(
        request(query=query.replace("X-Amz-Expires=60&", "")), EXPECTED, NOW + 301
    )
    assert not isinstance(found, Authorization)
    assert found.reason == "sigv4.expired"


def test_the_algorithms_are_not_taken_for_each_other() -> None:
    v4, v4a = signed(), signed(asymmetric=True)
    assert fault_of(v4a) is None
    as_v4 = authorization(v4a).replace("AWS4-ECDSA-P256-SHA256", "AWS4-HMAC-SHA256")
    assert refused(with_authorization(v4a, as_v4)).reason == "sigv4.credential"
    as_v4a = authorization(v4).replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")
    assert refused(with_authorization(v4, as_v4a)).reason == "sigv4.credential"
    both = as_v4a.replace("/us-east-1/", "/")
    assert refused(with_authorization(v4, both)).reason == "sigv4.region_set"


@pytest.mark.parametrize(
    ("regions", "is_ours"),
    [("*", True), ("us-east-1", True), ("eu-west-1,us-east-1", True), ("us-*", True),
     ("eu-west-1", False), ("us-east-11", False), ("", False), ("us-east-1*,", True)],
)  # fmt: skip
def test_a_region_set_must_name_the_region(regions: str, is_ours: bool) -> None:
    for made in (
        signed(asymmetric=True, region=regions),
        presigned(asymmetric=True, region=regions),
    ):
        assert (fault_of(made) is None) is is_ours


def test_the_region_set_is_signed() -> None:
    made = signed(asymmetric=True, region="eu-west-1")
    assert refused(with_header(made, b"X-Amz-Region-Set", b"*"))


def test_another_secret_makes_another_signature() -> None:
    for asymmetric in (False, True):
        assert fault_of(signed(asymmetric=asymmetric), secret=Secret("other"))


@pytest.mark.parametrize(
    "path",
    ["/prod/Pets", "/prod/pets/", "/prod/pets%2F", "/prod%2Fpets", "/prod%252Fpets", "/prod/p%65ts",
     "/prod/pets;a", "/prod/pets%2e", "/dev/pets", "/_api/api/prod/pets"],
)  # fmt: skip
def test_another_spelling_of_the_path_is_another_path(path: str) -> None:
    assert refused(structs.replace(signed(), path=path)), path


@pytest.mark.parametrize("path", ["/prod//pets", "/prod/./pets", "/prod/a/../pets", "//prod/pets"])
def test_only_dot_and_empty_segments_are_alike(path: str) -> None:
    """These spell one path to the signature; the gateway routes none of them but the plain one."""
    assert fault_of(structs.replace(signed(), path=path)) is None


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [("a=b&c=d", "c=d&a=b", True), ("a=%41", "a=A", True), ("a=+", "a=%20", True),
     ("a=%2B", "a=+", False), ("a=b", "a=b&", False), ("a", "a=", True), ("a=b=c", "a=b%3Dc", True),
     ("a=1&a=2", "a=2&a=1", True), ("a=1", "A=1", False), ("a=%C3%A9", "a=%E9", False)],
)  # fmt: skip
def test_which_queries_are_alike(one: str, other: str, alike: bool) -> None:
    made = signed(request(query=one))
    assert fault_of(made) is None
    assert (fault_of(structs.replace(made, query=other)) is None) is alike


def test_secrets_do_not_come_back_in_the_echo() -> None:
    headers = [(b"X-Api-Key", b"k-secret"), (b"Cookie", b"c-secret")]
    made = signed(request(query="access_token=q-secret&b=c", headers=headers), session_token=TOKEN)
    found = refused(structs.replace(made, method="PUT"))
    assert "b=c" in found.message
    assert "secret" not in found.message.replace("Secret Access Key", "")
    assert TOKEN not in found.message
    query = presigned(session_token=TOKEN)
    assert "AQoDYXdz" not in refused(structs.replace(query, method="PUT")).message


@given(
    st.builds(
        SignedRequest,
        method=st.sampled_from(["GET", "POST"]),
        path=st.text(st.characters(codec="latin-1"), max_size=40).map(lambda text: f"/{text}"),
        query=st.text(max_size=40).map(lambda text: f"X-Amz-Algorithm=AWS4-HMAC-SHA256&{text}"),
        headers=st.lists(st.tuples(st.binary(max_size=20), st.binary(max_size=40)), max_size=4),
    )
)
def test_junk_is_refused_and_never_an_exception(made: SignedRequest) -> None:
    assert fault_of(made) is not None
    credential_scope(made)


@given(st.text(st.characters(codec="latin-1"), max_size=200))
def test_a_junk_header_is_refused_and_never_an_exception(value: str) -> None:
    for prefix in ("", "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, Signature="):
        made = with_authorization(signed(), prefix + value)
        assert fault_of(made) is not None
        credential_scope(made)


def test_the_claimed_scope_is_found_before_any_check() -> None:
    for made in (signed(), presigned()):
        found = credential_scope(made)
        assert found is not None
        assert (found.access_key_id, found.region, found.service) == (
            KEY,
            "us-east-1",
            "execute-api",
        )
    assert credential_scope(request()) is None
    assert credential_scope(with_authorization(request(), "Bearer Credential")) is None
    assert SIGNER.secret.reveal() not in repr(SIGNER)
    assert HOST[0] == b"Host"


def test_hiding_secrets_takes_bounded_time() -> None:
    made = signed(request(query=f"{'key' * 2500}="))
    before = process_time()
    assert refused(structs.replace(made, method="PUT")).reason == "sigv4.signature"
    assert process_time() - before < 0.05
