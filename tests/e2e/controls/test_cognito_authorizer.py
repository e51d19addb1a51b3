"""Cognito authorizers of REST APIs, with real issuers behind them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from documents import POOL, operation, proxy, rest
from issuing import DISCOVERY, KEYS, Issuer, issuer
from served import ServedApi, served
from serving import Answer, Backend, bargate

OTHER_POOL = "arn:aws:cognito-idp:eu-west-1:111111111111:userpool/eu-west-1_Pool00002"
ALLOW_PETS = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "execute-api:Invoke",
        "Resource": "execute-api:/*/GET/pets",
    },
}


def scheme(header: str, *arns: str, **members: Any) -> dict[str, Any]:
    authorizer = {"type": "cognito_user_pools", "providerARNs": list(arns), **members}
    return {
        "type": "apiKey",
        "name": header,
        "in": "header",
        "x-amazon-apigateway-authtype": "cognito_user_pools",
        "x-amazon-apigateway-authorizer": authorizer,
    }


def document(origin: Backend, **fields: Any) -> dict[str, Any]:
    base = f"http://127.0.0.1:{origin.port}"
    claims = {
        "integration.request.header.X-Sub": "context.authorizer.claims.sub",
        "integration.request.header.X-Email": "context.authorizer.claims.email",
    }
    guarded = {
        "/pets": ("pool", []),
        "/silent": ("pool", []),
        "/scoped": ("pool", ["pets/read", "pets/write"]),
        "/both": ("both", []),
        "/other-header": ("elsewhere", []),
        "/audience": ("audience", []),
        "/audience-scoped": ("audience", ["pets/read"]),
    }
    paths = {
        path: {
            "get": operation(
                proxy(f"{base}{path}", requestParameters=claims), security=[{name: scopes}]
            )
        }
        for path, (name, scopes) in guarded.items()
    }
    schemes = {
        "pool": scheme("Authorization", POOL),
        "both": scheme("Authorization", POOL, OTHER_POOL),
        "elsewhere": scheme("X-Token", POOL),
        "audience": scheme(
            "Authorization", POOL, identityValidationExpression="poolclient[0-9]{16}2"
        ),
    }
    return rest(paths, components={"securitySchemes": schemes}, **fields)


@pytest.fixture(scope="module")
def api(
    tmp_path_factory: pytest.TempPathFactory,
    run_dir: Path,
    origin: Backend,
    pool: Issuer,
    other_pool: Issuer,
) -> Iterator[ServedApi]:
    options = ("--issuer", f"{POOL}={pool.url}", "--issuer", f"{OTHER_POOL}={other_pool.url}")
    folder = tmp_path_factory.mktemp("cognito")
    with served(folder, run_dir, document(origin), *options) as running:
        yield running


def is_unauthorized(answer: Answer, message: str = "Unauthorized") -> bool:
    assert (answer.status, answer.body) == (401, b'{"message":"%b"}' % message.encode())
    assert answer.headers["x-amzn-errortype"] == "UnauthorizedException"
    assert answer.headers["content-type"] == "application/json"
    assert "www-authenticate" not in answer.headers
    assert answer.headers["x-amz-apigw-id"]
    return True


@pytest.mark.parametrize("form", ["{}", "Bearer {}", "bearer {}"])
def test_an_id_token_passes_and_its_claims_reach_the_backend(
    api: ServedApi, origin: Backend, pool: Issuer, form: str
) -> None:
    answer = api.get("/pets", Authorization=form.format(pool.id_token()), X_Sub="forged")
    assert answer.status == 200
    assert origin.received[-1].header("X-Sub") == "ada"
    assert origin.received[-1].header("X-Email") == "ada@example.com"


def test_a_missing_claim_cannot_be_forged_by_a_header(
    api: ServedApi, origin: Backend, pool: Issuer
) -> None:
    token = pool.id_token(email=...)
    assert api.get("/pets", Authorization=token, X_Email="root@example.com").status == 200
    assert origin.received[-1].header("X-Email") is None


def wrongly_joined(pool: Issuer, part: int) -> str:
    """A good token with one part of another good token."""
    parts, other = pool.id_token().split("."), pool.id_token(sub="eve").split(".")
    return ".".join([*parts[:part], other[part], *parts[part + 1 :]])


def test_a_missing_claim_cannot_be_forged_by_an_underscore(
    api: ServedApi, origin: Backend, pool: Issuer
) -> None:
    headers = {"Authorization": pool.id_token(email=...), "X_Email": "root@example.com"}
    assert api.call("GET", "/pets", headers).status == 200
    names = {name.upper().replace("-", "_") for name, _ in origin.received[-1].headers}
    assert "X_EMAIL" not in names


def test_a_claim_cannot_break_out_of_its_header(
    api: ServedApi, origin: Backend, pool: Issuer
) -> None:
    token = pool.id_token(
        email="a\r\nX-Injected: 1\0\u560d\u560aX-Injected: 2", sub=["x", {"y": 1}]
    )
    assert api.get("/pets", Authorization=token).status == 200
    assert origin.received[-1].header("X-Injected") is None
    assert len([name for name, _ in origin.received[-1].headers if name == "X-Email"]) == 1


def test_two_authorization_headers_are_no_token(api: ServedApi, pool: Issuer) -> None:
    good = f"Authorization: {pool.id_token()}\r\n"
    for pair in (good + "Authorization: x\r\n", "authorization: x\r\n" + good, good + good):
        request = f"GET {api.base}/pets HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{pair}\r\n"
        assert api.raw(request.encode()).startswith(b"HTTP/1.1 401 ")


def test_what_one_authorizer_remembers_another_does_not(api: ServedApi, pool: Issuer) -> None:
    token = pool.id_token()
    for _ in range(2):
        assert api.get("/pets", Authorization=token).status == 200
        assert is_unauthorized(api.get("/audience", Authorization=token))


NOW = int(time.time())
REFUSED: dict[str, Callable[[Issuer, Issuer], str]] = {
    "nothing": lambda _pool, _other: "",
    "only the scheme": lambda _pool, _other: "Bearer ",
    "basic": lambda _pool, _other: "Basic YTpi",
    "not three segments": lambda _pool, _other: "a.b",
    "four segments": lambda pool, _other: pool.id_token() + ".x",
    "no signature": lambda pool, _other: pool.id_token().rpartition(".")[0] + ".",
    "another signature": lambda pool, _other: wrongly_joined(pool, 2),
    "another payload": lambda pool, _other: wrongly_joined(pool, 1),
    "alg none": lambda pool, _other: pool.sign({"iss": pool.url, "token_use": "id"}, alg="none"),
    "alg HS256": lambda pool, _other: pool.sign({"iss": pool.url, "token_use": "id"}, alg="HS256"),
    "no kid": lambda pool, _other: pool.sign(
        {"iss": pool.url, "token_use": "id", "aud": "a", "exp": NOW + 600}, kid=None
    ),
    "wrong pool": lambda _pool, other: other.id_token(),
    "signed by the wrong pool": lambda pool, other: other.id_token(iss=pool.url),
    "wrong pool, our kid": lambda pool, other: other.sign(
        {"iss": pool.url, "token_use": "id", "aud": "a", "exp": NOW + 600}, kid="pool-1"
    ),
    "issuer with a slash": lambda pool, _other: pool.id_token(iss=pool.url + "/"),
    "no issuer": lambda pool, _other: pool.id_token(iss=...),
    "access token": lambda pool, _other: pool.access_token("pets/read"),
    "no token_use": lambda pool, _other: pool.id_token(token_use=...),
    "odd token_use": lambda pool, _other: pool.id_token(token_use=["id"]),
    "no audience": lambda pool, _other: pool.id_token(aud=...),
    "no expiry": lambda pool, _other: pool.id_token(exp=...),
    "expiry as text": lambda pool, _other: pool.id_token(exp=str(NOW + 600)),
    "not yet valid": lambda pool, _other: pool.id_token(nbf=NOW + 86_400),
    "issued later": lambda pool, _other: pool.id_token(iat=NOW + 86_400),
    "two tokens": lambda pool, _other: f"{pool.id_token()}, {pool.id_token()}",
    "embedded space": lambda pool, _other: pool.id_token().replace(".", ". ", 1),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_refused_tokens(
    api: ServedApi, origin: Backend, pool: Issuer, other_pool: Issuer, case: str
) -> None:
    before = len(origin.received)
    presented = REFUSED[case](pool, other_pool)
    headers = {"Authorization": presented} if presented else {}
    assert is_unauthorized(api.call("GET", "/pets", headers))
    assert len(origin.received) == before


def test_an_expired_token_says_so(api: ServedApi, pool: Issuer) -> None:
    now = int(time.time())
    answer = api.get("/pets", Authorization=pool.id_token(exp=now - 1))
    assert is_unauthorized(answer, "The incoming token has expired")
    forged = api.get("/pets", Authorization=pool.id_token("nobody", exp=now - 1))
    assert is_unauthorized(forged), "only whoever holds a signed token learns that it expired"


def test_a_remembered_token_is_not_taken_for_another_method(api: ServedApi, pool: Issuer) -> None:
    id_token, access_token = pool.id_token(), pool.access_token("pets/read")
    for _ in range(2):
        assert api.get("/pets", Authorization=id_token).status == 200
        assert is_unauthorized(api.get("/scoped", Authorization=id_token))
        assert api.get("/scoped", Authorization=access_token).status == 200
        assert is_unauthorized(api.get("/pets", Authorization=access_token))


@pytest.mark.parametrize(
    ("scopes", "passes"),
    [
        (["pets/read"], True),
        (["other", "pets/write"], True),
        ([], False),
        (["pets"], False),
        (["PETS/READ"], False),
        (["pets/read,pets/write"], False),
    ],
)
def test_scopes(api: ServedApi, pool: Issuer, scopes: list[str], passes: bool) -> None:
    answer = api.get("/scoped", Authorization=pool.access_token(*scopes))
    assert answer.status == 200 if passes else is_unauthorized(answer)


def test_scopes_count_only_in_access_tokens(api: ServedApi, pool: Issuer) -> None:
    assert is_unauthorized(api.get("/scoped", Authorization=pool.id_token(scope="pets/read")))


def test_several_pools(api: ServedApi, pool: Issuer, other_pool: Issuer) -> None:
    assert api.get("/both", Authorization=pool.id_token()).status == 200
    assert api.get("/both", Authorization=other_pool.id_token()).status == 200
    assert is_unauthorized(api.get("/both", Authorization=other_pool.id_token(iss=pool.url)))
    assert is_unauthorized(api.get("/both", Authorization=pool.id_token("pool-2")))


def test_the_token_is_read_from_the_identity_source_alone(api: ServedApi, pool: Issuer) -> None:
    assert api.get("/other-header", x_token=pool.id_token()).status == 200
    assert is_unauthorized(api.get("/other-header", Authorization=pool.id_token()))
    assert is_unauthorized(api.get(f"/pets?Authorization={pool.id_token()}"))


def test_the_identity_validation_expression_is_held_against_aud(
    api: ServedApi, pool: Issuer
) -> None:
    fits = "poolclient00000000000000002"
    assert api.get("/audience", Authorization=pool.id_token(aud=fits)).status == 200
    for wrong in (pool.id_token(), pool.id_token(aud=fits + "x"), pool.id_token(aud="x" + fits)):
        assert is_unauthorized(api.get("/audience", Authorization=wrong))
    # AWS [D]/[M] apigw-evaluation §6: access tokens have no aud.
    access = pool.access_token("pets/read", client_id=fits)
    assert is_unauthorized(api.get("/audience-scoped", Authorization=access))


def test_a_pool_is_not_asked_for_discovery_and_is_asked_once(api: ServedApi, pool: Issuer) -> None:
    assert api.get("/pets", Authorization=pool.id_token()).status == 200
    for number in range(20):
        assert is_unauthorized(
            api.get("/pets", Authorization=pool.id_token(f"forged-{number % 2}"))
        )
    assert pool.fetches[DISCOVERY] == 0
    assert pool.fetches[KEYS] == 1


def test_a_policy_must_allow_too_and_speaks_after_the_authorizer(
    tmp_path: Path, run_dir: Path, origin: Backend, pool: Issuer
) -> None:
    guarded = document(origin, **{"x-amazon-apigateway-policy": ALLOW_PETS})
    with served(tmp_path, run_dir, guarded, "--issuer", f"{POOL}={pool.url}") as api:
        token = pool.id_token()
        assert api.get("/pets", Authorization=token).status == 200
        assert is_unauthorized(api.get("/pets"))
        # AWS [D] apigw-evaluation §2: authenticate first.
        assert is_unauthorized(api.get("/silent"))
        silent = api.get("/silent", Authorization=token)
        assert silent.status == 403
        assert silent.headers["x-amzn-errortype"] == "AccessDeniedException"
        assert silent.json["Message"].endswith(
            "/prod/GET/silent because no resource-based policy allows the execute-api:Invoke action"
        )
        line = api.log_line(silent)
        assert line["reason"] == "resource_policy.implicit_deny"


def test_rotation_forged_kids_and_the_clock(
    tmp_path: Path, run_dir: Path, origin: Backend, clock: Any
) -> None:
    with issuer("first") as keys:
        option = ("--issuer", f"{POOL}={keys.url}")
        with served(
            tmp_path, run_dir, document(origin), *option, environment=clock.environment
        ) as api:
            old = keys.id_token(exp=int(time.time()) + 86_400)
            assert api.get("/pets", Authorization=old).status == 200
            clock.advance(31)
            # Both keys are published before the new one signs: neither token is ever refused.
            keys.published.append("second")
            new = keys.id_token(exp=int(time.time()) + 86_400)
            for _ in range(3):
                assert api.get("/pets", Authorization=new).status == 200
                assert api.get("/pets", Authorization=old).status == 200
            assert keys.fetches[KEYS] == 2
            for _ in range(10):
                assert is_unauthorized(api.get("/pets", Authorization=keys.id_token("forged")))
            assert keys.fetches[KEYS] == 2
            clock.advance(31)
            for _ in range(10):
                assert is_unauthorized(api.get("/pets", Authorization=keys.id_token("forged")))
            assert keys.fetches[KEYS] == 3, "one fetch in 30 s, whatever is forged"
            # A withdrawn key ends within two hours, however good the token looks.
            keys.published.remove("first")
            clock.advance(7_201)
            assert is_unauthorized(api.get("/pets", Authorization=old))
            assert api.get("/pets", Authorization=new).status == 200


def test_a_remembered_token_expires(
    tmp_path: Path, run_dir: Path, origin: Backend, clock: Any
) -> None:
    with issuer("first") as keys:
        option = ("--issuer", f"{POOL}={keys.url}")
        with served(
            tmp_path, run_dir, document(origin), *option, environment=clock.environment
        ) as api:
            token = keys.id_token(exp=int(time.time()) + 20)
            assert api.get("/pets", Authorization=token).status == 200
            assert api.get("/pets", Authorization=token).status == 200
            clock.advance(21)
            answer = api.get("/pets", Authorization=token)
            assert is_unauthorized(answer, "The incoming token has expired")


def test_broken_slow_and_silent_issuers(
    tmp_path: Path, run_dir: Path, origin: Backend, clock: Any
) -> None:
    with issuer("first") as keys, issuer("second") as slow:
        options = ("--issuer", f"{POOL}={keys.url}", "--issuer", f"{OTHER_POOL}={slow.url}")
        guarded = document(origin)
        with served(tmp_path, run_dir, guarded, *options, environment=clock.environment) as api:
            broken: list[tuple[int, bytes]] = [
                (500, b"oops"), (200, b"{}"), (200, b"not json"), (200, b'{"keys":[]}'),
                (302, b""), (200, b'{"keys":"' + b"x" * 150_000 + b'"}'),
            ]  # fmt: skip
            for answer in broken:
                keys.answers[KEYS] = answer
                assert is_unauthorized(api.get("/both", Authorization=keys.id_token()))
                clock.advance(31)
            slow.released.clear()
            started = time.monotonic()
            refused = api.get("/both", Authorization=slow.id_token())
            took_s = time.monotonic() - started
            assert is_unauthorized(refused)
            # AWS [D] apigw-evaluation §7.1: 1500 ms for a key set
            assert 1.3 < took_s < 2.5
            assert api.log_line(refused)["reason"] == "cognito.unknown_key"
            # The issuer is well again: so is the gateway.
            keys.answers.clear()
            slow.released.set()
            clock.advance(31)
            assert api.get("/both", Authorization=keys.id_token()).status == 200
            assert api.get("/both", Authorization=slow.id_token()).status == 200
            # Down again: what is known goes on serving.
            keys.answers[KEYS] = (503, b"")
            clock.advance(3_600)
            fresh = keys.id_token(exp=int(time.time()) + 86_400)
            assert api.get("/both", Authorization=fresh).status == 200


def test_no_token_in_logs_or_explanations(
    tmp_path: Path, run_dir: Path, origin: Backend, pool: Issuer
) -> None:
    seen: list[str] = []
    pool_option = ("--issuer", f"{POOL}={pool.url}")
    with served(tmp_path, run_dir, document(origin), *pool_option) as api:
        good = pool.id_token()
        tokens = [good, pool.access_token("a"), pool.id_token("nobody"), good[:-9], good + "x"]
        refused = []
        for token in tokens:
            for path in ("/pets", "/scoped", f"/pets?access_token={token}"):
                answer = api.get(path, Authorization=f"Bearer {token}")
                seen.append(answer.body.decode())
                if answer.status != 200:
                    refused.append(answer.request_id)
        assert len(refused) > 10
        for told in (
            bargate("why", refused[-1], "--json", run_dir=run_dir),
            bargate("why", refused[0], run_dir=run_dir),
            bargate("explain", str(api.path), "--request", f"GET /prod/pets?t={good}",
                    "--header", f"Authorization: {good}x", *pool_option),
        ):  # fmt: skip
            assert "cognito." in told.stdout, told.stderr
            seen.append(told.stdout + told.stderr)
        api.gateway.stop()
        seen.append(api.drained())
    text = "".join(seen)
    assert refused[0] in text
    for token in tokens:
        for part in token.split("."):
            assert part[-24:] not in text
