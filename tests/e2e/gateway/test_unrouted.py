"""A path that a REST API does not have, asked for with an Authorization header."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from documents import operation, rest
from served import ServedApi, served

MOCK = {
    "type": "mock",
    "requestTemplates": {"application/json": '{"statusCode": 200}'},
    "responses": {"default": {"statusCode": "200"}},
}
SIGNED = (
    "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/execute-api/aws4_request,"
    " SignedHeaders=host, Signature=00"
)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, run_dir: Path) -> Iterator[ServedApi]:
    document = rest({"/mock": {"get": operation(MOCK)}})
    with served(tmp_path_factory.mktemp("unrouted"), run_dir, document) as running:
        yield running


@pytest.mark.parametrize(("method", "path"), [("GET", "/none"), ("POST", "/mock"), ("GET", "/%2F")])
def test_a_bearer_token_is_taken_for_a_signature(api: ServedApi, method: str, path: str) -> None:
    value = "Bearer abc"
    hashed = b64encode(sha256(value.encode()).digest()).decode()
    answer = api.call(method, path, {"Authorization": value})
    assert answer.status == 403
    assert answer.headers["x-amzn-errortype"] == "IncompleteSignatureException"
    assert answer.json == {
        "message": "Invalid key=value pair (missing equal-sign) in Authorization header (hashed"
        f" with SHA-256 and encoded with Base64): '{hashed}'."
    }
    assert api.log_line(answer)["reason"] == "route.unknown"


@pytest.mark.parametrize("headers", [{}, {"Authorization": SIGNED, "X-Amz-Date": "20260101"}])
def test_other_requests_miss_a_token(api: ServedApi, headers: dict[str, str]) -> None:
    answer = api.call("GET", "/none", headers)
    assert answer.status == 403
    assert answer.headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"
    assert answer.json == {"message": "Missing Authentication Token"}


def test_a_route_that_exists_does_not_mind(api: ServedApi) -> None:
    assert api.get("/mock", Authorization="Bearer abc").status == 200
