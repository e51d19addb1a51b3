"""`bargate users import`, broken off in every way, against a real installation."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from e2e.control.installation import Running, is_alive, until
from importing import (
    Command,
    all_users,
    broken_off,
    csv_row,
    csv_rows,
    csv_text,
    import_file,
    reported,
)

SHARES_INSTALLATION = True


@pytest.fixture
def idp(bargate: Running) -> Any:
    return bargate.client("cognito-idp")


@pytest.fixture
def pool(idp: Any) -> str:
    made = idp.create_user_pool(PoolName="people", AutoVerifiedAttributes=["email"])
    return str(made["UserPool"]["Id"])


def written(path: Path, rows: list[dict[str, str]]) -> Path:
    path.write_text(csv_text(rows))
    return path


def names(idp: Any, pool: str) -> Counter[str]:
    return Counter(each["Username"] for each in all_users(idp, pool))


def count(idp: Any, pool: str) -> int:
    return int(idp.describe_user_pool(UserPoolId=pool)["UserPool"]["EstimatedNumberOfUsers"])


def test_rows_become_users_and_bad_ones_a_report(
    idp: Any, pool: str, tmp_path: Path, run_dir: Path
) -> None:
    rows = [csv_row("ann"), csv_row("=SUM(A1)", email="x"), csv_row("bob"), csv_row("ann")]
    path = written(tmp_path / "users.csv", rows)
    code, said = import_file(str(path), "--pool", pool, run_dir=run_dir)
    assert (code, "2 imported, 1 there before, 1 refused" in said) == (1, True), said
    report = tmp_path / "users.csv.report.csv"
    assert report.stat().st_mode & 0o777 == 0o600
    assert reported(report) == [
        {"line": "3", "username": "'=SUM(A1)", "reason": "Invalid email address format."},
        {"line": "5", "username": "ann", "reason": "User already exists"},
    ]
    assert set(names(idp, pool)) == {"ann", "bob"}
    # The same file is not imported twice, unless that is said.
    code, said = import_file(str(path), "--pool", pool, run_dir=run_dir)
    assert (code, "imported before" in said) == (1, True), said
    code, said = import_file(str(path), "--pool", pool, "--again", run_dir=run_dir)
    assert (code, "0 imported, 3 there before, 1 refused" in said) == (1, True), said
    assert len(reported(report)) == 4


def test_a_file_in_another_format_is_named_so(pool: str, tmp_path: Path, run_dir: Path) -> None:
    path = tmp_path / "realm.json"
    path.write_text('{"users": []}')
    code, said = import_file(str(path), "--pool", pool, run_dir=run_dir)
    assert code == 1
    assert "it was read as csv: --format says another" in said
    code, said = import_file(str(path), "--pool", pool, "--format", "keycloak", run_dir=run_dir)
    assert (code, said.strip()) == (0, "0 imported, 0 there before, 0 refused")


def test_a_file_without_bad_rows_ends_well(
    idp: Any, pool: str, tmp_path: Path, run_dir: Path
) -> None:
    path = written(tmp_path / "users.csv", [csv_row("ann")])
    code, said = import_file(str(path), "--pool", pool, run_dir=run_dir)
    assert (code, said.strip()) == (0, "1 imported, 0 there before, 0 refused")


def test_a_file_of_another_format_or_pool_is_refused(
    pool: str, tmp_path: Path, run_dir: Path
) -> None:
    path = written(tmp_path / "users.csv", [csv_row("ann")])
    arguments = (str(path), "--pool", pool, "--format", "bargate")
    code, said = import_file(*arguments, run_dir=run_dir)
    assert (code, "no export of users" in said) == (1, True), said
    code, said = import_file(str(path), "--pool", "us-east-1_nobody", run_dir=run_dir)
    assert (code, "User pool us-east-1_nobody does not exist." in said) == (1, True), said


def test_a_report_overwrites_nothing_else(pool: str, tmp_path: Path, run_dir: Path) -> None:
    path = written(tmp_path / "users.csv", [csv_row("ann")])
    other = tmp_path / "thesis.txt"
    other.write_text("years of work")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "new")
    for target in (other, link):
        arguments = (str(path), "--pool", pool, "--report", str(target))
        assert import_file(*arguments, run_dir=run_dir)[0] == 1
    assert (other.read_text(), (tmp_path / "new").exists()) == ("years of work", False)


def test_an_import_goes_on_whatever_breaks_it_off(
    idp: Any, pool: str, tmp_path: Path, run_dir: Path, bargate: Running
) -> None:
    """Each time behind a batch of 200 rows that is written, and not reported yet."""
    rows = list(csv_rows(1_000))
    for row in rows[::100]:
        row["email"] = "none"
    path = written(tmp_path / "many.csv", rows)
    arguments = (str(path), "--pool", pool)
    code, said = broken_off(*arguments, run_dir=run_dir, name="SIGKILL", batch=2)
    assert (code, count(idp, pool)) == (-signal.SIGKILL, 396), said
    # Meanwhile the file may not become another one.
    content = path.read_text()
    path.write_text(content.replace("user0000999", "user9999999"))
    code, said = import_file(*arguments, run_dir=run_dir)
    assert (code, "the file has changed since its import began" in said) == (1, True), said
    path.write_text(content)
    killed = bargate.control_id
    code, said = broken_off(*arguments, run_dir=run_dir, name="SIGKILL", batch=1, process_id=killed)
    assert (code, "run the command again to go on" in said) == (1, True), said
    until(lambda: not is_alive(killed) and idp_answers(idp, pool), 30)
    assert count(idp, pool) == 594
    code, said = broken_off(*arguments, run_dir=run_dir, name="SIGINT", batch=1)
    assert (code, "run the command again to go on" in said) == (1, True), said
    assert count(idp, pool) in (792, 990)  # the last batch may have been on its way
    code, said = import_file(*arguments, run_dir=run_dir)
    assert (code, "going on after row" in said) == (1, True), said
    # Every row was made a user once, or reported once.
    assert "990 imported, 0 there before, 10 refused" in said, said
    found = names(idp, pool)
    assert (len(found), max(found.values())) == (990, 1)
    bad = [int(each["line"]) for each in reported(path.with_name("many.csv.report.csv"))]
    assert bad == [2 + 100 * number for number in range(10)]


def idp_answers(idp: Any, pool: str) -> bool:
    try:
        return count(idp, pool) > 0
    except (BotoCoreError, ClientError):
        return False


def test_two_files_race_into_one_pool(idp: Any, pool: str, tmp_path: Path, run_dir: Path) -> None:
    """Of a name that both have one gets in; two commands of one file do not share its rows."""
    rows = list(csv_rows(400))
    paths = [
        written(tmp_path / "a.csv", [*rows, csv_row("a")]),
        written(tmp_path / "b.csv", [*rows, csv_row("b")]),
    ]
    commands = [Command(str(path), "--pool", pool, run_dir=run_dir) for path in paths]
    outputs = [command.ended()[1] for command in commands]
    found = names(idp, pool)
    assert (len(found), max(found.values())) == (402, 1), outputs
    lines = [len(reported(path.with_name(f"{path.name}.report.csv"))) for path in paths]
    assert sum(lines) == 400
