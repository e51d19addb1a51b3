"""Very many users: imported and listed in memory, and page by page in time, that do not grow."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.control.installation import Running, Spread
from importing import Command, all_users, peak_kib, write_users

COMMAND_KIB = 160 * 1024
GROWTH_KIB = 160 * 1024


def imported(bargate: Running, pool: str, folder: Path, count: int, run_dir: Path) -> None:
    """Import so many users while somebody reads; holds bounds on memory of both processes."""
    path = folder / "users.jsonl"
    write_users(path, count)
    before, highest = peak_kib(bargate.control_id), 0
    began = time.perf_counter()
    arguments = (str(path), "--pool", pool, "--format", "bargate")
    command = Command(*arguments, run_dir=run_dir)
    idp, calls = bargate.client("cognito-idp"), Spread()
    while command.process.poll() is None:
        asked = time.perf_counter()
        idp.describe_user_pool_client(UserPoolId=pool, ClientId=bargate_client(idp, pool))
        calls.times_ms.append((time.perf_counter() - asked) * 1_000 / 2)
        highest = max(highest, peak_kib(command.process.pid))
        time.sleep(0.05)  # a client among others, not a flood
    code, said = command.ended()
    took_s = time.perf_counter() - began
    bad = count // 1_000
    assert f"{count - bad:,} imported, 0 there before, {bad:,} refused" in said, said
    assert code == int(bad > 0)
    grown = peak_kib(bargate.control_id) - before
    p99 = sorted(calls.times_ms)[int(len(calls.times_ms) * 0.99)]
    print(
        f"{count / took_s:,.0f} rows/s; command {highest // 1024} MiB, control process"
        f" +{grown // 1024} MiB; other calls meanwhile: {calls}, p99 {p99:.0f} ms"
    )
    assert highest < COMMAND_KIB
    assert grown < GROWTH_KIB


def bargate_client(idp: Any, pool: str) -> str:
    found = idp.list_user_pool_clients(UserPoolId=pool, MaxResults=1)["UserPoolClients"]
    return str(found[0]["ClientId"])


def pages(idp: Any, pool: str) -> Iterator[tuple[list[str], float]]:
    """Give names page by page, with the time of each page in milliseconds."""
    token: dict[str, str] = {}
    while True:
        began = time.perf_counter()
        page = idp.list_users(UserPoolId=pool, AttributesToGet=["sub"], **token)
        yield [each["Username"] for each in page["Users"]], (time.perf_counter() - began) * 1_000
        if "PaginationToken" not in page:
            return
        token = {"PaginationToken": page["PaginationToken"]}


def check_pages(bargate: Running, pool: str, count: int) -> None:
    idp = bargate.client("cognito-idp")
    before = peak_kib(bargate.control_id)
    found: set[str] = set()
    times_ms: list[float] = []
    for names, took_ms in pages(idp, pool):
        assert found.isdisjoint(names)
        found.update(names)
        times_ms.append(took_ms)
    assert len(found) == count - count // 1_000
    fifth = max(len(times_ms) // 5, 1)
    first, last = statistics.median(times_ms[:fifth]), statistics.median(times_ms[-fifth:])
    print(f"{len(times_ms):,} pages: the first fifth {first:.1f} ms, the last {last:.1f} ms each")
    assert last < 2 * first + 5
    assert peak_kib(bargate.control_id) - before < GROWTH_KIB


def check_filters(bargate: Running, pool: str, count: int) -> None:
    """Hold every filter of AWS's to what it finds, and to less time than a page and a half."""
    idp = bargate.client("cognito-idp")
    last = count - 2
    (user,) = listed(idp, pool, f'username = "user{last:07d}"')
    sub = next(each["Value"] for each in user["Attributes"] if each["Name"] == "sub")
    exact = {
        "email": f"user{last:07d}@example.org",
        "phone_number": f"+1555{last:07d}",
        "name": f"Name {last:07d}",
        "preferred_username": f"nick{last:07d}",
        "username": f"user{last:07d}",
        "sub": sub,
    }
    for name, value in exact.items():
        for sign, text in (("=", value), ("^=", value[:-1] if name != "sub" else value[:35])):
            found = listed(idp, pool, f'{name} {sign} "{text}"')
            assert f"user{last:07d}" in {each["Username"] for each in found}, (name, sign)
            assert len(found) <= 10, (name, sign)
        assert listed(idp, pool, f'{name} = "nobody"') == []
    for text in (
        'given_name = "Given042"',
        'given_name ^= "Given0"',
        'family_name = "Family00042"',
        'family_name ^= "Family000"',
        'cognito:user_status = "CONFIRMED"',
        'cognito:user_status ^= "RESET"',
        'status = "Enabled"',
        'status = "Disabled"',
        'status ^= "Dis"',
        'email ^= "user"',
    ):
        assert listed(idp, pool, text), text
    assert listed(idp, pool, 'cognito:user_status = "UNCONFIRMED"') == []


def listed(idp: Any, pool: str, text: str) -> list[dict[str, Any]]:
    began = time.perf_counter()
    page = idp.list_users(UserPoolId=pool, Filter=text)
    took_ms = (time.perf_counter() - began) * 1_000
    print(f"{text:45} {len(page['Users']):3} users {took_ms:6.1f} ms")
    assert took_ms < 500, text
    return list(page["Users"])


def check_all(bargate: Running, folder: Path, count: int, run_dir: Path) -> None:
    idp = bargate.client("cognito-idp")
    pool = idp.create_user_pool(PoolName="many")["UserPool"]["Id"]
    idp.create_user_pool_client(UserPoolId=pool, ClientName="app")
    imported(bargate, pool, folder, count, run_dir)
    check_filters(bargate, pool, count)
    check_pages(bargate, pool, count)
    began = time.perf_counter()
    said = idp.describe_user_pool(UserPoolId=pool)["UserPool"]["EstimatedNumberOfUsers"]
    print(f"DescribeUserPool: {(time.perf_counter() - began) * 1_000:.1f} ms")
    assert said == count - count // 1_000
    (user,) = list(all_users(idp, pool, Filter='username = "user0000001"'))
    assert user["UserStatus"] == "CONFIRMED"


def test_two_thousand_users(bargate: Running, tmp_path: Path, run_dir: Path) -> None:
    check_all(bargate, tmp_path, 2_000, run_dir)


@pytest.mark.slow
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("count", [50_000, 1_000_000])
def test_a_million_users(bargate: Running, tmp_path: Path, run_dir: Path, count: int) -> None:
    check_all(bargate, tmp_path, count, run_dir)
