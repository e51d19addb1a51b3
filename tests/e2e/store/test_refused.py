"""Stores that are not opened: each is refused with its reason and remedy, and left as it is."""

import base64
import os
import re
import sqlite3
import stat

import pytest

from bargate.secret import Secret
from bargate.store.folder import open_folder
from bargate.store.interface import StoreRefused, StoreUnavailable
from conformance.store.kinds import KEY, PET, Key, Pet
from e2e.store.children import Child

KEY_TEXT = base64.b64encode(bytes(range(32))).decode()
OTHER_TEXT = base64.b64encode(bytes(range(1, 33))).decode()


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "data"
    store = open_folder(folder, {})
    store.write(
        lambda tx: [tx.create(PET, Pet("s", str(n), str(n), "x" * 500)) for n in range(500)]
    )
    store.write(lambda tx: tx.create(KEY, Key("1", Secret("wJalrXUtnFEMI"))))
    store.close()
    return folder


def refusal(folder, environment=None):
    with pytest.raises(StoreRefused) as refused:
        open_folder(folder, environment or {})
    return str(refused.value)


def opens(folder, environment=None):
    store = open_folder(folder, environment or {})
    found = store.read(lambda tx: (tx.count(PET), tx.get(KEY, ("1",)).value.reveal()))
    store.close()
    return found == (500, "wJalrXUtnFEMI")


def test_all_is_private_to_its_owner_and_nothing_secret_is_in_clear(tmp_path):
    mask = os.umask(0)
    try:
        store = open_folder(tmp_path / "a" / "data", {})
    finally:
        os.umask(mask)
    secret = "wJalrXUtnFEMI/K7MDENG"
    store.write(lambda tx: tx.create(KEY, Key("1", Secret(secret), {"more": Secret(secret)})))
    files = sorted((tmp_path / "a" / "data").iterdir())
    assert [file.name for file in files] == [
        "bargate.db",
        "bargate.db-shm",
        "bargate.db-wal",
        "lock",
        "master.key",
    ]
    assert stat.S_IMODE((tmp_path / "a" / "data").stat().st_mode) == 0o700
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
        assert secret.encode() not in file.read_bytes()
    store.close()
    assert secret.encode() not in (tmp_path / "a" / "data" / "bargate.db").read_bytes()


def test_a_store_opens_again_where_it_was_left(folder):
    assert opens(folder)
    assert opens(folder)


def test_a_newer_store_is_refused(folder):
    with sqlite3.connect(folder / "bargate.db") as connection:
        connection.execute("PRAGMA user_version = 7")
    connection.close()
    assert refusal(folder) == (
        f"the store in {folder} was written by a newer Bargate (schema 7; this one knows 1):"
        " upgrade, or use another --data"
    )


def test_the_database_of_another_program_is_refused_and_not_touched(folder):
    path = folder / "bargate.db"
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    before = path.read_bytes()
    assert "is no store of Bargate" in refusal(folder)
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", ["empty", "header", "text", "half", "page", "schema", "index"])
def test_a_damaged_store_is_refused(folder, damage):
    path = folder / "bargate.db"
    whole = path.read_bytes()
    page = 4_096
    path.write_bytes(
        {
            "empty": b"",
            "header": b"\0" * 100 + whole[100:],
            "text": b"this is no database, and long enough to be taken for one" * 100,
            "half": whole[: len(whole) // 2 // page * page],
            "page": whole[: 4 * page] + b"\xff" * page + whole[5 * page :],
            "schema": whole[:100] + b"\xff" * (page - 100) + whole[page:],
            "index": whole[: 2 * page] + b"\0" * page + whole[3 * page :],
        }[damage]
    )
    said = refusal(folder)
    assert re.search(r"is damaged \(.*\)|is no store of Bargate", said)
    assert "restore it from a backup" in said
    path.write_bytes(whole)
    assert opens(folder)


def test_bytes_that_change_anywhere_give_a_refusal_or_an_error_and_no_other_secret(folder):
    path = folder / "bargate.db"
    whole = path.read_bytes()
    found = {"refused": 0, "unavailable": 0, "read": 0}
    for position in range(0, len(whole), 997):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x55]) + whole[position + 1 :])
        try:
            store = open_folder(folder, {})
        except StoreRefused:
            found["refused"] += 1
            continue
        try:
            store.read(lambda tx: tx.list(PET))
            key = store.read(lambda tx: tx.find(KEY, ("1",)))
            assert key is None or key.value.reveal() == "wJalrXUtnFEMI"
            found["read"] += 1
        except StoreUnavailable:
            found["unavailable"] += 1
        finally:
            store.close()
    assert found["refused"] > 10
    assert found["read"] > 10


def test_another_master_key_is_refused(folder):
    said = refusal(folder, {"BARGATE_MASTER_KEY": OTHER_TEXT})
    assert "the master key does not fit the store" in said
    assert OTHER_TEXT not in said
    assert opens(folder)


def test_a_missing_key_file_is_not_replaced_by_a_new_key(folder):
    key = folder / "master.key"
    text = key.read_text()
    key.unlink()
    assert "is missing" in refusal(folder)
    assert not key.exists()
    assert opens(folder, {"BARGATE_MASTER_KEY": text})


@pytest.mark.parametrize(
    "text", ["", "  ", "short", "é", base64.b64encode(b"x" * 31).decode(), KEY_TEXT + "="]
)
def test_a_key_that_is_none_is_refused_and_not_repeated(folder, text):
    for environment in ({"BARGATE_MASTER_KEY": text}, {}):
        if not environment:
            (folder / "master.key").write_text(text, encoding="utf-8")
        said = refusal(folder, environment)
        assert "holds no master key" in said
        assert not text.strip() or text not in said


def test_a_key_from_the_environment_leaves_no_file(tmp_path):
    store = open_folder(tmp_path / "data", {"BARGATE_MASTER_KEY": KEY_TEXT})
    store.close()
    assert not (tmp_path / "data" / "master.key").exists()
    assert "is missing" in refusal(tmp_path / "data")


def test_a_newer_key_before_the_old_one_opens_what_the_old_one_sealed(tmp_path):
    folder = tmp_path / "data"
    store = open_folder(folder, {"BARGATE_MASTER_KEY": KEY_TEXT})
    store.write(lambda tx: tx.create(KEY, Key("old", Secret("one"))))
    store.close()
    store = open_folder(folder, {"BARGATE_MASTER_KEY": f"{OTHER_TEXT} {KEY_TEXT}"})
    store.write(lambda tx: tx.create(KEY, Key("new", Secret("two"))))
    found = [key.value.reveal() for key in store.read(lambda tx: tx.list(KEY))]
    assert found == ["two", "one"]
    store.close()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_may_read_is_refused(folder, mode):
    (folder / "master.key").chmod(mode)
    assert f"chmod 600 {folder / 'master.key'}" in refusal(folder)


def test_a_key_file_that_is_a_link_is_refused(folder):
    key = folder / "master.key"
    key.rename(folder / "elsewhere")
    key.symlink_to(folder / "elsewhere")
    assert "cannot be opened" in refusal(folder)


def test_a_lock_file_that_is_a_link_is_not_followed(folder, tmp_path):
    target = tmp_path / "precious"
    target.write_text("keep me")
    (folder / "lock").unlink()
    (folder / "lock").symlink_to(target)
    assert "cannot be opened" in refusal(folder)
    assert target.read_text() == "keep me"


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777])
def test_a_folder_that_others_may_write_in_is_refused(folder, mode):
    folder.chmod(mode)
    assert f"chmod 700 {folder}" in refusal(folder)


def give_away(path, monkeypatch):
    """Let a path belong to another user, as root really, else as it looks."""
    if os.geteuid() == 0:
        os.chown(path, 12_345, -1, follow_symlinks=False)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12_345)


@pytest.mark.parametrize("which", ["folder", "key", "link"])
def test_what_belongs_to_another_user_is_refused(folder, tmp_path, monkeypatch, which):
    link = tmp_path / "link"
    link.symlink_to(folder)
    assert opens(link)
    give_away({"folder": folder, "key": folder / "master.key", "link": link}[which], monkeypatch)
    assert "belongs to another user" in refusal(link)


@pytest.mark.parametrize("what", ["file", "broken"])
def test_what_is_no_folder_is_refused(tmp_path, what):
    path = tmp_path / "data"
    if what == "file":
        path.write_text("x")
    else:
        (tmp_path / "file").write_text("x")
        path.symlink_to(tmp_path / "file")
    assert "is no folder" in refusal(path)


def test_two_processes_never_hold_one_store(folder):
    def holds(tell):
        open_folder(folder, {})
        tell("held")
        os.read(waiting, 1)

    waiting, release = os.pipe()
    child = Child(holds)
    assert child.line() == "held"
    assert refusal(folder) == (
        f"the store in {folder} is in use by process {child.pid}: stop it, or use another --data"
    )
    child.kill()
    assert opens(folder)
    os.close(waiting)
    os.close(release)


def test_one_process_does_not_open_a_store_twice(folder):
    store = open_folder(folder, {})
    assert f"in use by process {os.getpid()}" in refusal(folder)
    store.close()
    assert opens(folder)
