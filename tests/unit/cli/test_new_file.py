"""A file is there as a whole and its owner's, or it is not there."""

import os
import stat
from pathlib import Path

import pytest

from bargate.cli.new_file import new_file


def test_a_file_is_its_owners_and_appears_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "users"
    old = os.umask(0)
    try:
        with new_file(path, replaces=False) as file:
            file.write(b"a")
            assert not path.exists()
            (half,) = tmp_path.iterdir()
            assert stat.S_IMODE(half.stat().st_mode) == 0o600
    finally:
        os.umask(old)
    assert path.read_bytes() == b"a"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "users"
    path.write_text("old")
    with pytest.raises(ValueError, match="bytes"), new_file(path, replaces=True) as file:
        file.write(bytes(10) + bytes([256]))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("kind", ["file", "link", "broken link", "folder"])
def test_what_is_there_is_not_replaced_unasked(tmp_path: Path, kind: str) -> None:
    path, other = tmp_path / "users", tmp_path / "other"
    if kind == "file":
        path.write_text("old")
    elif kind == "folder":
        path.mkdir()
    else:
        if kind == "link":
            other.write_text("old")
        path.symlink_to(other)
    with pytest.raises(FileExistsError), new_file(path, replaces=False):
        pytest.fail("nothing is written")
    assert not other.exists() or other.read_text() == "old"


def test_what_comes_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "users"
    with pytest.raises(FileExistsError), new_file(path, replaces=False):
        path.write_text("theirs")
    assert path.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [path]


def test_force_replaces_a_link_and_not_what_it_leads_to(tmp_path: Path) -> None:
    path, other = tmp_path / "users", tmp_path / "other"
    other.write_text("old")
    path.symlink_to(other)
    with new_file(path, replaces=True) as file:
        file.write(b"new")
    assert (path.read_text(), other.read_text()) == ("new", "old")
    assert not path.is_symlink()
