"""botocore's own signer as oracle: what it signs is verified, and what we sign is the same."""

from __future__ import annotations

from datetime import UTC, datetime
from unittest.mock import patch
from urllib.parse import quote

from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from bargate.sigv4.request import SignedRequest, sha256_of
from bargate.sigv4.sign import presign, sign
from signing import HOST, KEY, NOW, SECRET, SIGNER, fault_of

TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=12)
PATHS = st.lists(TEXT.map(lambda text: quote(text, safe="!$&'()*+,;=:@~")), max_size=4).map(
    lambda segments: "/" + "/".join(segments)
)
PAIRS = st.lists(st.tuples(TEXT, TEXT), max_size=4)
HEADERS = st.dictionaries(
    st.from_regex(r"x-[a-z][a-z0-9-]{0,8}", fullmatch=True).filter(
        lambda name: not name.startswith(("x-amz-", "x-amzn-"))
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
    max_size=3,
)
AT = datetime.fromtimestamp(NOW, UTC)


def is_routable(path: str) -> bool:
    return not any(segment in {".", ".."} for segment in path.split("/"))


def sign_with_botocore(auth, request: SignedRequest, body: bytes) -> SignedRequest:  # type: ignore[no-untyped-def]
    url = f"http://{HOST[1].decode()}{request.path}"
    if request.query:
        url += f"?{request.query}"
    headers = {name.decode(): value.decode() for name, value in request.headers if name != b"Host"}
    made = AWSRequest(request.method, url, headers=headers, data=body)
    with patch("botocore.auth.get_current_datetime", return_value=AT):
        auth.add_auth(made)
    _, _, query = made.url.partition("?")
    pairs = [(name.encode(), str(value).encode()) for name, value in made.headers.items()]
    return SignedRequest(request.method, request.path, query, [HOST, *pairs], sha256_of(body))


REQUESTS = st.builds(
    lambda method, path, pairs, headers, body: (
        SignedRequest(
            method,
            path,
            "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in pairs),
            [HOST, *((k.encode(), v.encode()) for k, v in headers.items())],
            sha256_of(body),
        ),
        body,
    ),
    st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    PATHS.filter(is_routable),
    PAIRS,
    HEADERS,
    st.binary(max_size=30),
)
TOKENS = st.none() | st.just("AQoDYXdzEPT//////////wEXAMPLE==")


@given(REQUESTS, TOKENS)
def test_headers_of_botocore_are_verified_and_equal_ours(
    made: tuple[SignedRequest, bytes], token: str | None
) -> None:
    request, body = made
    credentials = Credentials(KEY, SECRET.reveal(), token)
    theirs = sign_with_botocore(SigV4Auth(credentials, "execute-api", "us-east-1"), request, body)
    assert fault_of(theirs) is None
    ours = dict(sign(request, structs.replace(SIGNER, session_token=token), NOW))
    assert ours[b"Authorization"] == dict(theirs.headers)[b"Authorization"]


def has_single_names(made: tuple[SignedRequest, bytes]) -> bool:
    names = [pair.partition("=")[0] for pair in made[0].query.split("&")]
    return len(names) == len(set(names)) and "" not in names[1:]


# botocore reads the query into a dict, and moves a body into the query.
@given(REQUESTS.filter(has_single_names), TOKENS)
def test_presigned_queries_of_botocore_are_verified_and_equal_ours(
    made: tuple[SignedRequest, bytes], token: str | None
) -> None:
    request = structs.replace(made[0], body_sha256=sha256_of(b""))
    credentials = Credentials(KEY, SECRET.reveal(), token)
    auth = SigV4QueryAuth(credentials, "execute-api", "us-east-1", expires=60)
    theirs = sign_with_botocore(auth, request, b"")
    assert fault_of(theirs) is None
    ours = presign(request, structs.replace(SIGNER, session_token=token), NOW, 60)
    assert ours.rpartition("=")[2] == theirs.query.rpartition("=")[2]
