"""JWT authorizers of HTTP APIs, with a real issuer behind them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from documents import operation, proxy, rest
from issuing import AUDIENCE, DISCOVERY, KEYS, Issuer, issuer
from served import ServedApi, served
from serving import Answer, Backend

INVALID = 'Bearer scope="" error="invalid_token" error_description="{}"'
NOW = int(time.time())


def scheme(keys: Issuer, source: str, *audience: str) -> dict[str, Any]:
    return {
        "type": "oauth2",
        "flows": {},
        "x-amazon-apigateway-authorizer": {
            "type": "jwt",
            "identitySource": source,
            "jwtConfiguration": {"issuer": keys.url, "audience": list(audience or (AUDIENCE,))},
        },
    }


def document(origin: Backend, keys: Issuer) -> dict[str, Any]:
    base = f"http://127.0.0.1:{origin.port}"
    claims = {
        "overwrite:header.x-sub": "$context.authorizer.claims.sub",
        "overwrite:header.x-groups": "$context.authorizer.claims.groups",
    }
    routes = {
        "/pets": ("header", []),
        "/scoped": ("header", ["A/r", "A/w"]),
        "/token-header": ("token", []),
        "/query": ("query", []),
        "/two": ("two", []),
    }
    paths = {
        path: {
            "get": operation(
                proxy(f"{base}{path}", requestParameters=claims), security=[{name: scopes}]
            )
        }
        for path, (name, scopes) in routes.items()
    }
    schemes = {
        "header": scheme(keys, "$request.header.Authorization"),
        "token": scheme(keys, "$request.header.x-token"),
        "query": scheme(keys, "$request.querystring.token"),
        "two": scheme(keys, "$request.header.Authorization", AUDIENCE, "second"),
    }
    return rest(paths, components={"securitySchemes": schemes})


@pytest.fixture(scope="module")
def api(
    tmp_path_factory: pytest.TempPathFactory, run_dir: Path, origin: Backend, pool: Issuer
) -> Iterator[ServedApi]:
    with served(tmp_path_factory.mktemp("jwt"), run_dir, document(origin, pool)) as running:
        yield running


def is_unauthorized(answer: Answer, www_authenticate: str) -> bool:
    # AWS [R]/[O] apigw-errors §4, apigw-evaluation §7.1
    assert (answer.status, answer.body) == (401, b'{"message":"Unauthorized"}')
    assert answer.headers["www-authenticate"] == www_authenticate
    assert answer.headers["content-type"] == "application/json"
    assert "x-amzn-errortype" not in answer.headers
    assert answer.headers["apigw-requestid"].endswith("=")
    return True


@pytest.mark.parametrize("form", ["{}", "Bearer {}", "BEARER {}"])
def test_a_token_passes_and_its_claims_reach_the_backend(
    api: ServedApi, origin: Backend, pool: Issuer, form: str
) -> None:
    token = form.format(pool.jwt(groups=["a", "b"]))
    assert api.get("/pets", Authorization=token, x_sub="forged").status == 200
    assert origin.received[-1].header("x-sub") == "ada"
    assert origin.received[-1].header("x-groups") == "[a b]"


def test_a_missing_claim_cannot_be_forged_by_a_header(
    api: ServedApi, origin: Backend, pool: Issuer
) -> None:
    assert api.get("/pets", Authorization=pool.jwt(), X_Groups="admins").status == 200
    assert origin.received[-1].header("x-groups") is None


SEGMENTS = "token contains an invalid number of segments"
AUDIENCE_TEXT = "the token does not have a valid audience"
UNKNOWN = "unable to find a signing key for the token"
REFUSED: dict[str, tuple[Callable[[Issuer], str], str]] = {
    "no segments": (lambda _: "abc", SEGMENTS),
    "two segments": (lambda _: "a.b", SEGMENTS),
    "four segments": (lambda keys: keys.jwt() + ".x", SEGMENTS),
    "wrong audience": (lambda keys: keys.jwt(aud="other"), AUDIENCE_TEXT),
    "no audience": (lambda keys: keys.jwt(aud=...), AUDIENCE_TEXT),
    "aud decides over client_id": (
        lambda keys: keys.jwt(aud="other", client_id=AUDIENCE),
        AUDIENCE_TEXT,
    ),
    "empty aud over client_id": (lambda keys: keys.jwt(aud=[], client_id=AUDIENCE), AUDIENCE_TEXT),
    "expired": (lambda keys: keys.jwt(exp=NOW - 1), "the token has expired"),
    "not yet": (lambda keys: keys.jwt(nbf=NOW + 86_400), "token is not valid yet"),
    "issued later": (lambda keys: keys.jwt(iat=NOW + 86_400), "Token used before issued"),
    "wrong issuer": (
        lambda keys: keys.jwt(iss="https://x.example"),
        "the token does not have a valid issuer",
    ),
    "unknown key": (lambda keys: keys.jwt(key="nobody"), UNKNOWN),
    "no kid": (lambda keys: keys.sign({"iss": keys.url}, kid=None), UNKNOWN),
    "bad signature": (
        lambda keys: keys.sign({"iss": keys.url}, "nobody", kid=keys.signs_with),
        "signature is invalid",
    ),
    "alg none": (
        lambda keys: keys.sign({"iss": keys.url}, alg="none"),
        "signing method is invalid",
    ),
    "alg HS256": (
        lambda keys: keys.sign({"iss": keys.url}, alg="HS256"),
        "signing method is invalid",
    ),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_refused_tokens(api: ServedApi, origin: Backend, pool: Issuer, case: str) -> None:
    before = len(origin.received)
    token, description = REFUSED[case]
    answer = api.get("/pets", Authorization=token(pool))
    assert is_unauthorized(answer, INVALID.format(description))
    assert len(origin.received) == before


def test_no_token(api: ServedApi, pool: Issuer) -> None:
    assert is_unauthorized(api.get("/pets"), "Bearer")
    assert is_unauthorized(api.get("/query"), "Bearer")
    assert is_unauthorized(api.get("/query?token="), "Bearer")
    assert is_unauthorized(api.get("/token-header", Authorization=pool.jwt()), "Bearer")


def test_client_id_stands_in_for_a_missing_aud(api: ServedApi, pool: Issuer) -> None:
    token = pool.jwt(aud=..., client_id=AUDIENCE)
    assert api.get("/pets", Authorization=token).status == 200


def test_one_audience_of_several_is_enough(api: ServedApi, pool: Issuer) -> None:
    token = pool.jwt(aud=["x", "second"])
    for _ in range(2):  # what one authorizer remembers another does not
        assert api.get("/two", Authorization=token).status == 200
        assert api.get("/pets", Authorization=token).status == 401


@pytest.mark.parametrize(
    "claims",
    [{"scope": "A/r"}, {"scope": "x A/w"}, {"scp": ["A/w"]}, {"scp": "A/r"}, {"scope": "x", "scp": ["A/r"]}],
)  # fmt: skip
def test_a_scope_of_scope_or_scp_passes(api: ServedApi, pool: Issuer, claims: Any) -> None:
    assert api.get("/scoped", Authorization=pool.jwt(**claims)).status == 200


@pytest.mark.parametrize("claims", [{}, {"scope": "A"}, {"scp": []}, {"scope": "a/r"}])
def test_a_missing_scope_is_forbidden(api: ServedApi, pool: Issuer, claims: Any) -> None:
    answer = api.get("/scoped", Authorization=pool.jwt(**claims))
    assert (answer.status, answer.body) == (403, b'{"message":"Forbidden"}')
    assert answer.headers["www-authenticate"] == (
        'Bearer scope="A/r A/w" error="insufficient_scope"'
        ' error_description="expected scopes: [A/r A/w]"'
    )


def test_identity_sources(api: ServedApi, origin: Backend, pool: Issuer) -> None:
    token = pool.jwt()
    assert api.get("/token-header", X_Token=token).status == 200
    assert api.get(f"/query?token={token}").status == 200
    assert api.get(f"/query?token={token}&token={token}").status == 401
    assert api.get(f"/query?Token={token}").status == 401
    assert api.get(f"/query?token=x&token={token}").status == 401
    line = api.log_line(api.get(f"/query?token={token}"))
    assert token.split(".")[1] not in str(line)


def test_the_issuer_is_asked_once(api: ServedApi, pool: Issuer) -> None:
    assert api.get("/pets", Authorization=pool.jwt()).status == 200
    for _ in range(10):
        assert api.get("/pets", Authorization=pool.jwt(key="nobody")).status == 401
    assert (pool.fetches[DISCOVERY], pool.fetches[KEYS]) == (1, 1)


def test_rotation_and_forged_kids(
    tmp_path: Path, run_dir: Path, origin: Backend, clock: Any
) -> None:
    with issuer("first") as keys:
        guarded = document(origin, keys)
        with served(tmp_path, run_dir, guarded, environment=clock.environment) as api:
            old = keys.jwt(exp=NOW + 86_400)
            assert api.get("/pets", Authorization=old).status == 200
            clock.advance(31)
            keys.published.append("second")
            new = keys.jwt(exp=NOW + 86_400)
            for token in (new, old, new, old):
                assert api.get("/pets", Authorization=token).status == 200
            assert keys.fetches[KEYS] == 2
            for _ in range(10):
                assert api.get("/pets", Authorization=keys.jwt(key="forged")).status == 401
            assert keys.fetches[KEYS] == 2
            keys.published.remove("first")
            clock.advance(7_201)
            assert api.get("/pets", Authorization=new).status == 200
            refused = api.get("/pets", Authorization=old)
            assert is_unauthorized(refused, INVALID.format(UNKNOWN))


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (DISCOVERY, (404, b"{}")),
        (DISCOVERY, (200, b"<html>")),
        (DISCOVERY, (200, b'{"issuer":"https://evil.example","jwks_uri":"http://127.0.0.1:1/"}')),
        (KEYS, (500, b"")),
        (KEYS, (200, b'{"keys":[{"kty":"oct","kid":"pool-1","k":"c2VjcmV0"}]}')),
    ],
)
def test_an_issuer_that_cannot_be_trusted_opens_nothing(
    broken: tuple[ServedApi, Issuer, Any], path: str, answer: tuple[int, bytes]
) -> None:
    api, keys, clock = broken
    keys.answers = {path: answer}
    clock.advance(31)
    refused = api.get("/pets", Authorization=keys.jwt())
    assert is_unauthorized(refused, INVALID.format(UNKNOWN))
    assert api.log_line(refused)["reason"] == "jwt.unknown_key"


def test_a_slow_issuer_holds_a_call_no_longer_than_1500_ms_a_document(
    broken: tuple[ServedApi, Issuer, Any],
) -> None:
    api, keys, clock = broken
    clock.advance(31)
    keys.answers = {}
    keys.released.clear()
    started = time.monotonic()
    refused = api.get("/pets", Authorization=keys.jwt())
    assert 1.3 < time.monotonic() - started < 2.5
    assert is_unauthorized(refused, INVALID.format(UNKNOWN))
    keys.released.set()
    clock.advance(31)
    assert api.get("/pets", Authorization=keys.jwt()).status == 200


@pytest.fixture(scope="module")
def broken(
    tmp_path_factory: pytest.TempPathFactory, run_dir: Path, origin: Backend, module_clock: Any
) -> Iterator[tuple[ServedApi, Issuer, Any]]:
    with issuer("pool-1") as keys:
        folder = tmp_path_factory.mktemp("broken")
        more = {"environment": module_clock.environment}
        with served(folder, run_dir, document(origin, keys), **more) as running:
            yield running, keys, module_clock
