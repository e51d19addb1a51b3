"""A first start where there is no room: refused in words, and good once there is."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from bargate.control.first_start import prepare
from bargate.settings import ControlSettings
from bargate.store.folder import open_folder
from bargate.store.interface import Store, StoreRefused, StoreUnavailable
from conformance.store.kinds import PET, Pet

NOW = datetime(2026, 11, 28, 20, 0, tzinfo=UTC)


def fill(store: Store) -> None:
    """Write small records until there is no room for another."""
    with contextlib.suppress(StoreUnavailable):
        for number in count():
            store.write(
                lambda tx, name=str(number): tx.create(PET, Pet("s", name, name, "x" * 100))
            )


def test_a_full_disk_is_refused_in_words(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    settings = ControlSettings(folder=str(folder), account_id="123456789012", region="us-east-1")
    store = open_folder(folder, {})
    connection: sqlite3.Connection = store._connection  # type: ignore[attr-defined]
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    fill(store)
    with pytest.raises(StoreRefused, match=r"data cannot be written: the disk is full"):
        prepare(store, settings, NOW)
    assert not (folder / "credentials").exists()
    connection.execute("PRAGMA max_page_count = 1000000")
    prepare(store, settings, NOW)
    assert "aws_secret_access_key" in (folder / "credentials").read_text()
    store.close()


def test_files_that_cannot_be_written_are_refused_in_words(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    settings = ControlSettings(folder=str(folder), account_id="123456789012", region="us-east-1")
    store = open_folder(folder, {})
    (folder / "config").mkdir()
    with pytest.raises(StoreRefused, match=r"cannot be written: .*config"):
        prepare(store, settings, NOW)
    store.close()
