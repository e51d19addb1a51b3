"""What counts as a change of a function's folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bargate.functions import watched
from bargate.functions.watched import LOOK_EVERY_S, Watched


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "code"
    (folder / "package").mkdir(parents=True)
    (folder / "main.py").write_text("one")
    (folder / "package" / "deep.py").write_text("one")
    return folder


def rewritten(folder: Path) -> None:
    path = folder / "main.py"
    status = path.stat()
    path.write_text("two")  # of the same size
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))


def replaced_keeping_times(folder: Path) -> None:
    path = folder / "main.py"
    status = path.stat()
    (folder / "new").write_text("two")
    os.utime(folder / "new", ns=(status.st_atime_ns, status.st_mtime_ns))
    (folder / "new").rename(path)


@pytest.mark.parametrize(
    "change",
    [
        rewritten,
        replaced_keeping_times,
        lambda folder: (folder / "main.py").write_text("longer"),
        lambda folder: (folder / "package" / "deep.py").write_text("longer"),
        lambda folder: (folder / "new.py").write_text(""),
        lambda folder: (folder / "package" / "deep.py").unlink(),
        lambda folder: (folder / "main.py").rename(folder / "other.py"),
        lambda folder: (folder / "main.py").chmod(0o755),
        shutil.rmtree,
    ],
)
def test_a_change_is_seen_once(folder: Path, change: Callable[[Path], object]) -> None:
    seen = Watched(folder, 0.0)
    assert not seen.has_changed(1.0)
    change(folder)
    assert seen.has_changed(2.0)
    assert not seen.has_changed(3.0)


def test_it_is_not_looked_at_too_often(folder: Path) -> None:
    seen = Watched(folder, 10.0)
    (folder / "new.py").touch()
    assert not seen.has_changed(10.0 + LOOK_EVERY_S - 0.01)
    assert seen.has_changed(10.0 + LOOK_EVERY_S)


@pytest.mark.parametrize("name", ["__pycache__", ".git", "node_modules"])
def test_what_is_not_the_functions_own_code_is_passed_over(folder: Path, name: str) -> None:
    (folder / "package" / name).mkdir()
    seen = Watched(folder, 0.0)
    inner = folder / "package" / name / "x"
    inner.write_text("x")
    assert not seen.has_changed(1.0)


def test_a_file_behind_a_link_is_followed_and_loops_are_not(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "target.py"
    target.write_text("one")
    (folder / "link.py").symlink_to(target)
    (folder / "package" / "loop").symlink_to(folder)
    (folder / "dangling").symlink_to(tmp_path / "nowhere")
    seen = Watched(folder, 0.0)
    assert not seen.has_changed(1.0)
    target.write_text("longer")
    assert seen.has_changed(2.0)


def test_a_folder_that_is_not_there_yet_is_seen_when_it_comes(tmp_path: Path) -> None:
    seen = Watched(tmp_path / "code", 0.0)
    assert not seen.has_changed(1.0)
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "main.py").touch()
    assert seen.has_changed(2.0)


def test_a_file_with_a_name_that_is_no_text_is_seen(folder: Path) -> None:
    seen = Watched(folder, 0.0)
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe.py")).touch()
    assert seen.has_changed(1.0)


def test_files_that_vanish_while_they_are_looked_at_do_not_matter(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = watched._listed

    def vanishing(path: str) -> list[os.DirEntry[str]]:
        listed = real(path)
        (folder / "main.py").unlink(missing_ok=True)
        return listed

    monkeypatch.setattr(watched, "_listed", vanishing)
    (folder / "pipe").touch()
    seen = Watched(folder, 0.0)
    assert not seen.has_changed(1.0)


def test_no_more_is_looked_at_than_allowed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    real = watched._entries

    def counted(path: Path) -> object:
        for entry in real(path):
            looked.append(entry[0])
            yield entry

    monkeypatch.setattr(watched, "_entries", counted)
    monkeypatch.setattr(watched, "MAX_FILES", 20)
    for number in range(50):
        (folder / f"{number}.py").touch()
    Watched(folder, 0.0)
    assert len(looked) <= 20
