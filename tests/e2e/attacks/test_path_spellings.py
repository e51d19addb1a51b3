"""No spelling of a path reaches through `{proxy+}` what another method protects (decision 3)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from documents import operation, proxy, rest
from served import ServedApi, served
from serving import Backend

# What a backend that decodes once, takes `\\` for `/` and merges slashes (nginx, IIS) would serve.
SPELLINGS = {
    "encoded slash": "/admin%2Fusers",
    "encoded slash at the end": "/admin%2F",
    "encoded slash in front": "/%2Fadmin",
    "encoded slashes in front": "/%2F%2Fadmin/users",
    "encoded slash doubled": "/admin/%2Fusers",
    "encoded letter": "/%61dmin",
    "backslash": "/admin\\users",
    "encoded backslash": "/admin%5Cusers",
    "encoded backslash in front": "/%5Cadmin",
    "path parameter": "/admin;x",
    "path parameter inside": "/admin;a=b/users",
    "encoded path parameter": "/admin%3Bx",
    "path parameter that hides a slash": "/admin;x%2Fy",
    "path parameter in front": "/;x/admin",
    "encoded dots": "/x/%2e%2e/admin",
    "dots behind a backslash": "/x%5C..%5Cadmin",
}


def _document(origin: Backend, policy: dict[str, Any] | None) -> dict[str, Any]:
    base = f"http://127.0.0.1:{origin.port}"
    closed = operation(proxy(f"{base}/closed"), **{"x-amazon-apigateway-auth": {"type": "AWS_IAM"}})
    parameter = {"name": "proxy", "in": "path", "required": True, "schema": {"type": "string"}}
    opened = operation(proxy(f"{base}/{{proxy}}"), parameters=[parameter])
    paths = {"/admin": closed, "/admin/users": closed, "/{proxy+}": opened}
    fields = {} if policy is None else {"x-amazon-apigateway-policy": policy}
    return rest({path: {"get": each} for path, each in paths.items()}, **fields)


def _policy() -> dict[str, Any]:
    statement = {"Principal": "*", "Action": "execute-api:Invoke"}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Resource": "execute-api:/*"} | statement,
            {"Effect": "Deny", "Resource": "execute-api:/prod/GET/admin*"} | statement,
        ],
    }


@pytest.fixture(scope="module", params=["route alone", "with a policy"])
def api(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    run_dir: Path,
    origin: Backend,
) -> Iterator[ServedApi]:
    folder = tmp_path_factory.mktemp("spellings")
    policy = _policy() if request.param == "with a policy" else None
    with served(folder, run_dir, _document(origin, policy)) as running:
        yield running


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_spelling_does_not_reach_the_backend(api: ServedApi, origin: Backend, name: str) -> None:
    before = len(origin.received)
    request = f"GET {api.base}{SPELLINGS[name]} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    status = int(api.raw(request.encode()).split(b" ", 2)[1])
    assert [each.target for each in origin.received[before:]] == []
    assert status in {400, 403, 500}


def test_other_paths_still_pass(api: ServedApi, origin: Backend) -> None:
    answer = api.get("/a%20b/c%2Fd")
    assert (answer.status, json.loads(answer.body)) == (200, {"ok": True})
    assert origin.received[-1].target == "/a%20b/c%2Fd"
