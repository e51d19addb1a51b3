"""Rows against a pool: who is let in as what, who is refused, and batches that move on once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from bargate.records.pool_group import POOL_GROUP, POOL_MEMBERSHIP, PoolGroup
from bargate.records.pool_import import POOL_IMPORT, PoolImport
from bargate.records.pool_user import POOL_CREDENTIALS, POOL_USER
from bargate.records.user_pool import USER_POOL, UserPool
from bargate.secret import Secret
from bargate.store.sqlite import SqliteStore
from bargate.userpool.imports.batch import BATCH_ROWS, Batch, Batches
from bargate.userpool.imports.check import credentials_of, user_of
from bargate.userpool.imports.formats import WrongFormat
from bargate.userpool.imports.row import BadRow, ImportedUser, SrpVerifier
from bargate.userpool.imports.write import NotNext, write_batch
from bargate.userpool.schema import new_schema
from bargate.wire.error import AwsError

NOW = datetime(2026, 5, 1, tzinfo=UTC)
HASH = Secret("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$" + "a" * 42 + "A")
SUB = "11111111-2222-4333-8444-555555555555"
KEY = ("us-east-1_abcdefghi", "file-1")


def pool(**more: Any) -> UserPool:
    given = {"schema": new_schema([]), "auto_verified": ("email",), **more}
    return UserPool(
        account_id="0" * 12, region="us-east-1", id=KEY[0], name="p", created_at=NOW,
        modified_at=NOW, **given,
    )  # fmt: skip


def row(username: str = "ann", **more: Any) -> ImportedUser:
    return ImportedUser(**{"line": 2, "username": username, "attributes": {}, **more})


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"hash": HASH}, "CONFIRMED"),
        ({}, "RESET_REQUIRED"),
        ({"hash": HASH, "must_change_password": True}, "FORCE_CHANGE_PASSWORD"),
        ({"must_change_password": True}, "RESET_REQUIRED"),
        ({"hash": HASH, "status": "UNCONFIRMED"}, "UNCONFIRMED"),
        (
            {"hash": HASH, "status": "CONFIRMED", "must_change_password": True},
            "FORCE_CHANGE_PASSWORD",
        ),
    ],
)
def test_what_is_left_to_do(given: dict[str, Any], status: str) -> None:
    assert user_of(pool(), row(**given), NOW).status == status


def test_what_a_file_of_ours_says_is_kept() -> None:
    given = row(
        sub=SUB,
        created_at=NOW - timedelta(days=9),
        enabled=False,
        hash=HASH,
        totp_seed=Secret("GEZDGNBVGY3TQOJQ"),
        srp=SrpVerifier(username="ann", salt="ab", verifier=Secret("cd")),
    )
    user = user_of(pool(), given, NOW)
    assert (user.sub, user.username, user.enabled) == (SUB, "ann", False)
    assert (user.created_at, user.modified_at) == (NOW - timedelta(days=9), NOW)
    assert user.mfa == ("SOFTWARE_TOKEN_MFA",)
    credentials = credentials_of(user, given, NOW)
    assert credentials is not None
    assert (credentials.hash, credentials.salt) == (HASH, "ab")
    # A verifier holds for one name alone, and nobody was there before they came.
    given = row("bob", srp=given.srp, hash=HASH, created_at=NOW + timedelta(days=9))
    user = user_of(pool(), given, NOW)
    credentials = credentials_of(user, given, NOW)
    assert credentials is not None
    assert (credentials.salt, credentials.verifier, user.created_at) == (None, None, NOW)


def test_an_address_is_the_name_where_the_pool_says_so() -> None:
    user = user_of(pool(username_attributes=("email",)), row("a@b.c", sub=SUB), NOW)
    assert (user.username, user.attributes["email"], user.aliases) == (SUB, "a@b.c", ("email",))


@pytest.mark.parametrize(
    ("given", "more", "reason"),
    [
        ({"username": ""}, {}, "The username is empty"),
        ({"username": "a b"}, {}, "has a space"),
        ({"username": "a" * 129}, {}, "longer than 128"),
        ({"username": "ann"}, {"username_attributes": ("email",)}, "should be an email"),
        ({"username": "a@b.c"}, {"alias_attributes": ("email",)}, "cannot be of email format"),
        ({"attributes": {"colour": "red"}}, {}, "does not exist in the schema"),
        ({"attributes": {"sub": SUB}}, {}, "sub: "),
        ({"attributes": {"email": "none"}}, {}, "Invalid email"),
        ({"attributes": {"email_verified": "true"}}, {}, "email_verified is true"),
        ({"attributes": {"name": "a\0b"}}, {}, "NUL"),
        ({"attributes": {"name": "a\ud800"}}, {}, "half a character"),
        ({"attributes": {"name": "n" * 2049}}, {}, "no longer than"),
        ({"hash": Secret("md5:abc")}, {}, "no kind that is known"),
        ({"hash": Secret("$argon2id$v=19$m=4194304,t=9,p=1$YWFhYWFhYWE$YWFh")}, {}, ""),
        ({"totp_seed": Secret("not base 32!")}, {}, "not Base32"),
        ({"sub": "../../etc"}, {}, "no UUID"),
        ({"sub": SUB.upper().replace("1", "A")}, {}, "no UUID"),
        ({"temporary_until": NOW.replace(tzinfo=None)}, {}, "temporary_until has no time zone"),
        ({"created_at": NOW.replace(tzinfo=None)}, {}, "created_at has no time zone"),
        # Before the first year of all in UTC: no store keeps it.
        (
            {"created_at": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))},
            {},
            "created_at is no time",
        ),
        ({"groups": tuple(map(str, range(101)))}, {}, "at most 100 groups"),
        (
            {"hash": HASH, "srp": SrpVerifier(username="ann", salt="zz", verifier=Secret("1"))},
            {},
            "not hexadecimal",
        ),
        (
            {},
            {"schema": new_schema([{"Name": "email", "Required": True}])},
            "email: The attribute is required",
        ),
    ],
)
def test_who_is_refused(given: dict[str, Any], more: dict[str, Any], reason: str) -> None:
    with pytest.raises(AwsError) as refused:
        user_of(pool(**more), row(**given), NOW)
    assert refused.value.code == "InvalidParameterException"
    assert reason in refused.value.message
    assert "argon2id$" not in refused.value.message


@pytest.fixture
def store() -> Any:
    made = SqliteStore()
    progress = PoolImport(
        account_id="0" * 12, pool_id=KEY[0], id=KEY[1], name="f", status="InProgress",
        created_at=NOW,
    )  # fmt: skip
    staff = PoolGroup(pool_id=KEY[0], name="staff", created_at=NOW, modified_at=NOW)
    made.write(
        lambda tx: (
            tx.create(USER_POOL, pool(alias_attributes=("email",))),
            tx.create(POOL_IMPORT, progress),
            tx.create(POOL_GROUP, staff),
        )
    )
    yield made
    made.close()


def write(store: Any, batch: Batch) -> PoolImport:
    progress: PoolImport = store.write(lambda tx: write_batch(tx, KEY, batch, NOW))
    return progress


def test_a_batch_makes_users_with_their_groups_or_reports_them(store: Any) -> None:
    mail = {"email": "a@b.c", "email_verified": "true"}
    users = (
        row(line=2, hash=HASH, groups=("staff", "staff"), attributes=mail),
        row(line=4, hash=HASH),
        row("bob", line=5, attributes=mail, hash=HASH),
        row("eve", line=6, groups=("staff", "root"), hash=HASH),
        row("\x1b[2Jx", line=7),
    )
    bad = (BadRow(line=3, username="x", reason="no\x1b[2Jgood"),)
    progress = write(store, Batch(first=0, users=users, bad=bad, reported_bytes=9))
    assert (progress.rows, progress.imported, progress.skipped, progress.failed) == (6, 1, 1, 4)
    assert [each[0] for each in progress.last_bad] == [3, 4, 5, 6, 7]
    assert progress.last_bad[0] == (3, "x", "no\\x1b[2Jgood")
    assert "'root'" in progress.last_bad[3][2]
    assert progress.reported_bytes == 9

    def left(tx: Any) -> tuple[int, int, list[str]]:
        members = [each.group for each in tx.list(POOL_MEMBERSHIP)]
        return tx.count(POOL_USER), tx.count(POOL_CREDENTIALS), members

    assert store.read(left) == (1, 1, ["staff"])  # of who was refused, nothing


@pytest.mark.parametrize("first", [0, 2, 3])
def test_a_batch_is_written_once_and_in_its_turn(store: Any, first: int) -> None:
    write(store, Batch(first=0, users=(row(),)))
    with pytest.raises(NotNext):
        write(store, Batch(first=first, users=(row("bob"),)))
    assert store.read(lambda tx: tx.count(POOL_USER)) == 1


@pytest.mark.parametrize("status", ["Stopping", "Stopped", "Succeeded", "Failed"])
def test_an_import_that_is_over_takes_nothing(store: Any, status: str) -> None:
    from msgspec.structs import replace

    store.write(lambda tx: tx.update(POOL_IMPORT, KEY, lambda old: replace(old, status=status)))
    with pytest.raises(NotNext):
        write(store, Batch(first=0, users=(row(),)))


@pytest.mark.parametrize(
    "large",
    [
        {"groups": ("g" * 1_000_000,)},
        {"former": (HASH, Secret("h" * 1_000_000))},
        {"attributes": {"a" * 1_000_000: ""}},
        {"totp_name": "n" * 1_000_000},
        {"srp": SrpVerifier(username="ann", salt="s" * 1_000_000, verifier=Secret("cd"))},
    ],
)
def test_rows_that_are_large_in_any_way_are_sent_apart(large: dict[str, Any]) -> None:
    batches = Batches(iter([row(line=number, **large) for number in range(3)]), 0)
    assert [batches.next().rows for _ in range(4)] == [1, 1, 1, 0]


def test_what_was_read_before_a_file_went_wrong_is_not_lost() -> None:
    def rows() -> Any:
        yield from (row(str(number), line=number) for number in range(BATCH_ROWS + 5))
        raise WrongFormat("cut off")

    batches = Batches(rows(), 3)
    sizes = [(batch.first, batch.rows) for batch in (batches.next(), batches.next())]
    assert sizes == [(3, BATCH_ROWS), (3 + BATCH_ROWS, 2)]
    for _ in range(2):
        with pytest.raises(WrongFormat):
            batches.next()
