"""The quick way of reading a signature gives what the checks one by one give, or nothing."""

from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from bargate.secret import Secret
from bargate.sigv4 import quick
from bargate.sigv4.authorization import Authorization, Expected, read_authorization
from bargate.sigv4.canonical import canonical_headers, canonical_query, normalized_uri
from bargate.sigv4.request import SignedRequest
from bargate.sigv4.sign import presign, sign
from bargate.sigv4.signing_key import Mac, signature_of, signing_key
from bargate.sigv4.style import EXECUTE_API
from signing import SIGNER

NOW = 1_790_000_000.0
SKEW_S = 300
EXPECTED = Expected(service=SIGNER.service, region=SIGNER.region, style=EXECUTE_API, skew_s=SKEW_S)
PATHS = st.sampled_from(
    ["/pets"] * 20 + ["/", "/a/../b", "/a/../../b", "/a%20b", "/a%zz", "//a/./b", "a"]
)
QUERIES = st.sampled_from(
    ["a=1", "b=2&a=1"] * 10 + ["", "a=%20", "a=%z", "X-Amz-Algorithm=x", "a&b", "x+y=z"]
)
LATER = st.sampled_from(
    [0] * 10 + [SKEW_S, SKEW_S + 0.5, SKEW_S + 1, -SKEW_S, -SKEW_S - 0.5, -SKEW_S - 1, 86_400]
)
# What stands in an Authorization header, and what an attacker might put in its place.
PIECES = st.sampled_from(
    [",", " ", "=", "/", ";", "host", "Host", "x-amz-date", "Signature=", "Credential=", "AWS4-",
     "aws4_request", "\u00e9", "a", "0" * 64, ", Signature=" + "0" * 64, "us-east-1", "\t"]
)  # fmt: skip
EXTRA = st.sampled_from(
    [[]] * 10
    + [[(b"X-Amz-Extra", b"1")], [(b"X-Amz-Date", b"20150830T123600Z")], [(b"Date", b"x")],
       [(b"X-Amz-Security-Token", b"t")], [(b"authorization", b"AWS4-")], [(b"Accept", b"*/*")] * 2]
)  # fmt: skip


def one_by_one(request: SignedRequest, now: float) -> object:
    with patch.object(quick, "read", return_value=None):
        return read_authorization(request, EXPECTED, now)


@st.composite
def requests(draw: st.DrawFn) -> SignedRequest:
    query = draw(QUERIES)
    headers = [(b"Host", b"example.com"), *draw(EXTRA)]
    signer = structs.replace(SIGNER, session_token=draw(st.sampled_from([None, "token"])))
    request = SignedRequest("GET", draw(PATHS), query, headers)
    if draw(st.integers(0, 9)) == 0:
        return structs.replace(request, query=presign(request, signer, NOW, 60))
    headers = headers + sign(request, signer, NOW)
    if draw(st.integers(0, 2)) == 0:
        name, value = headers.pop()
        text = value.decode("latin-1")
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 40)))
        text = text[:start] + draw(PIECES) + text[end:]
        headers.append((name, text.encode("latin-1")))
    return SignedRequest("GET", request.path, query, headers + draw(EXTRA))


def test_the_quick_way_gives_what_the_checks_one_by_one_give() -> None:
    seen = {"quick": 0, "refused": 0}

    @settings(max_examples=3_000, deadline=None, database=None)
    @given(requests(), LATER)
    def compare(request: SignedRequest, later: float) -> None:
        now = NOW + later
        found = read_authorization(request, EXPECTED, now)
        assert found == one_by_one(request, now)
        place = (EXPECTED.region, EXPECTED.service)
        seen["quick"] += quick.read(request, place, now, SKEW_S) is not None
        seen["refused"] += not isinstance(found, Authorization)

    compare()
    # A comparison in which hardly anything is read, or refused, would prove little.
    assert min(seen.values()) > 200, seen


def test_a_plainly_signed_request_goes_the_quick_way() -> None:
    request = SignedRequest("GET", "/pets", "a=1", [(b"Host", b"example.com")])
    signed = structs.replace(request, headers=request.headers + sign(request, SIGNER, NOW))
    read = quick.read(signed, (EXPECTED.region, EXPECTED.service), NOW, SKEW_S)
    assert read is not None
    assert read.head.signed_headers == (b"host", b"x-amz-date")


def test_a_long_header_is_never_remembered() -> None:
    before = quick._head_of.cache_info()
    long = b"AWS4-HMAC-SHA256 Credential=" + b"A" * 600 + b"0" * 64
    request = SignedRequest("GET", "/", "", [(b"Authorization", long), (b"X-Amz-Date", b"x")])
    assert quick.read(request, ("r", "s"), NOW, SKEW_S) is None
    assert quick._head_of.cache_info().currsize == before.currsize
    assert before.maxsize is not None


def test_headers_read_before_count_for_these_very_headers_only() -> None:
    headers, other = [(b"Host", b"a")], [(b"Host", b"b")]
    read = {b"host": b"a"}
    request = SignedRequest("GET", "/", "", headers, known=(headers, read))
    assert request.header is read
    assert structs.replace(request, headers=other).header == {b"host": b"b"}
    assert structs.replace(request, headers=list(headers)).header == read


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=300))
def test_a_prepared_mac_signs_as_hmac_does(key: bytes, message: bytes) -> None:
    mac = Mac(key)
    assert mac.hexdigest(message) == mac.hexdigest(message) == signature_of(key, message)


def test_signing_keys_differ_by_all_that_they_are_derived_from() -> None:
    places = [("20260101", "r", "s"), ("20260102", "r", "s"), ("20260101", "q", "s")]
    keys = {signing_key(Secret(text), *place) for text in ("a", "b") for place in places}
    assert len(keys) == 6


WORDS = st.text("aZ0-_.~%20/+ =&", max_size=12)


@given(WORDS.map("/{}".format))
def test_a_plain_path_is_canonical_as_it_stands(path: str) -> None:
    from urllib.parse import quote

    from bargate.sigv4.canonical import remove_dot_segments

    assert normalized_uri(path) == quote(remove_dot_segments(path), safe="/")


@given(WORDS)
def test_a_plain_parameter_is_canonical_as_it_stands(query: str) -> None:
    assert canonical_query(query) == canonical_query(query, without=("no such parameter",))


@given(st.lists(st.text("ab \t\n", max_size=6).map(lambda t: t.strip().encode()), max_size=4))
def test_white_space_in_signed_headers_is_folded(values: list[bytes]) -> None:
    header = {b"h%d" % at: value for at, value in enumerate(values)}
    lines = b"".join(b"%b:%b\n" % (n, b" ".join(v.split())) for n, v in header.items())
    assert canonical_headers(header, header) == lines
    assert canonical_headers(header, [*header, b"absent"]) is None
