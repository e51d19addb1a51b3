"""The audit log of a running installation: `bargate audit`, kill -9, and who lies about themselves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from e2e.control.installation import Running, until
from e2e.userpools.directory import Directory, refusal

WRITERS = 3
KILLS = 1


@pytest.fixture(scope="module")
def people(bargate: Running) -> Directory:
    return Directory.of(bargate)


def audit(bargate: Running, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "BARGATE_RUN_DIR": str(bargate.gateway.run_dir)}
    return subprocess.run(
        [sys.executable, "-m", "bargate", "audit", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def events(bargate: Running, *arguments: str) -> list[dict[str, Any]]:
    shown = audit(bargate, "--json", *arguments)
    assert shown.returncode == 0, shown.stderr
    return [json.loads(line) for line in shown.stdout.splitlines()]


def test_who_did_what_from_where_is_shown(bargate: Running, people: Directory) -> None:
    sub = people.add("ann")
    tokens = people.sign_in("ann")
    people.refresh(tokens["RefreshToken"])
    refusal(people.sign_in, "ann", "Wrong-password-1")
    until(lambda: len(events(bargate, "--pool", people.id, "--user", sub)) == 5)
    found = events(bargate, "--pool", people.id, "--user", "ann", "--since", "10m")
    assert [(each["operation"], each["outcome"]) for each in found] == [
        ("AdminCreateUser", "ok"),
        ("AdminSetUserPassword", "ok"),
        ("InitiateAuth", "ok"),
        ("InitiateAuth", "NotAuthorizedException"),
    ]  # the refresh names no user, but their sub
    assert {each["sub"] for each in found} == {sub}
    assert {each["address"] for each in found} == {"127.0.0.1"}
    assert found[0]["caller"].endswith(":root")
    assert events(bargate, "--since", "2100-01-01") == []
    lines = audit(bargate, "--user", "ann").stdout.splitlines()
    assert len(lines) == 4
    assert "NotAuthorizedException" in lines[3]
    assert f"ann ({sub})" in lines[3]
    assert "from 127.0.0.1" in lines[3]
    assert audit(bargate, "--since", "soon").returncode == 2


def test_a_forwarded_address_is_not_believed(bargate: Running, people: Directory) -> None:
    def lie(request: Any, **_: Any) -> None:
        request.headers["X-Forwarded-For"] = "203.0.113.9"
        request.headers["Forwarded"] = "for=203.0.113.9"
        request.headers["X-Real-IP"] = "203.0.113.9"

    people.public.meta.events.register("before-send", lie)
    try:
        assert refusal(people.sign_in, "liar")[0] == "UserNotFoundException"
    finally:
        people.public.meta.events.unregister("before-send", lie)
    until(lambda: bool(events(bargate, "--user", "liar")))
    (found,) = events(bargate, "--user", "liar")
    assert found["address"] == "127.0.0.1"
    assert "203.0.113.9" not in json.dumps(found)


def test_a_name_cannot_speak_to_the_terminal_or_forge_a_line(
    bargate: Running, people: Directory
) -> None:
    name = 'eve\x1b[2J\x1b]0;x\x07\n{"number":1,"time":"2026"}\r\u202e\x9b31m'
    assert refusal(people.sign_in, name)[0] == "UserNotFoundException"
    until(lambda: any("eve" in each.get("user", "") for each in events(bargate)))
    (line,) = [each for each in audit(bargate).stdout.split("\n") if "eve" in each]
    assert line.isprintable()
    assert "\\x1b[2J" in line
    assert bargate.folder is not None
    for path in (bargate.folder / "audit").iterdir():
        assert all(each.isprintable() for each in path.read_text().splitlines())
    assert audit(bargate, "--verify").returncode == 0


def test_what_comes_is_shown_as_it_comes(bargate: Running, people: Directory) -> None:
    environment = {**os.environ, "BARGATE_RUN_DIR": str(bargate.gateway.run_dir)}
    command = [sys.executable, "-m", "bargate", "audit", "--json", "--follow", "--user", "new"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as following:
        try:
            people.add("new")
            assert following.stdout is not None
            for operation in ("AdminCreateUser", "AdminSetUserPassword"):
                assert json.loads(following.stdout.readline())["operation"] == operation
            people.admin.admin_disable_user(UserPoolId=people.id, Username="new")
            assert json.loads(following.stdout.readline())["operation"] == "AdminDisableUser"
        finally:
            following.send_signal(signal.SIGINT)
            try:
                following.wait(20)
            finally:
                following.kill()
        assert following.returncode == 0


def test_a_changed_file_is_found(bargate: Running, people: Directory, tmp_path: Path) -> None:
    assert bargate.folder is not None
    people.add("changed")
    copy = tmp_path / "data"
    (copy / "audit").mkdir(parents=True)
    (copy / "master.key").write_bytes((bargate.folder / "master.key").read_bytes())
    (copy / "master.key").chmod(0o600)
    for path in (bargate.folder / "audit").iterdir():
        text = path.read_bytes()
        (copy / "audit" / path.name).write_bytes(text.replace(b"AdminCreateUser", b"AdminGetUser"))
    shown = audit(bargate, "--verify", "--data", str(copy))
    assert shown.returncode == 1
    assert "it was changed" in shown.stdout
    intact = audit(bargate, "--verify")
    assert intact.returncode == 0, intact.stdout
    end = next(each.split()[-1] for each in intact.stdout.splitlines() if "changes" in each)
    people.add("more")
    assert audit(bargate, "--verify", "--through", end).returncode == 0
    forged = end[:-1] + ("0" if end[-1] != "0" else "1")
    assert audit(bargate, "--verify", "--through", forged).returncode == 1


def test_after_kill_9_all_that_was_acknowledged_is_in_the_chain(
    bargate: Running, people: Directory
) -> None:
    acknowledged: list[str] = []
    ends = threading.Event()

    def write(writer: int) -> None:
        client = bargate.client("cognito-idp")
        number = 0
        while not ends.is_set():
            name = f"k-{writer}-{number}"
            number += 1
            try:
                client.admin_create_user(
                    UserPoolId=people.id, Username=name, MessageAction="SUPPRESS"
                )
            except (BotoCoreError, ClientError):
                ends.wait(0.05)
                continue
            acknowledged.append(name)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(KILLS):
            before = len(acknowledged)
            until(lambda before=before: len(acknowledged) >= before + 10, 30)  # type: ignore[misc]
            killed = bargate.control_id
            os.kill(killed, signal.SIGKILL)
            until(lambda killed=killed: _is_back(bargate, killed), 30)  # type: ignore[misc]
    finally:
        ends.set()
        for thread in threads:
            thread.join()
    checked = audit(bargate, "--verify")
    assert checked.returncode == 0, checked.stdout
    noted = {each.get("user") for each in events(bargate) if each["outcome"] == "ok"}
    assert set(acknowledged) <= noted
    assert len(acknowledged) >= KILLS * 10
    starts = [each for each in events(bargate) if each["operation"] == "Start"]
    assert len(starts) == KILLS + 1


def _is_back(bargate: Running, killed: int) -> bool:
    try:
        return bargate.control_id != killed
    except IndexError:
        return False
