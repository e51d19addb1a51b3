"""Asking why a call ended as `internal` costs no worker, and a client's number is no bug."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from documents import operation, rest
from served import ServedApi, served
from serving import bargate


def _template(text: str) -> dict[str, object]:
    return operation(
        {
            "type": "mock",
            "requestTemplates": {"application/json": text + '{"statusCode": 200}'},
            "responses": {"default": {"statusCode": "200"}},
        }
    )


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, run_dir: Path) -> Iterator[ServedApi]:
    document = rest(
        {
            "/int": {"post": _template("#set($n = $input.path('$.n').intValue())")},
            "/rest": {"post": _template("#set($n = $input.path('$.n') % 2)")},
            "/times": {"post": _template("#set($n = $input.path('$.n') * 0.5)")},
        }
    )
    with served(tmp_path_factory.mktemp("why"), run_dir, document) as running:
        yield running


def _workers(api: ServedApi) -> set[str]:
    command = ["ps", "--ppid", str(api.gateway.process.pid), "-o", "pid="]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return set(found.stdout.split())  # none just after a worker has ended


def test_why_never_ends_a_worker(api: ServedApi, run_dir: Path) -> None:
    answer = api.call("POST", "/int", {"Content-Type": "application/json"}, b'{"n":1e999}')
    assert answer.status == 500
    workers = _workers(api)
    told = bargate("why", answer.request_id, run_dir=run_dir)
    assert _workers(api) == workers
    assert told.returncode == 0, told.stderr


@pytest.mark.parametrize(
    ("path", "number"), [("/int", "1e999"), ("/rest", "1e999"), ("/times", "9" * 400)]
)
def test_a_number_of_the_clients_is_no_bug(api: ServedApi, path: str, number: str) -> None:
    body = f'{{"n":{number}}}'.encode()
    answer = api.call("POST", path, {"Content-Type": "application/json"}, body)
    line = api.log_line(answer)
    assert (answer.status, line["reason"]) == (500, "integration.template")


def test_the_socket_answers_nobody_else(api: ServedApi, run_dir: Path) -> None:
    (path,) = run_dir.glob(f"gateway-{api.gateway.port}.sock")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_uid == os.getuid()
