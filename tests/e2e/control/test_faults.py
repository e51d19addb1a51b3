"""What is left when a process is killed: all that was acknowledged, and calls go on."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import botocore.exceptions
import pytest

from e2e.control.installation import (
    Api,
    Running,
    allow,
    deployed_api,
    installation,
    is_alive,
    until,
    user_key,
)

ROUNDS = 10
WRITERS = 4


@contextlib.contextmanager
def in_threads(*work: Callable[[], None]) -> Iterator[None]:
    """Run work beside the block; what it raises is raised at the end."""
    failures: list[BaseException] = []

    def guarded(each: Callable[[], None]) -> None:
        try:
            each()
        except BaseException as failure:  # noqa: BLE001  handed over to the test
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(each,)) for each in work]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join(60)
    if failures:
        raise failures[0]


class Writers:
    """Clients that make users without end; `acknowledged` are those they were told of."""

    def __init__(self, running: Running) -> None:
        self.acknowledged: set[str] = set()
        self.is_over = threading.Event()
        self._running = running

    def threads(self) -> list[Callable[[], None]]:
        return [lambda number=number: self._write(number) for number in range(WRITERS)]  # type: ignore[misc]

    def _write(self, number: int) -> None:
        iam = self._running.client("iam")
        count = 0
        while not self.is_over.is_set():
            name = f"writer-{number}-{count}"
            count += 1
            try:
                iam.create_user(UserName=name)
            except botocore.exceptions.HTTPClientError:
                continue  # killed in between: nobody promised anything
            self.acknowledged.add(name)


def users_of(running: Running) -> set[str]:
    pages = running.client("iam").get_paginator("list_users").paginate()
    return {user["UserName"] for page in pages for user in page["Users"]}


def kill_control(running: Running) -> int:
    """Kill the control process; gives its id."""
    process_id = running.control_id
    os.kill(process_id, signal.SIGKILL)
    return process_id


def answers(running: Running) -> bool:
    try:
        running.client("sts").get_caller_identity()
    except botocore.exceptions.HTTPClientError:
        return False
    return True


def test_a_control_process_that_is_killed_loses_nothing_and_workers_serve_on(
    bargate: Running,
) -> None:
    api = deployed_api(bargate)
    root = bargate.root
    until(lambda: bargate.call(api.path, sign=root).status == 200)
    writers = Writers(bargate)
    statuses: list[int] = []

    def call() -> None:
        while not writers.is_over.is_set():
            statuses.append(bargate.call(api.path, sign=root).status)

    with in_threads(*writers.threads(), call):
        try:
            for _ in range(ROUNDS):
                before = len(writers.acknowledged)
                until(lambda before=before: len(writers.acknowledged) > before + 5, 30)  # type: ignore[misc]
                killed = kill_control(bargate)
                until(lambda killed=killed: not is_alive(killed))  # type: ignore[misc]
        finally:
            writers.is_over.set()
    until(lambda: answers(bargate), 30)
    assert writers.acknowledged <= users_of(bargate)
    assert len(writers.acknowledged) > ROUNDS * 5
    assert set(statuses) == {200}
    assert len(statuses) > ROUNDS


def test_a_call_that_comes_while_the_control_process_is_away_is_answered(bargate: Running) -> None:
    until(lambda: answers(bargate), 30)
    killed = kill_control(bargate)
    until(lambda: not is_alive(killed))
    connection = http.client.HTTPConnection("127.0.0.1", bargate.endpoint_port, timeout=30)
    try:
        connection.request("GET", "/_bargate/health")
        assert connection.getresponse().status == 200
    finally:
        connection.close()


def test_what_is_written_after_a_restart_reaches_the_workers(bargate: Running) -> None:
    until(lambda: answers(bargate), 30)
    api = deployed_api(bargate)
    killed = kill_control(bargate)
    until(lambda: not is_alive(killed) and answers(bargate), 30)
    key = user_key(bargate.client("iam"), "after-the-restart", allow("execute-api:Invoke"))
    until(lambda: bargate.call(api.path, sign=key).status == 200)
    bargate.client("iam").delete_user_policy(UserName="after-the-restart", PolicyName="p")
    until(lambda: bargate.call(api.path, sign=key).status == 403)


def test_a_worker_that_is_killed_while_changes_come_serves_them_all(bargate: Running) -> None:
    until(lambda: answers(bargate), 30)
    api = deployed_api(bargate)
    client = bargate.client("apigateway")
    over = threading.Event()

    def kill() -> None:
        while not over.is_set():
            ids = bargate.worker_ids
            os.kill(ids[len(ids) // 2], signal.SIGKILL)
            until(lambda ids=ids: len(set(bargate.worker_ids) - set(ids)) >= 1, 30)  # type: ignore[misc]
            time.sleep(0.3)

    with in_threads(kill):
        try:
            for number in range(20):
                put_answer(client, api, f'{{"number":{number}}}')
                client.create_deployment(restApiId=api.id, stageName=api.stage)
        finally:
            over.set()
    until(lambda: len(bargate.worker_ids) == 2)

    def told() -> set[object]:
        answers = [bargate.call(api.path, sign=bargate.root) for _ in range(20)]
        return {answer.json.get("number") for answer in answers}

    until(lambda: told() == {19}, 20)


def put_answer(client: object, api: Api, text: str) -> None:
    client.put_integration_response(  # type: ignore[attr-defined]
        restApiId=api.id,
        resourceId=api.root_id,
        httpMethod="GET",
        statusCode="200",
        responseTemplates={"application/json": text},
    )


@pytest.fixture
def own(tmp_path: Path, run_dir: Path) -> Iterator[Running]:
    """An installation that a test may break."""
    with installation("--workers", "2", folder=tmp_path / "data", run_dir=run_dir) as running:
        yield running


def test_a_supervisor_that_is_killed_leaves_no_process_and_a_store_that_opens_at_once(
    own: Running, run_dir: Path
) -> None:
    api = deployed_api(own)
    key = user_key(own.client("iam"), "stays", allow("execute-api:Invoke"))
    children = own.child_ids
    assert len(children) == 3
    os.kill(own.gateway.process.pid, signal.SIGKILL)
    own.gateway.process.wait()
    with installation("--workers", "2", folder=own.folder, run_dir=run_dir) as again:
        assert again.root == own.root
        until(lambda: again.call(api.path, sign=key).status == 200)
    until(lambda: not any(is_alive(child) for child in children))


def test_all_children_may_be_killed_at_once(own: Running) -> None:
    api = deployed_api(own)
    for process_id in (*own.worker_ids, own.control_id):
        os.kill(process_id, signal.SIGKILL)
    assert own.call(api.path, sign=own.root).status == 200
    until(lambda: answers(own), 30)
    assert own.client("apigateway").get_rest_api(restApiId=api.id)["name"] == "pets"
    assert own.gateway.process.poll() is None


def test_an_endpoint_whose_store_was_refused_for_a_while_comes_back(own: Running) -> None:
    api = deployed_api(own)
    assert own.folder is not None
    own.folder.chmod(0o777)
    kill_control(own)
    own.gateway.wait_for_error(f"others may write in {own.folder}")
    assert own.call(api.path, sign=own.root).status == 200
    own.folder.chmod(0o700)
    until(lambda: answers(own), 30)
    assert own.client("apigateway").get_rest_api(restApiId=api.id)["name"] == "pets"
