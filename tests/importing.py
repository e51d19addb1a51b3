"""Files of users for tests of imports, and what becomes of them."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from bargate.cli.import_users import import_users
from bargate.secret import Secret
from bargate.userpool.imports.formats.exported import ExportedUser, Footer, Header, line_of

HASH = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$"
COLUMNS = (
    "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile",
    "picture", "website", "email", "email_verified", "gender", "birthdate", "zoneinfo", "locale",
    "phone_number", "phone_number_verified", "address", "updated_at", "cognito:mfa_enabled",
    "cognito:username",
)  # fmt: skip


def csv_text(rows: Sequence[dict[str, str]]) -> str:
    """Write AWS's CSV file."""
    lines = [",".join(COLUMNS)]
    lines += [",".join(row.get(column, "") for column in COLUMNS) for row in rows]
    return "\n".join(lines) + "\n"


def csv_row(name: str, **more: str) -> dict[str, str]:
    given = {
        "cognito:username": name,
        "cognito:mfa_enabled": "false",
        "email": f"{name}@example.org",
        "email_verified": "true",
    }
    return {**given, **more}


def csv_rows(count: int, prefix: str = "user") -> Iterator[dict[str, str]]:
    return (csv_row(f"{prefix}{number:07d}") for number in range(count))


def put(url: str, body: bytes, **headers: str) -> int:
    """PUT a body, and give the status."""
    request = urllib.request.Request(url, body, headers, method="PUT")
    try:
        with urllib.request.urlopen(request, timeout=60) as answered:
            return int(answered.status)
    except urllib.error.HTTPError as error:
        return error.code


IMPORT = ("-m", "bargate", "users", "import")


class Command:
    """`bargate users import` as a process of its own."""

    def __init__(self, *arguments: str, run_dir: Path, command: Sequence[str] = IMPORT) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *command, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "BARGATE_RUN_DIR": str(run_dir)},
        )

    def ended(self) -> tuple[int, str]:
        """Wait for its end; gives exit code and all that it said."""
        out, err = self.process.communicate(timeout=3_000)
        return self.process.returncode, out + err


def broken_off(
    *arguments: str, run_dir: Path, name: str, batch: int, process_id: int = 0
) -> tuple[int, str]:
    """Import until a signal breaks the command, or another process, off (`broken_import`)."""
    script = str(Path(__file__).with_name("broken_import.py"))
    command = (script, name, str(process_id), str(batch))
    return Command(*arguments, run_dir=run_dir, command=command).ended()


def import_file(*arguments: str, run_dir: Path) -> tuple[int, str]:
    """Import in this process: many tests import, and each start of a process takes its time."""
    done = CliRunner().invoke(import_users, arguments, env={"BARGATE_RUN_DIR": str(run_dir)})
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def reported(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def all_users(idp: Any, pool: str, **asked: Any) -> Iterator[dict[str, Any]]:
    token: dict[str, str] = {}
    while True:
        page = idp.list_users(UserPoolId=pool, **asked, **token)
        yield from page["Users"]
        if "PaginationToken" not in page:
            return
        token = {"PaginationToken": page["PaginationToken"]}


def write_users(path: Path, count: int) -> None:
    """Write our own file with hashes, in memory that does not grow; every thousandth is bad."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    with path.open("wb") as file:
        head = Header(bargate_users=1, pool_id="us-east-1_x", exported_at=now, has_hashes=True)
        file.write(line_of(head) + b"\n")
        for number in range(count):
            file.write(line_of(_user(number, now)) + b"\n")
        file.write(line_of(Footer(end=count)) + b"\n")


def _user(number: int, now: datetime) -> ExportedUser:
    name = f"user{number:07d}"
    domain = "example.org" if number % 1_000 != 999 else ""
    return ExportedUser(
        username=name,
        sub=str(uuid.UUID(int=number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128)),
        status="CONFIRMED" if number % 2 else "RESET_REQUIRED",
        enabled=number % 5 != 0,
        created_at=now,
        attributes={
            "email": f"{name}@{domain}",
            "email_verified": "true",
            "phone_number": f"+1555{number:07d}",
            "name": f"Name {number:07d}",
            "given_name": f"Given{number % 100:03d}",
            "family_name": f"Family{number % 10_000:05d}",
            "preferred_username": f"nick{number:07d}",
        },
        hash=Secret(f"{HASH}{number:042d}A") if number % 2 else None,
    )


def peak_kib(process_id: int) -> int:
    """Give the largest memory that a process had resident; 0 when it is gone."""
    try:
        text = Path(f"/proc/{process_id}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", text)
    return 0 if found is None else int(found[1])
