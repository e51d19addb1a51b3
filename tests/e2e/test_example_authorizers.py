"""examples/authorizers as a user runs them: a real gateway, real functions, slapd and a provider."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.process import free_port
from example_functions import AUTHORIZERS, METHOD, STAGE, basic, token_event
from examples.authorizers import slapd
from examples.authorizers.calls import Try, calls, ldap_calls
from examples.authorizers.functions import Prepared, prepare
from examples.authorizers.gateway import HTTP_API, REST_API, options
from examples.authorizers.slapd import PEOPLE, Slapd
from issuing import AUDIENCE, Issuer, issuer
from serving import Answer, Backend, Gateway, bargate, serve

ROOT = Path(__file__).parent.parent.parent
REST, HTTP = "/_api/authorizers/prod", "/_api/authorizershttp"
ADA = basic("ada", PEOPLE["ada"][0])


class Running:
    """The gateway with all that stands behind it."""

    def __init__(
        self, gateway: Gateway, made: Prepared, provider: Issuer, directory: Slapd, origin: Backend
    ) -> None:
        self.gateway, self.made = gateway, made
        self.provider, self.directory, self.origin = provider, directory, origin

    def get(self, path: str, authorization: str | None, method: str = "GET") -> Answer:
        headers = {} if authorization is None else {"Authorization": authorization}
        return self.gateway.call(method, REST + path, headers)

    def log(self, function: str) -> str:
        port = str(self.gateway.port)
        return bargate("logs", function, "--port", port, run_dir=self.gateway.run_dir).stdout

    def tries(self) -> tuple[Try, ...]:
        base = f"http://127.0.0.1:{self.gateway.port}"
        rest, http = base + REST, base + HTTP
        return calls(rest, http, self.made, self.provider.jwt("a")) + ldap_calls(rest)


@contextlib.contextmanager
def all_running(work: Path, origin: Backend, run_dir: Path) -> Iterator[Running]:
    (work / "slapd").mkdir()
    directory = slapd.start(work / "slapd", free_port(), free_port())
    with contextlib.ExitStack() as stack:
        stack.callback(directory.stop)
        provider = stack.enter_context(issuer())
        made = prepare(work, provider.url, AUDIENCE, directory)
        gateway = stack.enter_context(
            serve(
                *(str(REST_API), str(HTTP_API)),
                *("--stage-variable", f"backend=127.0.0.1:{origin.port}"),
                *options(made.functions),
                run_dir=run_dir,
            )
        )
        yield Running(gateway, made, provider, directory, origin)


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, origin: Backend, run_dir: Path
) -> Iterator[Running]:
    with all_running(tmp_path_factory.mktemp("authorizers"), origin, run_dir) as started:
        yield started


def test_each_call_ends_as_the_demo_says(running: Running) -> None:
    wrong = []
    for each in running.tries():
        command = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", *each.arguments]
        status = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        if status != str(each.status):
            wrong.append((each.authorizer, each.why, each.status, status))
    assert wrong == []


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/tokens", {"X-User": "ada", "X-Groups": "admins"}),
        ("/tokens/node", {"X-User": "ada", "X-Groups": "admins"}),
        ("/basic", {"X-User": "ada", "X-Groups": "admins"}),
        ("/ldap/pets", {"X-User": "ada", "X-Groups": "keepers,readers"}),
        ("/oidc", {"X-User": "ada", "X-Scope": "pets/read"}),
    ],
)
def test_the_backend_learns_who_calls_whatever_the_caller_says(
    running: Running, path: str, names: dict[str, str]
) -> None:
    authorization = {
        "/basic": basic("ada", running.made.password),
        "/ldap/pets": ADA,
        "/oidc": f"Bearer {running.provider.jwt('pets/read')}",
    }.get(path, f"Bearer {running.made.token}")
    forged = {"Authorization": authorization, "X-User": "root", "x-groups": "root"}
    assert running.gateway.call("GET", REST + path, forged).status == 200
    received = running.origin.received[-1]
    assert {name: received.header(name) for name in names} == names


def test_the_backend_of_an_http_api_learns_it_too(running: Running) -> None:
    forged = {"Authorization": f"Bearer {running.made.token}", "X-User": "root"}
    assert running.gateway.call("GET", f"{HTTP}/tokens", forged).status == 200
    assert running.origin.received[-1].header("X-User") == "ada"


@pytest.mark.parametrize("path", ["/tokens", "/basic", "/ldap/pets", "/oidc"])
@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic x:", "\xff"])
def test_whoever_shows_nothing_is_challenged(
    running: Running, path: str, header: str | None
) -> None:
    answer = running.get(path, header)
    assert (answer.status, answer.json) == (401, {"message": "Unauthorized"})
    assert (
        answer.headers["www-authenticate"] == 'Bearer, Basic realm="authorizers", charset="UTF-8"'
    )


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("ada", "wrong"),
        ("ada", ""),
        ("ada", "\N{SOFT HYPHEN}"),
        ("*", PEOPLE["ada"][0]),
        ("*)(uid=*", PEOPLE["ada"][0]),
        ("ada)(|(uid=*)", PEOPLE["ada"][0]),
    ],
)
def test_who_is_not_in_the_directory(running: Running, user: str, password: str) -> None:
    assert running.get("/ldap/pets", basic(user, password)).status == 401


def test_a_kept_answer_knows_what_else_a_group_may_do(running: Running) -> None:
    ben = basic("ben", PEOPLE["ben"][0])
    for _ in range(2):
        assert running.get("/ldap/pets", ben).status == 200
        assert running.get("/ldap/pets", ben, "DELETE").status == 403
        assert running.get("/ldap/pets", ADA, "DELETE").status == 200


def test_tokens_that_the_provider_would_not_sign(running: Running) -> None:
    now, provider = int(time.time()), running.provider
    refused = [
        provider.jwt(exp=now - 120),
        provider.jwt(aud="elsewhere"),
        provider.jwt(iss="https://evil.example"),
        provider.jwt(key="forged"),
        provider.sign(provider._claims(aud=AUDIENCE), alg="none"),
        provider.sign(provider._claims(aud=AUDIENCE), alg="HS256"),
        provider.jwt().rpartition(".")[0] + ".",
    ]
    for token in refused:
        assert running.get("/oidc", f"Bearer {token}").status == 401, token


def test_a_partner_cannot_use_the_answer_for_another(running: Running) -> None:
    token = running.made.hook_token

    def post(partner: str, query: str, path: str = "/hooks/acme") -> int:
        headers = {"X-Partner": partner}
        return running.gateway.call("POST", f"{REST}{path}?{query}", headers, b"").status

    assert post("acme", f"token={token}") == 200
    assert post("acme", "token=guess") == 401
    assert post("other", f"token={token}") == 401
    assert post("acme", f"token={token}&token={token}") == 401
    assert post("acme", f"token={token}", "/hooks/acme2") == 403
    assert post("acme", f"token={token}", "/hooks/other") == 403


@pytest.fixture
def broken(
    tmp_path_factory: pytest.TempPathFactory, origin: Backend, run_dir: Path
) -> Iterator[Running]:
    with all_running(tmp_path_factory.mktemp("broken"), origin, run_dir) as started:
        started.directory.stop()
        started.provider.answers["/.well-known/openid-configuration"] = (503, b"")
        yield started


def test_without_directory_and_provider_nobody_is_let_in_and_the_log_says_why(
    broken: Running,
) -> None:
    ldap = broken.get("/ldap/pets", ADA)
    assert ldap.status == 500
    oidc = broken.get("/oidc", f"Bearer {broken.provider.jwt()}")
    assert oidc.status == 500
    why = bargate("why", ldap.request_id, run_dir=broken.gateway.run_dir).stdout
    assert "DirectoryError" in why
    assert PEOPLE["ada"][0] not in why
    seen = broken.log("ldap")
    assert "the directory cannot be asked: 127.0.0.1" in seen
    assert PEOPLE["ada"][0] not in seen
    assert slapd.SERVICE_PASSWORD not in seen
    assert "no keys: " in broken.log("oidc")
    assert broken.get("/tokens", f"Bearer {broken.made.token}").status == 200


def node(script: str) -> str:
    """Run a script with the function in JavaScript; give what it prints."""
    source = f"import * as it from {json.dumps(str(AUTHORIZERS / 'tokens_node/index.mjs'))};"
    command = ["node", "--input-type=module", "-e", source + script]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("Bearer abc", "ada"),
        ("bearer  abc", "ada"),
        ("Bearer abcd", "undefined"),
        ("Bearer abc ", "undefined"),
        ("Bearer abc\n", "undefined"),
        ("abc", "undefined"),
        ("Bearer __proto__", "undefined"),
    ],
)
def test_the_table_in_javascript(header: str, found: str) -> None:
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # of `abc`
    owners = {digest: {"user": "ada"}, "": {"user": "empty"}, "zz": {"user": "no hex"}}
    script = f"console.log(it.findOwner({json.dumps(owners)}, {json.dumps(header)})?.user)"
    assert node(script) == found


def test_the_stage_in_javascript() -> None:
    assert node(f"console.log(it.wholeStage({json.dumps(METHOD)}))") == f"{STAGE}/*"
    assert token_event("x")["methodArn"] == METHOD


def test_the_demo_says_what_to_try_and_leaves_nothing_behind() -> None:
    demo = subprocess.Popen(
        [sys.executable, "-m", "examples.authorizers", "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert demo.stdout is not None
    watchdog = threading.Timer(40, demo.kill)
    watchdog.start()
    try:
        shown = []
        for line in demo.stdout:
            shown.append(line)
            if "authorizers: ready" in line:
                break
        commands = [line.strip() for line in shown if line.startswith("  curl ")]
        assert len(commands) == 22
        status = subprocess.run(
            [*shlex.split(commands[0]), "-s", "-o", "/dev/null", "-w", "%{http_code}"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert status == "200"
        port = int(re.findall(r"127\.0\.0\.1:(\d+)", commands[0])[0])
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(20) == 0
    finally:
        watchdog.cancel()
        demo.kill()
        demo.wait()
        demo.stdout.close()
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
        pass
