"""`bargate serve` with an AWS endpoint, from its user's view: start, restart, reload, refusal, stop."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import boto3
import pytest

from documents import operation, proxy, rest, write
from e2e.control.installation import (
    Running,
    allow,
    deployed_api,
    installation,
    is_alive,
    until,
    user_key,
)
from serving import Backend, bargate, serve

FREE = ("--listen", "127.0.0.1:0", "--api-listen", "127.0.0.1:0", "--workers", "1")
POOL_OF_MEMORY = Path("/dev/shm")


def refused(*arguments: str, run_dir: Path) -> str:
    """Start what cannot start; gives what it says, which is no traceback."""
    done = bargate("serve", *arguments, run_dir=run_dir)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "bargate: cannot serve:" in done.stderr
    return done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def stored(folder: Path, run_dir: Path) -> tuple[Path, str]:
    """A folder that an installation was run on and left; with the path of an API in it."""
    with installation("--workers", "1", folder=folder, run_dir=run_dir) as running:
        api = deployed_api(running)
    return folder, api.path


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_first_start_makes_a_folder_that_aws_clients_understand(
    folder: Path, run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with installation("--workers", "1", folder=folder, run_dir=run_dir) as running:
        assert mode_of(folder) == 0o700
        assert mode_of(folder / "credentials") == 0o600
        assert mode_of(folder / "config") == 0o600
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))
        client = boto3.session.Session().client("sts")
        assert client.get_caller_identity()["Arn"] == "arn:aws:iam::000000000000:root"
        client.close()
        until_said = running.gateway.wait_for(r"export AWS_CONFIG_FILE=(\S+)")
        assert until_said.group(1) == str(folder / "config")


def test_a_second_start_keeps_the_key_and_serves_what_was_deployed(
    stored: tuple[Path, str], run_dir: Path
) -> None:
    folder, path = stored
    before = (folder / "credentials").read_bytes()
    with installation("--workers", "1", folder=folder, run_dir=run_dir) as running:
        assert (folder / "credentials").read_bytes() == before
        assert str(running.endpoint_port) in (folder / "config").read_text()
        assert running.call(path, sign=running.root).status == 200
        assert running.call(path).status == 403


def test_profiles_that_clients_keep_beside_the_default_one_stay(
    folder: Path, run_dir: Path
) -> None:
    role = "[profile dep]\nrole_arn = arn:aws:iam::000000000000:role/dep\nregion = eu-west-1\n"
    with installation(folder=folder, run_dir=run_dir):
        config = folder / "config"
        config.write_text(config.read_text() + "output = json\n" + role)
    texts = []
    for _ in range(2):
        with installation(folder=folder, run_dir=run_dir) as running:
            texts.append(config.read_text().replace(str(running.endpoint_port), "PORT"))
    ours = "region = us-east-1\nendpoint_url = http://127.0.0.1:PORT\n"
    assert texts == [f"[default]\n{ours}output = json\n{role}"] * 2


def test_credentials_that_were_removed_are_written_again(
    stored: tuple[Path, str], run_dir: Path
) -> None:
    folder, path = stored
    (folder / "credentials").unlink()
    with installation("--workers", "1", folder=folder, run_dir=run_dir) as running:
        assert mode_of(folder / "credentials") == 0o600
        assert running.call(path, sign=running.root).status == 200


def test_a_root_key_that_was_deleted_does_not_come_back(folder: Path, run_dir: Path) -> None:
    """AWS [D] advises to delete it; who wants another removes DIR/credentials too."""
    with installation("--workers", "1", folder=folder, run_dir=run_dir) as running:
        old = running.root
        admin = user_key(running.client("iam"), "admin", allow())
        running.client("iam").delete_access_key(AccessKeyId=old.id)
    with installation("--workers", "1", folder=folder, run_dir=run_dir) as running:
        assert running.root == old
        summary = running.client("iam", admin).get_account_summary()["SummaryMap"]
        assert summary["AccountAccessKeysPresent"] == 0
        with pytest.raises(Exception, match="InvalidClientTokenId"):
            running.client("sts").get_caller_identity()
    (folder / "credentials").unlink()
    with installation("--workers", "1", folder=folder, run_dir=run_dir) as running:
        assert running.root != old
        assert running.client("sts").get_caller_identity()["Arn"].endswith(":root")


def test_another_account_gets_a_root_key_of_its_own(
    stored: tuple[Path, str], run_dir: Path
) -> None:
    folder, _ = stored
    arguments = ("--workers", "1", "--account", "111122223333")
    with installation(*arguments, folder=folder, run_dir=run_dir) as running:
        account = running.client("sts").get_caller_identity()["Account"]
        assert account == "111122223333"


# Documents beside the store.


def document(origin: Backend, answer: str, **fields: Any) -> dict[str, Any]:
    get = operation(proxy(f"http://127.0.0.1:{origin.port}/{answer}"))
    return rest({"/pets": {"get": get}}, **fields)


@pytest.mark.parametrize("how", ["a changed file", "SIGHUP"])
def test_documents_are_imported_and_kept_in_step(
    how: str, tmp_path: Path, folder: Path, run_dir: Path, origin: Backend
) -> None:
    path = write(tmp_path, document(origin, "first"))
    with installation("--workers", "2", str(path), folder=folder, run_dir=run_dir) as running:
        client = running.client("apigateway")
        (api,) = client.get_rest_apis()["items"]
        target = f"/_api/{api['id']}/prod/pets"
        assert running.call(target).status == 200
        assert origin.received[-1].target == "/first"
        deployments = client.get_deployments(restApiId=api["id"])["items"]
        if how == "SIGHUP":
            # The file keeps its size and times, so that the signal alone tells of the change.
            old = path.stat()
            path.write_text(path.read_text().replace("/first", "/other"))
            os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))
            running.gateway.process.send_signal(signal.SIGHUP)
        else:
            write(tmp_path, document(origin, "other"))
        running.gateway.wait_for("reloaded")
        assert running.call(target).status == 200
        assert origin.received[-1].target == "/other"
        after = client.get_deployments(restApiId=api["id"])["items"]
        assert len(after) == len(deployments) + 1


def test_a_broken_document_is_refused_and_the_old_one_served(
    tmp_path: Path, folder: Path, run_dir: Path, origin: Backend
) -> None:
    path = write(tmp_path, document(origin, "good"))
    with installation("--workers", "1", str(path), folder=folder, run_dir=run_dir) as running:
        (api,) = running.client("apigateway").get_rest_apis()["items"]
        target = f"/_api/{api['id']}/prod/pets"
        for broken in ('{"openapi": ', "", json.dumps({"openapi": "3.0.1", "paths": 7})):
            path.write_text(broken)
            running.gateway.wait_for_error("reload refused")
            assert running.call(target).status == 200
        write(tmp_path, document(origin, "again"))
        running.gateway.wait_for("reloaded")
        assert running.call(target).status == 200
        assert origin.received[-1].target == "/again"


def test_a_restart_on_the_same_documents_deploys_nothing_anew(
    tmp_path: Path, folder: Path, run_dir: Path, origin: Backend
) -> None:
    path = write(tmp_path, document(origin, "pets"))
    counts = []
    for _ in range(2):
        with installation("--workers", "1", str(path), folder=folder, run_dir=run_dir) as running:
            client = running.client("apigateway")
            (api,) = client.get_rest_apis()["items"]
            counts.append(len(client.get_deployments(restApiId=api["id"])["items"]))
    assert counts == [1, 1]


def test_documents_and_apis_made_by_clients_are_served_side_by_side(
    tmp_path: Path, folder: Path, run_dir: Path, origin: Backend
) -> None:
    path = write(tmp_path, document(origin, "pets"))
    with installation("--workers", "1", str(path), folder=folder, run_dir=run_dir) as running:
        api = deployed_api(running)
        until(lambda: running.call(api.path, sign=running.root).status == 200)
        write(tmp_path, document(origin, "more"))
        running.gateway.wait_for("reloaded")
        assert running.call(api.path, sign=running.root).status == 200


def test_without_an_endpoint_documents_are_all_there_is(
    tmp_path: Path, run_dir: Path, origin: Backend
) -> None:
    path = write(tmp_path, document(origin, "pets"))
    with serve("--api-listen", "off", str(path), run_dir=run_dir) as gateway:
        target = gateway.wait_for(r"API .* at http://[^/]+(/_api/\S+)").group(1)
        assert gateway.call("GET", f"{target}/pets").status == 200
        parent = gateway.process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        commands = [Path(f"/proc/{child}/cmdline").read_text() for child in children]
        assert not [command for command in commands if "bargate.control" in command]
    for extra in (("--data", str(tmp_path / "data")), ("--dev",)):
        done = bargate("serve", "--api-listen", "off", str(path), *extra, run_dir=run_dir)
        assert (done.returncode, "AWS endpoint, which is off" in done.stderr) == (2, True)


# What cannot start.


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path, run_dir: Path) -> None:
    path = tmp_path / "file"
    path.write_text("")
    done = bargate("serve", *FREE, "--data", str(path), run_dir=run_dir)
    assert done.returncode != 0
    assert "is a file" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_others_may_write_in_is_refused(folder: Path, run_dir: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)
    told = refused(*FREE, "--data", str(folder), run_dir=run_dir)
    assert f"chmod 700 {folder}" in told


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone can make a folder of another user's")
def test_a_folder_of_another_user_is_refused(folder: Path, run_dir: Path) -> None:
    folder.mkdir()
    os.chown(folder, 65_534, 65_534)
    assert "belongs to another user" in refused(*FREE, "--data", str(folder), run_dir=run_dir)


def test_a_folder_that_cannot_be_made_is_refused(run_dir: Path) -> None:
    told = refused(*FREE, "--data", "/proc/nothing/here", run_dir=run_dir)
    assert "/proc/nothing/here" in told


def test_a_newer_store_is_refused(stored: tuple[Path, str], run_dir: Path) -> None:
    folder, _ = stored
    with closing(sqlite3.connect(folder / "bargate.db")) as database:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        database.execute(f"PRAGMA user_version = {version + 1}")
    assert "newer" in refused(*FREE, "--data", str(folder), run_dir=run_dir)


@pytest.mark.parametrize("damage", ["text", "a half", "the middle"])
def test_a_corrupted_store_is_refused(damage: str, stored: tuple[Path, str], run_dir: Path) -> None:
    folder, _ = stored
    path = folder / "bargate.db"
    whole = path.read_bytes()
    damaged = {
        "text": b"this is no database\n" * 200,
        "a half": whole[: len(whole) // 2],
        "the middle": whole[:4096] + b"\xa5" * (len(whole) - 4096),
    }
    path.write_bytes(damaged[damage])
    told = refused(*FREE, "--data", str(folder), run_dir=run_dir)
    assert str(folder) in told
    assert path.read_bytes() == damaged[damage]


def test_a_store_whose_master_key_is_another_is_refused(
    stored: tuple[Path, str], tmp_path: Path, run_dir: Path
) -> None:
    folder, _ = stored
    with installation("--workers", "1", folder=tmp_path / "other", run_dir=run_dir):
        pass
    shutil.copy(tmp_path / "other" / "master.key", folder / "master.key")
    assert "key" in refused(*FREE, "--data", str(folder), run_dir=run_dir)
    (folder / "master.key").unlink()
    assert "master.key" in refused(*FREE, "--data", str(folder), run_dir=run_dir)


def test_a_folder_in_use_is_refused_and_its_user_goes_on(folder: Path, run_dir: Path) -> None:
    with installation("--workers", "1", folder=folder, run_dir=run_dir) as running:
        told = refused(*FREE, "--data", str(folder), run_dir=run_dir)
        assert f"in use by process {running.control_id}" in told
        assert running.client("sts").get_caller_identity()["Account"] == "000000000000"


@pytest.mark.parametrize("option", ["--listen", "--api-listen"])
def test_a_port_that_is_taken_is_named(option: str, folder: Path, run_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        other = "--api-listen" if option == "--listen" else "--listen"
        told = refused(
            *(option, f"127.0.0.1:{port}", other, "127.0.0.1:0", "--data", str(folder)),
            run_dir=run_dir,
        )
    assert f"127.0.0.1:{port}" in told
    assert "in use" in told


def test_any_credentials_on_an_open_address_are_refused(run_dir: Path) -> None:
    for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:0", "example.com:0"):
        done = bargate(
            "serve", "--dev", "--listen", "127.0.0.1:0", "--api-listen", address, run_dir=run_dir
        )
        assert (done.returncode, "loopback only" in " ".join(done.stderr.split())) == (2, True)


# The end.


def memory_folder(running: Running) -> Path:
    """Give the folder of an installation in memory; others may run on this machine."""
    (folder,) = POOL_OF_MEMORY.glob(f"bargate-{running.gateway.process.pid}-*")
    return folder


def test_an_installation_in_memory_leaves_nothing_behind(run_dir: Path) -> None:
    with installation("--api-listen", "127.0.0.1:0", "--workers", "1", run_dir=run_dir) as running:
        made = memory_folder(running)
        assert mode_of(made) == 0o700
        running.folder = made
        api = deployed_api(running)
        until(lambda: running.call(api.path, sign=running.root).status == 200)
    assert not made.exists()


def test_a_folder_in_memory_that_a_killed_one_left_is_removed_by_the_next(run_dir: Path) -> None:
    arguments = ("--api-listen", "127.0.0.1:0", "--workers", "1")
    with installation(*arguments, run_dir=run_dir) as running:
        left = memory_folder(running)
        children = running.child_ids
        os.kill(running.gateway.process.pid, signal.SIGKILL)
        running.gateway.process.wait()
        until(lambda: not any(is_alive(child) for child in children))
    assert left.exists()
    with installation(*arguments, run_dir=run_dir):
        assert not left.exists()


@pytest.fixture
def busy(folder: Path, run_dir: Path) -> Iterator[tuple[Running, list[socket.socket]]]:
    """An installation with clients that are in the middle of something."""
    with installation("--workers", "2", folder=folder, run_dir=run_dir) as running:
        idle = socket.create_connection(("127.0.0.1", running.endpoint_port))
        half = socket.create_connection(("127.0.0.1", running.endpoint_port))
        half.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nAction=")
        kept = http.client.HTTPConnection("127.0.0.1", running.endpoint_port)
        kept.request("GET", "/_bargate/health")
        kept.getresponse().read()
        half_call = socket.create_connection(("127.0.0.1", running.gateway.port))
        half_call.sendall(b"POST /_api/a/b HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx")
        try:
            yield running, [idle, half, half_call]
        finally:
            kept.close()
            for each in (idle, half, half_call):
                each.close()


def test_an_interrupt_ends_everything_within_two_seconds(
    busy: tuple[Running, list[socket.socket]],
) -> None:
    running, _ = busy
    children = running.child_ids
    assert len(children) == 3
    began_s = time.monotonic()
    # A terminal sends it to the whole process group, so to the children as well.
    for process_id in (running.gateway.process.pid, *children):
        os.kill(process_id, signal.SIGINT)
    running.gateway.process.wait(10)
    took_s = time.monotonic() - began_s
    print(f"ended after {took_s:.2f} s")
    assert took_s < 2.0
    assert running.gateway.process.returncode == 0
    assert not any(is_alive(child) for child in children)


def test_a_stop_acknowledges_no_write_that_is_lost(folder: Path, run_dir: Path) -> None:
    acknowledged = []
    with installation("--workers", "1", folder=folder, run_dir=run_dir) as running:
        iam = running.client("iam")
        iam.create_user(UserName="before")
        os.kill(running.gateway.process.pid, signal.SIGTERM)
        for number in range(1_000):
            try:
                iam.create_user(UserName=f"user-{number}")
            except Exception:  # noqa: BLE001  whatever says that there is no answer
                break
            acknowledged.append(f"user-{number}")
        else:
            raise AssertionError("it did not stop")
        assert running.gateway.process.wait(15) == 0
    with installation("--workers", "1", folder=folder, run_dir=run_dir) as again:
        users = again.client("iam").list_users(MaxItems=1_000)["Users"]
        assert {"before", *acknowledged} <= {user["UserName"] for user in users}


def test_a_start_takes_no_longer_than_it_may(folder: Path, run_dir: Path) -> None:
    began_s = time.monotonic()
    with installation("--workers", "1", folder=folder, run_dir=run_dir):
        print(f"ready after {time.monotonic() - began_s:.2f} s")
        assert time.monotonic() - began_s < 5
