"""`bargate users export`: every user, what was asked for and no more, in a file of its owner's."""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner

from bargate.cli.users import export as export_users
from bargate.userpool.exports import PAGE_USERS
from bargate.userpool.imports.formats.exported import ExportedUser, Footer, Header, line_of
from e2e.control.installation import Running
from e2e.userpools.directory import PASSWORD, Directory
from importing import import_file
from serving import bargate as bargate_command
from user_files import NOW

SHARES_INSTALLATION = True
SEED = "JBSWY3DPEHPK3PXP"
EXPORT = [sys.executable, "-m", "bargate", "users", "export"]


@pytest.fixture(scope="module")
def people(bargate: Running) -> Directory:
    directory = Directory.of(bargate, Schema=[{"Name": "plan", "AttributeDataType": "String"}])
    directory.add(
        "ann", **{"email": "ann@example.org", "email_verified": "true", "custom:plan": "=1+1"}
    )
    directory.add("bob", None)
    directory.admin.admin_disable_user(UserPoolId=directory.id, Username="bob")
    directory.admin.create_group(UserPoolId=directory.id, GroupName="staff")
    directory.admin.admin_add_user_to_group(
        UserPoolId=directory.id, Username="ann", GroupName="staff"
    )
    return directory


def export(run_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Export in this process: many tests export, and each start of a process takes its time."""
    environment = {"BARGATE_RUN_DIR": str(run_dir)}
    done = CliRunner().invoke(export_users, arguments, env=environment)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def users_of(text: str) -> dict[str, dict[str, Any]]:
    lines = [json.loads(line) for line in text.splitlines()]
    assert lines[0]["bargate_users"] == 1
    assert lines[-1] == {"end": len(lines) - 2}
    return {each["username"]: each for each in lines[1:-1]}


def test_profiles_come_without_secrets(people: Directory, run_dir: Path) -> None:
    done = export(run_dir, "--pool", people.id)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "2 users exported\n"
    users = users_of(done.stdout)
    assert users["ann"]["attributes"]["custom:plan"] == "=1+1"
    assert users["ann"]["groups"] == ["staff"]
    assert (users["ann"]["status"], users["bob"]["status"]) == (
        "CONFIRMED",
        "FORCE_CHANGE_PASSWORD",
    )
    assert (users["ann"]["enabled"], users["bob"]["enabled"]) == (True, False)
    for name in ("hash", "srp_verifier", "srp_salt", "totp_seed", "former"):
        assert name not in users["ann"]


def test_hashes_come_into_a_file_of_the_owner_alone(
    people: Directory, run_dir: Path, tmp_path: Path
) -> None:
    out = tmp_path / "users.json"
    done = export(run_dir, "--pool", people.id, "--with-password-hashes", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [out]
    ann = users_of(out.read_text())["ann"]
    assert PasswordHasher().verify(ann["hash"], PASSWORD)
    assert int(ann["srp_verifier"], 16)
    assert ann["srp_salt"]


def test_a_file_is_replaced_only_by_force(people: Directory, run_dir: Path, tmp_path: Path) -> None:
    out, target = tmp_path / "users.json", tmp_path / "target"
    out.write_text("mine")
    done = export(run_dir, "--pool", people.id, "--out", str(out))
    assert (done.returncode, out.read_text()) == (1, "mine")
    assert "--force" in done.stderr
    assert export(run_dir, "--pool", people.id, "--out", str(out), "--force").returncode == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    out.unlink()
    out.symlink_to(target)
    assert export(run_dir, "--pool", people.id, "--out", str(out)).returncode == 1
    assert not target.exists()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["users.json"]


def test_what_cannot_be_exported_leaves_no_file(
    people: Directory, run_dir: Path, tmp_path: Path
) -> None:
    out = tmp_path / "users.json"
    done = export(run_dir, "--pool", "us-east-1_Nobody000", "--out", str(out))
    assert done.returncode == 1
    assert "us-east-1_Nobody000 does not exist" in done.stderr
    assert not list(tmp_path.iterdir())


def test_more_users_than_a_page_are_all_there_once(
    bargate: Running, run_dir: Path, tmp_path: Path
) -> None:
    number = 2 * PAGE_USERS
    directory = Directory.of(bargate)
    head = Header(bargate_users=1, pool_id=directory.id, exported_at=NOW, has_hashes=False)
    many = [
        ExportedUser(
            username=f"user-{each}",
            sub=str(uuid.UUID(int=each)),
            status="RESET_REQUIRED",
            enabled=True,
            created_at=NOW,
            attributes={},
        )
        for each in range(number)
    ]
    path = tmp_path / "many"
    path.write_bytes(b"\n".join(map(line_of, (head, *many, Footer(end=number)))) + b"\n")
    arguments = (str(path), "--pool", directory.id, "--format", "bargate")
    assert import_file(*arguments, run_dir=run_dir)[0] == 0
    done = export(run_dir, "--pool", directory.id)
    assert done.stderr == f"{number} users exported\n"
    assert done.stdout.splitlines()[1:] == path.read_text().splitlines()[1:]


def test_hashes_are_not_shown_on_a_terminal(people: Directory, run_dir: Path) -> None:
    master, slave = pty.openpty()
    environment = os.environ | {"BARGATE_RUN_DIR": str(run_dir)}
    arguments = [*EXPORT, "--pool", people.id, "--with-password-hashes"]
    done = subprocess.run(
        arguments, stdout=slave, stderr=subprocess.PIPE, env=environment, timeout=60, check=False
    )
    os.close(slave)
    assert done.returncode == 1
    assert b"not written to a terminal" in done.stderr
    with pytest.raises(OSError, match="Input/output"):
        os.read(master, 1_000)  # nothing was written before the other end was closed
    os.close(master)


def test_a_terminal_is_shown_how_far_it_is(people: Directory, run_dir: Path) -> None:
    master, slave = pty.openpty()
    environment = os.environ | {"BARGATE_RUN_DIR": str(run_dir), "TERM": "xterm", "COLUMNS": "80"}
    arguments = [*EXPORT, "--pool", people.id]
    done = subprocess.run(
        arguments, stdout=subprocess.PIPE, stderr=slave, env=environment, timeout=60, check=False
    )
    os.close(slave)
    shown = os.read(master, 65_536)
    os.close(master)
    assert done.returncode == 0
    assert b"2/2" in shown
    assert len(users_of(done.stdout.decode())) == 2


def test_the_audit_log_says_that_hashes_left(people: Directory, run_dir: Path) -> None:
    assert export(run_dir, "--pool", people.id, "--with-password-hashes").returncode == 0
    done = bargate_command("audit", "--json", "--pool", people.id, run_dir=run_dir)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    found = [each["resource"] for each in told if each["operation"] == "ExportUsers"]
    assert found[-1] == "with password hashes"
