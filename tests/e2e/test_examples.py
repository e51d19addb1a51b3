"""The pet store: its documents, its backend and issuer, and the whole demo as a user runs it."""

import asyncio
import json
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from bargate.openapi import import_document, read_document
from bench.process import descendants, free_port
from examples.petstore import __main__ as demo
from examples.petstore import backend, gateway, issuer, tour, web
from examples.petstore.cases import CASES, curl
from examples.petstore.issuer import Issuer

ROOT = Path(__file__).parent.parent.parent
CALL = re.compile(r"(passes|refused): (\d{3}).*?(curl .*?)\s*$", re.MULTILINE)


@pytest.mark.parametrize(
    ("file", "kind"), [(gateway.REST_API, "RestApi"), (gateway.HTTP_API, "HttpApi")]
)
def test_the_documents_are_read_without_a_finding(file: Path, kind: str) -> None:
    imported = import_document(
        read_document(file.read_text(), file_name=file.name),
        api_id="petstore",
        account_id="000000000000",
        region="us-east-1",
        partition="aws",
    )
    assert type(imported.api).__name__ == kind
    assert imported.findings == ()


def test_every_route_of_the_documents_is_on_the_tour() -> None:
    shown = {case.route for case in CASES}
    for file in (gateway.REST_API, gateway.HTTP_API):
        for path in re.findall(r"^  (/\S*):$", file.read_text(), re.MULTILINE):
            assert any(route.endswith(f" {path}") for route in shown), path


def test_every_call_fits_on_a_line_and_is_one_command() -> None:
    for case in CASES:
        for ask in (case.passes, case.refused):
            line = curl(case, ask)
            assert len(line) <= 80, line
            assert shlex.split(line)[0] == "curl"


def exchange(handler: web.Handler, *requests: bytes) -> bytes:
    """Send raw requests over one connection to a server with `handler`; give all it said."""

    async def talk() -> bytes:
        server = await web.serve(handler)
        reader, writer = await asyncio.open_connection("127.0.0.1", web.port_of(server))
        writer.write(b"".join(requests))
        writer.write_eof()
        said = await reader.read()
        writer.close()
        server.close()
        return said

    return asyncio.run(talk())


def get(path: str, *lines: str) -> bytes:
    return "\r\n".join((f"GET {path} HTTP/1.1", *lines, "", "")).encode()


def post(path: str, body: str) -> bytes:
    return f"POST {path} HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def test_the_backend_keeps_a_connection_and_remembers_pets() -> None:
    said = exchange(
        backend.Store().answer,
        post("/pets", '{"name":"Rex","species":"dog","price":9}'),
        get("/pets/4"),
        get("/pets/5"),
        get("/search?species=dog"),
    ).decode()
    assert re.findall(r"HTTP/1.1 (\d+)", said) == ["201", "200", "404", "200"]
    assert said.count("Rex") == 3


def test_the_backend_echoes_headers_but_no_credentials() -> None:
    said = exchange(
        backend.Store().answer, get("/catalog/a", "X-Seen: yes", "Authorization: secret")
    )
    assert b'"x-seen": "yes"' in said
    assert b"secret" not in said


@pytest.mark.parametrize(
    "request_",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST /pets HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /pets HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /pets HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
        post("/pets", "{"),
        post("/quotes", "{}"),
        post("/quotes", "7"),
    ],
)
def test_the_backend_refuses_what_it_cannot_read(request_: bytes) -> None:
    assert exchange(backend.Store().answer, request_).startswith(b"HTTP/1.1 400 ")


def test_the_backend_is_bounded() -> None:
    store = backend.Store()
    pet = web.Asked("POST", "/pets", {}, {}, b'{"name":"x","species":"cat","price":1}')
    statuses = {store.answer(pet)[0] for _ in range(1001)}
    assert statuses == {201, 507}


def keys(of: Issuer, path: str) -> KeySet:
    status, document = of.answer(web.Asked("GET", path, {}, {}, b""))
    assert status == 200
    return KeySet.import_key_set(document)


def test_tokens_verify_with_the_key_set_that_discovery_names() -> None:
    made = Issuer("http://127.0.0.1:1")
    for base, token in ((made.pool_url, made.id_token()), (made.url, made.jwt("orders/read"))):
        path = base.removeprefix(made.url)
        _, discovered = made.answer(
            web.Asked("GET", f"{path}/.well-known/openid-configuration", {}, {}, b"")
        )
        assert discovered["issuer"] == base
        verified = jwt.decode(token, keys(made, discovered["jwks_uri"].removeprefix(made.url)))
        assert verified.claims["iss"] == base


def test_pool_tokens_have_the_claims_of_cognito() -> None:
    made = Issuer("http://127.0.0.1:1")
    key_set = keys(made, f"/{issuer.POOL_ID}/.well-known/jwks.json")
    id_claims = jwt.decode(made.id_token(), key_set).claims
    access_claims = jwt.decode(made.access_token("pets/write"), key_set).claims
    assert (id_claims["token_use"], id_claims["aud"]) == ("id", issuer.POOL_CLIENT_ID)
    assert "scope" not in id_claims
    assert (access_claims["token_use"], access_claims["scope"]) == ("access", "pets/write")
    assert access_claims["client_id"] == issuer.POOL_CLIENT_ID
    assert "aud" not in access_claims


def test_the_issuer_never_shows_its_private_key() -> None:
    made = Issuer("http://127.0.0.1:1")
    _, document = made.answer(web.Asked("GET", "/.well-known/jwks.json", {}, {}, b""))
    assert set(document["keys"][0]) == {"kty", "n", "e", "kid", "use", "alg"}


def test_another_issuer_port_goes_into_a_copy_of_the_document(tmp_path: Path) -> None:
    usual = Issuer(f"http://127.0.0.1:{issuer.PORT}")
    assert gateway.http_api(usual, tmp_path) == gateway.HTTP_API
    copy = gateway.http_api(Issuer("http://127.0.0.1:1"), tmp_path).read_text()
    assert "issuer: http://127.0.0.1:1\n" in copy
    assert str(issuer.PORT) not in copy


def test_variables_are_for_their_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "env"
    tour.write_variables({"A": "it's $one"}, file)
    assert file.stat().st_mode & 0o777 == 0o600
    done = subprocess.run(
        ["sh", "-c", f'. {file}; printf %s "$A"'], capture_output=True, text=True, check=True
    )
    assert done.stdout == "it's $one"


def test_a_taken_port_gives_way_only_where_none_was_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(demo, "_USUAL_PORT", port)
        assert demo.choose_port(None) == 0
        assert demo.choose_port(port) == port
    assert demo.choose_port(None) == port


class Demo:
    """`python -m examples.petstore` as a user runs it."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "examples.petstore", *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def read_until(self, is_last: Callable[[str], bool]) -> str:
        read = []
        for line in self.process.stdout or ():
            read.append(line)
            if is_last(line):
                break
        return "".join(read)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise


@pytest.fixture(scope="module")
def table() -> Iterator[str]:
    running = Demo("--port", "0")
    try:
        yield running.read_until(lambda line: line.startswith("petstore: ready"))
    finally:
        running.stop()


def test_the_table_shows_every_route_with_true_answers(table: str) -> None:
    assert "instead of" not in table
    for case in CASES:
        assert case.route in table
    wanted = [(case.passes.status, case.refused.status) for case in CASES]
    found = [int(status) for _, status, _ in CALL.findall(table)]
    assert found == [status for pair in wanted for status in pair]


@pytest.mark.skipif(shutil.which("curl") is None, reason="pastes the printed curl commands")
def test_every_printed_command_does_what_the_table_says(table: str) -> None:
    source = re.search(r"^\s+(\. \S+/env)$", table, re.MULTILINE)
    assert source
    calls = CALL.findall(table)
    assert len(calls) == 2 * len(CASES)
    for _, status, command in calls:
        script = f"{source[1]}; {command} -s -S -o /dev/null -w '%{{http_code}}'"
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
        assert (done.stdout, done.stderr) == (status, ""), command


def test_ctrl_c_ends_everything_within_two_seconds() -> None:
    running = Demo("--port", "0")
    try:
        shown = running.read_until(lambda line: line.startswith("petstore: ready"))
        family = descendants(running.process.pid)
        assert len(family) > 1
        file = Path(re.search(r"^\s+\. (\S+/env)$", shown, re.MULTILINE)[1])  # type: ignore[index]
        assert file.exists()
        started = time.monotonic()
        running.process.send_signal(signal.SIGINT)
        running.process.communicate(timeout=10)
        assert time.monotonic() - started < 2
        assert running.process.returncode == 0
        assert not file.exists()
        assert not [pid for pid in family if Path(f"/proc/{pid}/exe").exists()]
    finally:
        running.stop()


def test_a_port_asked_for_and_taken_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        running = Demo("--port", str(taken.getsockname()[1]))
        said, _ = running.process.communicate(timeout=30)
    assert running.process.returncode == 1
    assert "petstore: the gateway ended with status 1" in said


def test_json_bodies_of_the_tour_are_json() -> None:
    for case in CASES:
        for ask in (case.passes, case.refused):
            if ask.variables and "J" in ask.variables:
                json.loads(ask.body or "")


def test_ports_that_are_free_are_found() -> None:
    assert web.is_free(free_port())
    assert web.is_free(web.free_port())
