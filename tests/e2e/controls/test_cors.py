"""CORS: the gateway's own on HTTP APIs, built from methods and gateway responses on REST APIs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from documents import POOL, operation, proxy, rest
from issuing import AUDIENCE, Issuer
from served import ServedApi, served
from serving import Answer, Backend

SHOP = "https://shop.example"
ALLOW = "access-control-allow-"
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-a"}


def http_document(origin: Backend, keys: Issuer, silent: str, **cors: Any) -> dict[str, Any]:
    base = f"http://127.0.0.1:{origin.port}"
    authorizer = {
        "type": "jwt",
        "identitySource": "$request.header.Authorization",
        "jwtConfiguration": {"issuer": keys.url, "audience": [AUDIENCE]},
    }
    scheme = {"type": "oauth2", "flows": {}, "x-amazon-apigateway-authorizer": authorizer}
    paths = {
        "/pets": {
            "get": operation(proxy(f"{base}/cors-pets")),
            "post": operation(proxy(f"{base}/cors-pets", "POST"), security=[{"jwt": ["w"]}]),
        },
        "/dead": {"get": operation(proxy("http://127.0.0.1:9/"))},
        "/slow": {"get": operation(proxy(f"{silent}/", timeoutInMillis=50))},
    }
    origin.answers["/cors-pets"] = (
        200,
        {
            "Access-Control-Allow-Origin": "*",
            "access-control-allow-credentials": "true",
            "Access-Control-Expose-Headers": "x-internal",
            "X-Kept": "1",
        },
        b"{}",
    )
    fields = {"x-amazon-apigateway-cors": cors}
    return rest(paths, components={"securitySchemes": {"jwt": scheme}}, **fields)


@pytest.fixture(scope="module")
def api(
    tmp_path_factory: pytest.TempPathFactory,
    run_dir: Path,
    origin: Backend,
    pool: Issuer,
    silent: str,
) -> Iterator[ServedApi]:
    document = http_document(
        origin, pool, silent,
        allowOrigins=[SHOP, "https://*.shop.example"], allowMethods=["GET", "POST"],
        allowHeaders=["authorization", "content-type"], exposeHeaders=["x-kept"], maxAge=600,
        allowCredentials=True,
    )  # fmt: skip
    with served(tmp_path_factory.mktemp("cors"), run_dir, document) as running:
        yield running


def cors_of(answer: Answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if "access-control" in name}


ACTUAL = {
    ALLOW + "origin": SHOP,
    ALLOW + "credentials": "true",
    "access-control-expose-headers": "x-kept",
}


@pytest.mark.parametrize("path", ["/pets", "/nothing", "/dead"])
def test_a_preflight_is_answered_by_the_gateway(api: ServedApi, origin: Backend, path: str) -> None:
    before = len(origin.received)
    answer = api.call("OPTIONS", path, {"Origin": SHOP, **PREFLIGHT})
    # AWS [O] apigw-objects §5
    assert (answer.status, answer.body) == (204, b"")
    assert cors_of(answer) == {
        ALLOW + "origin": SHOP,
        ALLOW + "methods": "GET,POST",
        ALLOW + "headers": "authorization,content-type",
        ALLOW + "credentials": "true",
        "access-control-max-age": "600",
    }
    assert answer.headers["vary"] == "Origin"
    assert "content-length" not in answer.headers
    assert answer.headers["apigw-requestid"]
    assert len(origin.received) == before


@pytest.mark.parametrize(
    "other",
    ["https://evil.example", "http://shop.example", "https://shop.example.evil.example", "null",
     "https://evilshop.example", "https://shop.example:444", "https://a.shop.example.evil", "x"],
)  # fmt: skip
def test_other_origins_get_nothing(api: ServedApi, other: str) -> None:
    preflight = api.call("OPTIONS", "/pets", {"Origin": other, **PREFLIGHT})
    assert (preflight.status, preflight.body) == (204, b"")
    actual = api.get("/pets", Origin=other)
    assert actual.status == 200
    for answer in (preflight, actual):
        assert cors_of(answer) == {}
        assert answer.headers["vary"] == "Origin"


def test_subdomains(api: ServedApi) -> None:
    assert cors_of(api.get("/pets", Origin="https://a.b.shop.example"))[ALLOW + "origin"] == (
        "https://a.b.shop.example"
    )


def test_the_backends_cors_headers_are_replaced(api: ServedApi) -> None:
    answer = api.get("/pets", Origin=SHOP)
    assert cors_of(answer) == ACTUAL
    assert answer.headers["x-kept"] == "1"
    assert cors_of(api.get("/pets")) == {}


def test_refusals_carry_cors_headers(api: ServedApi, pool: Issuer) -> None:
    for status, answer in [
        (401, api.call("POST", "/pets", {"Origin": SHOP})),
        (403, api.call("POST", "/pets", {"Origin": SHOP, "Authorization": pool.jwt("r")})),
        (404, api.get("/nothing", Origin=SHOP)),
        (504, api.get("/slow", Origin=SHOP)),
    ]:
        assert answer.status == status
        assert cors_of(answer) == ACTUAL
    assert cors_of(api.get("/dead", Origin=SHOP)) == ACTUAL


def test_options_that_is_no_preflight_meets_its_route(api: ServedApi) -> None:
    assert api.call("OPTIONS", "/pets", {"Origin": SHOP}).status == 404
    assert api.call("OPTIONS", "/pets", PREFLIGHT).status == 404


def test_every_origin(
    tmp_path: Path, run_dir: Path, origin: Backend, pool: Issuer, silent: str
) -> None:
    document = http_document(
        origin, pool, silent, allowOrigins=["*"], allowMethods=["*"], allowHeaders=["*"]
    )
    with served(tmp_path, run_dir, document) as api:
        preflight = api.call("OPTIONS", "/pets", {"Origin": "https://any.example", **PREFLIGHT})
        assert cors_of(preflight) == {
            ALLOW + "origin": "*",
            ALLOW + "methods": "*",
            ALLOW + "headers": "*",
        }
        answer = api.get("/pets", Origin="https://any.example")
        assert cors_of(answer) == {ALLOW + "origin": "*"}
        assert "vary" not in answer.headers


def rest_document(origin: Backend) -> dict[str, Any]:
    base = f"http://127.0.0.1:{origin.port}"
    authorizer = {"type": "cognito_user_pools", "providerARNs": [POOL]}
    scheme = {
        "type": "apiKey", "name": "Authorization", "in": "header",
        "x-amazon-apigateway-authtype": "cognito_user_pools",
        "x-amazon-apigateway-authorizer": authorizer,
    }  # fmt: skip
    names = ("Origin", "Methods", "Headers")
    mock = {
        "type": "mock",
        "requestTemplates": {"application/json": '{"statusCode": 204}'},
        "responses": {
            "default": {
                "statusCode": "204",
                "responseParameters": {
                    "method.response.header.Access-Control-Allow-Origin": f"'{SHOP}'",
                    "method.response.header.Access-Control-Allow-Methods": "'GET,OPTIONS'",
                    "method.response.header.Access-Control-Allow-Headers": "'Authorization'",
                },
            }
        },
    }
    headers = {f"Access-Control-Allow-{name}": {"schema": {"type": "string"}} for name in names}
    options = operation(mock) | {"responses": {"204": {"description": "cors", "headers": headers}}}
    everything = {"gatewayresponse.header.Access-Control-Allow-Origin": f"'{SHOP}'"}
    responses = {
        name: {"responseParameters": everything} for name in ("DEFAULT_4XX", "DEFAULT_5XX")
    }
    paths = {
        "/pets": {
            "get": operation(proxy(f"{base}/cors-pets"), security=[{"pool": []}]),
            "options": options,
        },
        "/dead": {"get": operation(proxy("http://127.0.0.1:9/"))},
    }
    return rest(
        paths,
        components={"securitySchemes": {"pool": scheme}},
        **{"x-amazon-apigateway-gateway-responses": responses},
    )


def test_rest_cors(tmp_path: Path, run_dir: Path, origin: Backend, pool: Issuer) -> None:
    origin.answers["/cors-pets"] = (200, {"Access-Control-Allow-Origin": "https://own"}, b"{}")
    with served(tmp_path, run_dir, rest_document(origin), "--issuer", f"{POOL}={pool.url}") as api:
        preflight = api.call("OPTIONS", "/pets", {"Origin": SHOP, **PREFLIGHT})
        assert (preflight.status, preflight.body) == (204, b"")
        assert cors_of(preflight) == {
            ALLOW + "origin": SHOP,
            ALLOW + "methods": "GET,OPTIONS",
            ALLOW + "headers": "Authorization",
        }
        for status, answer in [
            (401, api.get("/pets", Origin=SHOP)),
            (403, api.get("/nothing", Origin=SHOP)),
            (504, api.get("/dead", Origin=SHOP)),
        ]:
            assert answer.status == status
            assert cors_of(answer) == {ALLOW + "origin": SHOP}
        # A REST API has no engine: the backend's own headers pass.
        allowed = api.get("/pets", Origin=SHOP, Authorization=pool.id_token())
        assert cors_of(allowed) == {ALLOW + "origin": "https://own"}
