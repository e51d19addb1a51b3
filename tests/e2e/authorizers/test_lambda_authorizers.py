"""Lambda authorizers with real functions behind a real gateway."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from documents import operation, proxy, rest
from served import ServedApi, served
from serving import Backend, bargate

FUNCTION = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:000000000000:function:{}/invocations"
)
CODE = """
import os
from urllib.request import urlopen

def asked(event):
    urlopen(os.environ["COUNTER"]).read()

def answer(event, effect="Allow", resource="*", **more):
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": "ann", "policyDocument": document, **more}

def handler(event, context):
    asked(event)
    token = event["authorizationToken"] if "authorizationToken" in event else event["headers"]["x-door"]
    if token == "unauthorized":
        raise Exception("Unauthorized")
    if token == "boom":
        raise ValueError("boom")
    if token == "exit":
        os._exit(3)
    if token == "malformed":
        return {"principalId": "ann"}
    if token == "deny":
        return answer(event, "Deny")
    if token == "pitfall":
        return answer(event, resource=event["methodArn"])
    return answer(event, context={"number": 7, "yes": True})

def simple(event, context):
    asked(event)
    return {"isAuthorized": event["identitySource"] == ["yes"], "context": {"list": [1]}}
"""


DENIED = (
    b'{"Message":"User is not authorized to access this resource with an explicit deny in an'
    b' identity-based policy"}'
)


class Counter:
    """How often the function was asked."""

    def __init__(self, origin: Backend) -> None:
        self.origin = origin
        self.path = f"/asked-{id(self)}"
        self.url = f"http://127.0.0.1:{origin.port}{self.path}"

    def __call__(self) -> int:
        return sum(each.target == self.path for each in self.origin.received)


def scheme(name: str, header: str = "X-Door", **authorizer: Any) -> dict[str, Any]:
    known = {"authorizerUri": FUNCTION.format(name), **authorizer}
    return {
        "type": "apiKey",
        "name": header,
        "in": "header",
        "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": known,
    }


def functions(folder: Path, origin: Backend) -> tuple[tuple[str, ...], Counter]:
    """Write the functions, and give the options that run them."""
    code = folder / "code"
    code.mkdir()
    (code / "door.py").write_text(CODE)
    counter = Counter(origin)
    options: list[str] = []
    for name, handler in (("door", "handler"), ("simple", "simple")):
        options += ["--function", f"{name}={code}:door.{handler}"]
        options += ["--function-env", f"{name}:COUNTER={counter.url}"]
    return tuple(options), counter


class Doors:
    def __init__(self, api: ServedApi, asked: Counter) -> None:
        self.api, self.asked = api, asked


@pytest.fixture(scope="module")
def doors(
    tmp_path_factory: pytest.TempPathFactory, run_dir: Path, origin: Backend
) -> Iterator[Doors]:
    folder = tmp_path_factory.mktemp("lambda-authorizers")
    options, asked = functions(folder, origin)
    to = proxy(
        f"http://127.0.0.1:{origin.port}/reached",
        "ANY",
        requestParameters={
            "integration.request.header.X-Who": "context.authorizer.principalId",
            "integration.request.header.X-Number": "context.authorizer.number",
            "integration.request.header.X-Yes": "context.authorizer.yes",
        },
    )
    anyone = "x-amazon-apigateway-any-method"
    schemes = {
        "cached": scheme("door", type="token", authorizerResultTtlInSeconds=300),
        "uncached": scheme("door", type="token", authorizerResultTtlInSeconds=0),
        "missing": scheme("missing", type="token"),
    }
    paths = {
        "/cached": {anyone: operation(to, security=[{"cached": []}])},
        "/other": {anyone: operation(to, security=[{"cached": []}])},
        "/uncached": {anyone: operation(to, security=[{"uncached": []}])},
        "/missing": {anyone: operation(to, security=[{"missing": []}])},
    }
    document = rest(paths, components={"securitySchemes": schemes})
    with served(folder, run_dir, document, *options) as api:
        yield Doors(api, asked)


def test_an_answer_is_remembered_for_all_methods_and_tells_the_backend(
    doors: Doors, origin: Backend
) -> None:
    before = doors.asked()
    for path in ("/cached", "/other", "/cached"):
        assert doors.api.get(path, X_Door="remembered").status == 200
    assert doors.asked() == before + 1
    received = [each for each in origin.received if each.target == "/reached"][-1]
    assert received.header("X-Who") == "ann"
    assert received.header("X-Number") == "7"
    assert received.header("X-Yes") == "true"


def test_without_a_time_to_live_each_call_asks(doors: Doors) -> None:
    before = doors.asked()
    for _ in range(3):
        assert doors.api.get("/uncached", X_Door="t").status == 200
    assert doors.asked() == before + 3


@pytest.mark.parametrize(
    ("token", "status", "body"),
    [
        ("unauthorized", 401, b'{"message":"Unauthorized"}'),
        ("boom", 500, b'{"message":null}'),
        ("exit", 500, b'{"message":null}'),
        ("malformed", 500, b'{"message":null}'),
        (
            "deny",
            403,
            DENIED,
        ),
    ],
)
def test_refusals(doors: Doors, origin: Backend, token: str, status: int, body: bytes) -> None:
    def reached() -> int:
        return sum(each.target == "/reached" for each in origin.received)

    before = reached()
    answer = doors.api.get("/uncached", X_Door=token)
    assert (answer.status, answer.body) == (status, body)
    assert reached() == before


def test_without_a_token_or_a_function_nobody_gets_in(doors: Doors) -> None:
    before = doors.asked()
    assert doors.api.get("/cached").status == 401
    assert doors.api.get("/cached", X_Door="").status == 401
    missing = doors.api.get("/missing", X_Door="t")
    assert (missing.status, missing.body) == (500, b'{"message":null}')
    assert doors.asked() == before


def test_a_stampede_asks_once(doors: Doors) -> None:
    before = doors.asked()
    with ThreadPoolExecutor(100) as pool:
        statuses = list(
            pool.map(lambda _: doors.api.get("/cached", X_Door="stampede").status, range(1000))
        )
    assert set(statuses) == {200}
    assert doors.asked() == before + 1


def test_why_tells_what_was_sent_and_the_pitfall(doors: Doors, run_dir: Path) -> None:
    first = doors.api.get("/uncached", X_Door="deny")
    told = bargate("why", first.request_id, run_dir=run_dir).stdout
    assert "sent: " in told
    assert "returned: " in told
    assert "explicit_deny" in told
    assert '"methodArn"' in told
    assert doors.api.get("/cached", X_Door="pitfall").status == 200
    second = doors.api.get("/other", X_Door="pitfall")
    assert second.status == 403
    told = bargate("why", second.request_id, run_dir=run_dir).stdout.replace("\n", " ")
    assert "not asked: its answer was remembered" in told
    assert "GET/cached" in told
    assert "allows that alone" in " ".join(told.split())


def test_explain_offline_asks_nobody_and_decides_by_a_given_answer(
    doors: Doors, run_dir: Path
) -> None:
    before = doors.asked()
    request = ("--request", "GET /prod/cached", "--header", "X-Door: SECRET-TOKEN")
    open_question = bargate("explain", str(doors.api.path), *request, run_dir=run_dir)
    assert open_question.returncode == 1
    assert "must be asked first" in " ".join(open_question.stdout.split())
    assert "would be sent: " in open_question.stdout
    assert "SECRET" not in open_question.stdout
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    for effect, status in (("Allow", 0), ("Deny", 1)):
        statement["Effect"] = effect
        returned = json.dumps({"principalId": "ann", "policyDocument": document})
        decided = bargate(
            *("explain", str(doors.api.path), *request, "--authorizer-returns", returned),
            run_dir=run_dir,
        )
        assert decided.returncode == status, decided.stdout
    assert doors.asked() == before


def test_http_apis_with_simple_responses(tmp_path: Path, run_dir: Path, origin: Backend) -> None:
    options, asked = functions(tmp_path, origin)
    to = proxy(f"http://127.0.0.1:{origin.port}/reached")
    schemes = {
        "simple": scheme(
            "simple",
            type="request",
            authorizerPayloadFormatVersion="2.0",
            enableSimpleResponses=True,
            identitySource="$request.header.X-Door",
            authorizerResultTtlInSeconds=60,
        ),
        "missing": scheme(
            "missing", type="request", authorizerPayloadFormatVersion="2.0",
            identitySource="$request.header.X-Door",
        ),
    }  # fmt: skip
    paths = {f"/{name}": {"get": operation(to, security=[{name: []}])} for name in schemes}
    document = rest(paths, components={"securitySchemes": schemes})
    with served(tmp_path, run_dir, document, "--http-api", *options) as api:
        for _ in range(2):
            assert api.get("/simple", X_Door="yes").status == 200
            refused = api.get("/simple", X_Door="no")
            assert (refused.status, refused.body) == (403, b'{"message":"Forbidden"}')
        assert asked() == 2
        refused = api.get("/simple")
        assert (refused.status, refused.body) == (401, b'{"message":"Unauthorized"}')
        broken = api.get("/missing", X_Door="yes")
        assert (broken.status, broken.body) == (500, b'{"message":"Internal Server Error"}')
        assert api.log_line(broken)["reason"] == "authorizer.not_found"
