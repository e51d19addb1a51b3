"""Which method a call meets, and that no spelling of a path or method meets a weaker one."""

from __future__ import annotations

import base64
import hashlib
import posixpath
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from documents import POOL, operation, proxy, rest
from served import ServedApi, served
from serving import Backend

MISSING = (403, b'{"message":"Missing Authentication Token"}')
NOT_FOUND = (404, b'{"message":"Not Found"}')
DENY_DELETE = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "execute-api:Invoke",
            "Resource": "execute-api:/*",
        },
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "execute-api:Invoke",
            "Resource": [
                "execute-api:/prod/DELETE/*",
                "execute-api:/prod/GET/secret",
                "execute-api:/prod/GET/deep/secret",
            ],
        },
    ],
}
SCHEMES = {
    "pool": {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "x-amazon-apigateway-authtype": "cognito_user_pools",
        "x-amazon-apigateway-authorizer": {"type": "cognito_user_pools", "providerARNs": [POOL]},
    }
}


def parameters(*names: str) -> dict[str, object]:
    listed = [
        {"name": n, "in": "path", "required": True, "schema": {"type": "string"}} for n in names
    ]
    return {"parameters": listed}


@pytest.fixture(scope="module")
def api(
    tmp_path_factory: pytest.TempPathFactory, run_dir: Path, origin: Backend
) -> Iterator[ServedApi]:
    base = f"http://127.0.0.1:{origin.port}"
    anyone = "x-amazon-apigateway-any-method"
    greedy = {"requestParameters": {"integration.request.path.proxy": "method.request.path.proxy"}}
    paths = {
        "/": {"get": operation(proxy(f"{base}/root"))},
        "/pets": {
            "get": operation(proxy(f"{base}/pets")),
            "delete": operation(proxy(f"{base}/pets", "DELETE")),
        },
        "/pets/{petId}": parameters("petId") | {"get": operation(proxy(f"{base}/pet/{{petId}}"))},
        "/pets/mine": {"get": operation(proxy(f"{base}/mine"))},
        "/any": {anyone: operation(proxy(f"{base}/any", "ANY"))},
        # Protected by an authorizer; /secret and /deep/secret, of {proxy+}, by the policy.
        "/admin": {anyone: operation(proxy(f"{base}/admin", "ANY"), security=[{"pool": []}])},
        "/deep/admin": {
            anyone: operation(proxy(f"{base}/deep/admin", "ANY"), security=[{"pool": []}])
        },
        "/{proxy+}": parameters("proxy")
        | {anyone: operation(proxy(f"{base}/{{proxy}}", "ANY", **greedy))},
    }
    folder = tmp_path_factory.mktemp("rest")
    with served(
        folder,
        run_dir,
        rest(
            paths,
            components={"securitySchemes": SCHEMES},
            **{"x-amazon-apigateway-policy": DENY_DELETE},
        ),
    ) as running:
        yield running


@pytest.fixture(scope="module")
def closed(
    tmp_path_factory: pytest.TempPathFactory, run_dir: Path, origin: Backend
) -> Iterator[ServedApi]:
    """An API without a catch-all: what is not written does not exist."""
    base = f"http://127.0.0.1:{origin.port}"
    paths = {
        "/pets": {"get": operation(proxy(f"{base}/pets"))},
        "/pets/{petId}": parameters("petId") | {"get": operation(proxy(f"{base}/pet/{{petId}}"))},
    }
    with served(tmp_path_factory.mktemp("closed"), run_dir, rest(paths)) as running:
        yield running


@pytest.fixture(scope="module")
def http(
    tmp_path_factory: pytest.TempPathFactory, run_dir: Path, origin: Backend
) -> Iterator[ServedApi]:
    base = f"http://127.0.0.1:{origin.port}"
    anyone = "x-amazon-apigateway-any-method"
    paths = {
        "/pets": {"get": operation(proxy(f"{base}/pets"))},
        "/pets/{petId}": parameters("petId") | {"get": operation(proxy(f"{base}/pet/{{petId}}"))},
        "/files/{proxy+}": parameters("proxy")
        | {anyone: operation(proxy(f"{base}/files/{{proxy}}", "ANY"))},
    }
    folder = tmp_path_factory.mktemp("http")
    with served(folder, run_dir, rest(paths), "--http-api") as running:
        yield running


@pytest.mark.parametrize(
    ("method", "path", "backend"),
    [
        ("GET", "", "GET /root"),
        ("GET", "/", "GET /root"),
        ("GET", "/pets", "GET /pets"),
        ("GET", "/pets/", "GET /pets"),
        ("GET", "/pets?a=1&a=2&b", "GET /pets?a=1&a=2&b"),
        ("GET", "/pets/7", "GET /pet/7"),
        ("GET", "/pets/a%20b", "GET /pet/a%20b"),
        ("GET", "/pets/mine", "GET /mine"),
        ("GET", "/pets/%6dine", "GET /mine"),
        ("PATCH", "/any", "PATCH /any"),
        ("PUT", "/any/", "PUT /any"),
        ("GET", "/x/y/z", "GET /x/y/z"),
        ("GET", "/x/y/", "GET /x/y/"),
    ],
)  # fmt: skip
def test_rest_routes(api: ServedApi, origin: Backend, method: str, path: str, backend: str) -> None:
    answer = api.call(method, path)
    assert answer.status == 200
    assert f"{origin.received[-1].method} {origin.received[-1].target}" == backend


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/nothing"),
        ("POST", "/pets"),
        ("OPTIONS", "/pets"),
        ("HEAD", "/pets"),
        ("GET", "/pets/1/2"),
        ("GET", "/pets//1"),
        ("GET", "//pets"),
        ("GET", "/pets%2F1"),
        ("GET", "/PETS"),
        ("GET", "/pets%00"),
        ("GET", "/pets/%2e%2e"),
    ],
)
def test_what_is_not_written_does_not_exist(
    closed: ServedApi, origin: Backend, method: str, path: str
) -> None:
    before = len(origin.received)
    answer = closed.call(method, path)
    if answer.status != 400:  # AWS [R] apigw-evaluation §1 step 2
        body = b"" if method == "HEAD" else MISSING[1]
        assert (answer.status, answer.body) == (403, body)
        assert answer.headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"
        assert answer.headers["content-type"] == "application/json"
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answer.request_id)
        assert answer.headers["x-amz-apigw-id"].endswith("=")
        assert "x-amzn-trace-id" not in answer.headers
    assert len(origin.received) == before


def test_an_unknown_route_with_an_authorization_header(closed: ServedApi) -> None:
    answer = closed.get("/nothing", Authorization="Bearer abc")
    assert answer.status == 403
    assert answer.headers["x-amzn-errortype"] == "IncompleteSignatureException"
    hashed = base64.b64encode(hashlib.sha256(b"Bearer abc").digest()).decode()
    assert answer.json["message"] == (
        "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256"
        f" and encoded with Base64): '{hashed}'."
    )


def test_an_unknown_stage_or_api(api: ServedApi) -> None:
    for target in ("/", "/prod/pets", "/_api", "/_api/", "/_api/nothing/prod/pets",
                   api.base.replace("/prod", "/dev") + "/pets"):  # fmt: skip
        answer = api.gateway.call("GET", target)
        # AWS [D] apigw-evaluation §1 step 0b
        assert (answer.status, answer.body) == (403, b'{"message":"Forbidden"}'), target
        assert answer.headers["x-amzn-errortype"] == "ForbiddenException"


def test_http_api_routes(http: ServedApi, origin: Backend) -> None:
    for method, path, backend in [
        ("GET", "/pets?x=1", "GET /pets?x=1"),
        ("GET", "/pets/7", "GET /pet/7"),
        ("DELETE", "/files/a/b", "DELETE /files/a/b"),
    ]:
        answer = http.call(method, path)
        assert answer.status == 200, path
        assert f"{origin.received[-1].method} {origin.received[-1].target}" == backend
        assert "apigw-requestid" in answer.headers
        assert "x-amzn-requestid" not in answer.headers
    for method, path in [("POST", "/pets"), ("GET", "/"), ("GET", "/nothing"), ("GET", "/files")]:
        answer = http.call(method, path)
        assert (answer.status, answer.body) == NOT_FOUND, path
        assert answer.headers["content-type"] == "application/json"
        assert "x-amzn-errortype" not in answer.headers


def test_an_http_api_has_no_method_override(http: ServedApi, origin: Backend) -> None:
    assert http.call("GET", "/pets", {"X-HTTP-Method-Override": "POST"}).status == 200
    assert origin.received[-1].method == "GET"


def test_a_default_route_and_stage(tmp_path: Path, run_dir: Path, origin: Backend) -> None:
    base = f"http://127.0.0.1:{origin.port}"
    anyone = "x-amazon-apigateway-any-method"
    paths = {
        "/pets": {"get": operation(proxy(f"{base}/pets"))},
        "/$default": {anyone: operation(proxy(f"{base}/fallback", "ANY"), isDefaultRoute=True)},
    }
    stages = ("--stage", "$default", "--stage", "dev")
    document = rest(paths, **{"x-bargate-api-id": "fallback"})
    del document["paths"]["/$default"][anyone]["isDefaultRoute"]
    with served(tmp_path, run_dir, document, "--http-api", *stages) as api:
        for target, backend in [
            ("/_api/fallback/pets", "GET /pets"),
            ("/_api/fallback/dev/pets", "GET /pets"),
            ("/_api/fallback/other/pets", "GET /fallback"),
            ("/_api/fallback", "GET /fallback"),
            ("/_api/fallback/dev", "GET /fallback"),
        ]:
            assert api.gateway.call("GET", target).status == 200, target
            assert f"{origin.received[-1].method} {origin.received[-1].target}" == backend
        assert api.gateway.call("POST", "/_api/fallback/pets").status == 200
        assert origin.received[-1].target == "/fallback"


def test_an_unknown_stage_of_an_http_api(tmp_path: Path, run_dir: Path, origin: Backend) -> None:
    paths = {"/pets": {"get": operation(proxy(f"http://127.0.0.1:{origin.port}/pets"))}}
    document = rest(paths, **{"x-bargate-api-id": "staged"})
    with served(tmp_path, run_dir, document, "--http-api", "--stage", "dev") as api:
        answer = api.gateway.call("GET", "/_api/staged/other/pets")
        assert (answer.status, answer.body) == NOT_FOUND
        assert "apigw-requestid" in answer.headers


@pytest.mark.parametrize(
    "override", ["DELETE", "delete", "Delete", " DELETE", "DELETE ", "GET,DELETE", "X", ""]
)
def test_method_override_meets_the_policy_of_the_method_it_names(
    api: ServedApi, origin: Backend, override: str
) -> None:
    """AWS [D] apigw-evaluation §1: the header overrides the method; the policy must see that."""
    before = len(origin.received)
    answer = api.call("GET", "/pets", {"X-HTTP-Method-Override": override})
    assert answer.status == 403
    if override.strip().upper() == "DELETE":
        assert "DELETE/pets with an explicit deny" in answer.json["Message"]
    assert len(origin.received) == before


def test_method_override_works_where_the_policy_allows(api: ServedApi, origin: Backend) -> None:
    assert api.call("POST", "/any", {"X-HTTP-Method-Override": "patch"}).status == 200
    assert origin.received[-1].method == "PATCH"
    before = len(origin.received)
    assert api.call("DELETE", "/pets", {"X-HTTP-Method-Override": "GET"}).status == 200
    assert origin.received[-1].method == "GET"
    assert len(origin.received) == before + 1


def decoded(path: str) -> str:
    """As a backend that decodes once and resolves dot segments and double slashes (nginx)."""
    return posixpath.normpath(re.sub("/+", "/", unquote(path)))


def windows(path: str) -> str:
    """As a backend that also takes a backslash for a slash (IIS)."""
    return decoded(unquote(path).replace("\\", "/"))


def unescaped(path: str) -> str:
    """As a backend that resolves dot segments before it decodes."""
    return unquote(posixpath.normpath(re.sub("/+", "/", path)))


READINGS: list[Callable[[str], str]] = [decoded, windows, unescaped]
PROTECTED = {"/admin", "/deep/admin", "/secret", "/deep/secret"}
TRICKS = [
    "/admin", "/admin/", "/%61dmin", "/%61%64%6D%69%6E", "/./admin", "/x/../admin", "/x/%2e%2e/admin",
    "/x/.%2e/admin", "/x/%2E./admin", "/x%2f..%2fadmin", "/x%2F%2e%2e%2Fadmin", "/x/..%2fadmin",
    "/x/..%5cadmin", "/x%5c..%5cadmin", "/x/..\\admin", "/.%2fadmin", "/%2e%2fadmin", "/%2e/admin",
    "//admin", "///admin", "/admin//", "/admin%2f", "/admin%2F", "/admin/.", "/admin/%2e",
    "/admin/x/..", "/admin%2f.", "/admin/x%2f..", "/deep%2fadmin", "/deep%2Fadmin", "/deep/%61dmin",
    "/deep%2f%61dmin", "/deep//admin", "/deep/./admin", "/deep/x/../admin", "/%64eep/admin",
    "/admin%00", "/admin%00.png", "/admin?x", "/admin%", "/%zzadmin", "/admin%2", "/x%00/../admin",
]  # fmt: skip
SLASHES = [
    "/%2fadmin", "/%2Fadmin", "/%2f%2fadmin", "/deep/%2fadmin", "/deep%2f%2fadmin",
    "/%2fdeep/admin", "/%5cadmin", "/deep%5cadmin", "/deep\\admin", "/%5Cdeep%5Cadmin",
]  # fmt: skip


def reaches_what_is_protected(api: ServedApi, origin: Backend, trick: str) -> list[str]:
    before = len(origin.received)
    request = f"GET {api.base}{trick} HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n"
    api.raw(request.encode())
    reached = []
    for received in origin.received[before:]:
        path = received.target.partition("?")[0]
        reached += [reading.__name__ for reading in READINGS if reading(path) in PROTECTED]
    return reached


def everywhere(tricks: list[str]) -> list[str]:
    """For the path with an authorizer, and for the one that the policy denies."""
    return tricks + [trick.replace("admin", "secret") for trick in tricks]


@pytest.mark.parametrize("trick", everywhere(TRICKS))
def test_no_spelling_of_a_path_slips_past_its_controls(
    api: ServedApi, origin: Backend, trick: str
) -> None:
    assert not reaches_what_is_protected(api, origin, trick)


@pytest.mark.parametrize("trick", everywhere(SLASHES))
def test_no_slash_in_disguise_slips_past_either(
    api: ServedApi, origin: Backend, trick: str
) -> None:
    assert not reaches_what_is_protected(api, origin, trick)
