"""`X_User` is `X-User` to every CGI, WSGI, Rack and PHP backend (RFC 3875 §4.1.18)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from documents import operation, proxy, rest
from served import ServedApi, served
from serving import Backend


@pytest.fixture(scope="module")
def api(
    tmp_path_factory: pytest.TempPathFactory, run_dir: Path, origin: Backend
) -> Iterator[ServedApi]:
    mapped = {
        "integration.request.header.X-User": "context.identity.sourceIp",
        "integration.request.header.X-Nobody": "context.authorizer.claims.sub",
    }
    uri = f"http://127.0.0.1:{origin.port}/who"
    document = rest({"/who": {"get": operation(proxy(uri, requestParameters=mapped))}})
    with served(tmp_path_factory.mktemp("headers"), run_dir, document) as running:
        yield running


@pytest.mark.parametrize(
    "name",
    ["X-User", "X_User", "X-Nobody", "x_nobody", "X_Forwarded_For", "X_Forwarded-Proto",
     "X_Amzn_Apigateway_Api_Id"],
)  # fmt: skip
def test_a_client_cannot_speak_in_the_gateways_place(
    api: ServedApi, origin: Backend, name: str
) -> None:
    assert api.call("GET", "/who", {name: "forged"}).status == 200
    as_cgi = name.upper().replace("-", "_")
    values = [
        value
        for key, value in origin.received[-1].headers
        if key.upper().replace("-", "_") == as_cgi
    ]
    assert "forged" not in values
