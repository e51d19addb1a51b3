"""The audit log on disk: chained lines, rotation, what crashes leave, and what is found afterwards."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bargate.audit import journal as journal_module
from bargate.audit.chain import Head, Opening, event_of, fits, line_of, linked, mac_key
from bargate.audit.event import OK, SERIES, Event, told
from bargate.audit.files import Bounds, Series, UnsafeLog, files_of, prepare_folder
from bargate.audit.journal import MAX_WAITING, Entry, Journal, LogUnavailable
from bargate.audit.reading import Follower, events_in
from bargate.audit.verify import Verified, verify

NOW = datetime(2026, 11, 28, 20, 0, tzinfo=UTC)
KEY = mac_key(bytes(32))
WIDE = Bounds(max_file_bytes=1024 * 1024, max_files=4)


def event(number: int = 0, **more: str) -> Event:
    return Event(
        time=NOW + timedelta(seconds=number),
        service="iam",
        operation=f"Do{number}",
        **{"outcome": OK, **more},
    )


def opened(folder: Path, bounds: Bounds = WIDE, key: bytes = KEY) -> Series:
    return Series(folder, "changes", key, bounds)


def filled(folder: Path, count: int, bounds: Bounds = WIDE) -> None:
    series = opened(folder, bounds)
    for number in range(count):
        series.append([event(number)])
    series.close()


def checked(folder: Path, known: Head | None = None, key: bytes = KEY) -> Verified:
    return verify(folder, "changes", [key], known)


def operations(folder: Path) -> list[str]:
    return [each.operation for each in events_in(folder)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return prepare_folder(tmp_path)


def test_what_is_written_is_read_back_private_and_in_order(folder: Path) -> None:
    filled(folder, 5)
    assert operations(folder) == [f"Do{number}" for number in range(5)]
    (path,) = files_of(folder, "changes")
    assert path.name == "changes-000000000001.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    found = checked(folder)
    assert (found.lines, found.first, found.head.number, found.findings) == (6, 1, 6, ())


@pytest.mark.parametrize("victim", [1, 2, 3])
@pytest.mark.parametrize("how", ["removed", "changed", "doubled", "swapped", "junk", "another key"])
def test_a_line_that_was_touched_is_found(folder: Path, victim: int, how: str) -> None:
    filled(folder, 5)
    (path,) = files_of(folder, "changes")
    lines = path.read_bytes().splitlines(keepends=True)
    if how == "removed":
        del lines[victim]
    elif how == "changed":
        lines[victim] = lines[victim].replace(b'"Do', b'"Un')
    elif how == "doubled":
        lines.insert(victim, lines[victim])
    elif how == "swapped":
        lines[victim], lines[victim + 1] = lines[victim + 1], lines[victim]
    elif how == "junk":
        lines.insert(victim, b"{}\n")
    else:  # whoever has no master key makes a chain of their own
        head = Head(victim, line_of(lines[victim - 1][:-1]).mac)  # type: ignore[union-attr]
        data, _ = linked(mac_key(b"1" * 32), head, [event(7), event(8), event(9)])
        lines[victim:] = data.splitlines(keepends=True)
    path.write_bytes(b"".join(lines))
    findings = checked(folder).findings
    assert findings
    assert findings[0].line == victim + (2 if how == "doubled" else 1)


def test_a_whole_file_that_was_removed_or_moved_is_found(folder: Path) -> None:
    filled(folder, 40, Bounds(max_file_bytes=2_000, max_files=100))
    files = files_of(folder, "changes")
    assert len(files) > 3
    assert not checked(folder).findings
    files[1].rename(folder / "refused-000000000001.jsonl")
    assert [each.file for each in checked(folder).findings] == [files[2].name]
    assert verify(folder, "refused", [KEY]).findings


def test_a_cut_off_end_is_found_by_an_end_that_was_noted(folder: Path) -> None:
    filled(folder, 5)
    head = checked(folder).head
    series = opened(folder)
    series.append([event(6)])
    series.close()
    assert not checked(folder, head).findings
    (path,) = files_of(folder, "changes")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]))
    assert not checked(folder).findings  # by itself it cannot be seen
    assert "is not there any more" in checked(folder, head).findings[0].what


def test_any_master_key_that_is_given_verifies(folder: Path) -> None:
    filled(folder, 2)
    assert checked(folder, key=mac_key(b"1" * 32)).findings
    assert not verify(folder, "changes", [mac_key(b"1" * 32), KEY]).findings


def test_rotation_keeps_so_many_files_and_the_chain(folder: Path) -> None:
    bounds = Bounds(max_file_bytes=2_000, max_files=3)
    filled(folder, 100, bounds)
    files = files_of(folder, "changes")
    assert len(files) == 3
    assert all(path.stat().st_size <= 2_000 for path in files)
    found = checked(folder)
    assert not found.findings
    assert found.first > 1
    assert operations(folder)[-1] == "Do99"
    filled(folder, 1, bounds)  # a start goes on where the last one ended
    assert not checked(folder).findings


@pytest.mark.parametrize("cut", [1, 2, 40, 150])
def test_a_torn_last_line_is_cut_off_and_the_chain_goes_on(folder: Path, cut: int) -> None:
    filled(folder, 3)
    (path,) = files_of(folder, "changes")
    os.truncate(path, path.stat().st_size - cut)
    assert operations(folder) == ["Do0", "Do1"]
    series = opened(folder)
    assert series.mended_bytes > 0
    assert not series.is_broken
    series.append([event(9)])
    series.close()
    assert operations(folder) == ["Do0", "Do1", "Do9"]
    assert not checked(folder).findings


@pytest.mark.parametrize("left", [b"", b'{"number":40,"opens":"chan', b"\0" * 300])
def test_a_file_that_was_only_begun_is_begun_again(folder: Path, left: bytes) -> None:
    filled(folder, 3)
    (folder / "changes-000000000005.jsonl").write_bytes(left)
    series = opened(folder)
    series.append([event(4)])
    series.close()
    assert operations(folder) == ["Do0", "Do1", "Do2", "Do4"]
    assert not checked(folder).findings


@pytest.mark.parametrize("junk", [b"junk\n", b"\0" * 300_000])
def test_what_is_no_line_stays_and_is_found_and_nothing_is_lost(folder: Path, junk: bytes) -> None:
    filled(folder, 3)
    (path,) = files_of(folder, "changes")
    with path.open("ab") as file:
        file.write(junk)
    before = path.read_bytes()
    series = opened(folder)
    assert series.is_broken
    series.append([event(4)])
    series.close()
    assert path.read_bytes() == before
    assert operations(folder) == ["Do0", "Do1", "Do2", "Do4"]
    assert checked(folder).findings


def test_a_folder_that_others_may_enter_is_refused(tmp_path: Path) -> None:
    (tmp_path / "audit").mkdir(mode=0o755)
    with pytest.raises(UnsafeLog):
        prepare_folder(tmp_path)


def test_a_file_that_is_a_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_bytes(b"{}\n")
    (folder / "changes-000000000001.jsonl").symlink_to(target)
    with pytest.raises(OSError, match="symbolic"):
        opened(folder)
    assert target.read_bytes() == b"{}\n"


def test_a_follower_goes_on_through_rotations(folder: Path) -> None:
    bounds = Bounds(max_file_bytes=2_000, max_files=100)
    series, seen = opened(folder, bounds), []
    with closing(Follower(folder, "changes")) as follower:
        for number in range(60):
            series.append([event(number)])
            seen += [each.operation for each in follower.events()]
    series.close()
    assert seen == [f"Do{number}" for number in range(60)]


@given(st.text(max_size=600), st.integers(1, 300))
def test_told_texts_are_short_printable_and_on_one_line(text: str, most: int) -> None:
    found = told(text, most)
    assert found.isprintable()
    assert len(found) <= 10 * most
    if text.isprintable() and len(text) <= most:
        assert found == text


@given(st.lists(st.text(max_size=80), min_size=1, max_size=8))
def test_whatever_a_text_holds_a_line_is_one_line_and_fits(texts: list[str]) -> None:
    data, head = linked(KEY, Head(), [event(0, user=told(each)) for each in texts])
    lines = data.splitlines()
    assert len(lines) == len(texts) == head.number
    previous = Head().mac
    for raw, text in zip(lines, texts, strict=True):
        line = line_of(raw)
        assert line is not None
        assert fits([KEY], previous, line)
        read = event_of(line)
        assert read is not None
        assert read.user == told(text)
        previous = line.mac


def test_a_user_cannot_write_what_looks_like_a_mac(folder: Path) -> None:
    forged = f'x","mac":"{"0" * 64}"}}'
    data, _ = linked(KEY, Head(), [Opening(opens="changes", previous=Head().mac)])
    line = line_of(data[:-1])
    assert line is not None
    more, head = linked(KEY, Head(1, line.mac), [event(0, user=told(forged))])
    found = line_of(more[:-1])
    assert found is not None
    assert (found.mac, found.number) == (head.mac, 2)
    read = event_of(found)
    assert read is not None
    assert read.user == forged


# The thread.


class Failing(Series):
    """A series whose disk may be full."""

    is_full = False

    def append(self, events: Sequence[Event]) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        super().append(events)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "_RETRY_S", 0.02)


def failing(folder: Path) -> tuple[Journal, Failing]:
    series = {name: Failing(folder, name, KEY, WIDE) for name in SERIES}
    return Journal(series), series["changes"]


def test_what_is_kept_is_in_the_file_when_it_is_answered(folder: Path) -> None:
    async def work() -> None:
        journal, _ = failing(folder)
        for number in range(20):
            await journal.keep("changes", event(number))
            assert operations(folder)[-1] == f"Do{number}"
        await asyncio.gather(*(journal.keep("users", event(n)) for n in range(20, 60)))
        assert len(operations(folder)) == 60
        journal.note(Entry("refused", event(60)))
        journal.close()  # what was noted is not lost by a stop
        assert len(operations(folder)) == 61

    asyncio.run(work())
    assert not any(verify(folder, name, [KEY]).findings for name in SERIES)


def test_what_is_noted_comes_before_what_is_kept_after_it(folder: Path) -> None:
    async def work() -> None:
        journal, _ = failing(folder)
        journal.note(Entry("changes", event(1)))
        await journal.keep("changes", event(2))
        assert operations(folder) == ["Do1", "Do2"]
        journal.close()

    asyncio.run(work())


@pytest.mark.usefixtures("quick")
def test_on_a_full_disk_changes_are_refused_until_there_is_room(folder: Path) -> None:
    async def work() -> None:
        journal, series = failing(folder)
        await journal.keep("changes", event(1))
        series.is_full = True
        with pytest.raises(LogUnavailable):
            await journal.keep("changes", event(2))
        with pytest.raises(LogUnavailable):
            journal.check()
        with pytest.raises(LogUnavailable):  # begun before, and not left waiting
            await journal.keep("changes", event(3))
        series.is_full = False
        async with asyncio.timeout(10):
            while True:
                try:
                    journal.check()
                    break
                except LogUnavailable:
                    await asyncio.sleep(0.01)
        await journal.keep("changes", event(4))
        journal.close()

    asyncio.run(work())
    # What was done while there was no room is in the log, too, and in its order.
    assert operations(folder) == ["Do1", "Do2", "Do3", "Do4"]
    assert not checked(folder).findings


@pytest.mark.usefixtures("quick")
def test_refusals_that_find_no_room_are_counted(folder: Path) -> None:
    async def work() -> None:
        journal, series = failing(folder)
        series.is_full = True
        with pytest.raises(LogUnavailable):
            await journal.keep("changes", event(0))
        for number in range(2 * MAX_WAITING + 5):
            journal.note(Entry("changes", event(number)))
        series.is_full = False
        async with asyncio.timeout(20):
            while "LoseEvents" not in operations(folder):
                journal.note(Entry("refused", event(1)))
                await asyncio.sleep(0.1)
        journal.close()

    asyncio.run(work())
    (lost,) = [each for each in events_in(folder) if each.operation == "LoseEvents"]
    number = int(lost.resource.split()[0])
    assert 0 < number < 1_000


@pytest.mark.usefixtures("quick")
def test_a_stop_ends_though_nothing_can_be_written(folder: Path) -> None:
    async def work() -> None:
        journal, series = failing(folder)
        series.is_full = True
        journal.note(Entry("changes", event(1)))
        journal.close()
        with pytest.raises(LogUnavailable):
            await journal.keep("changes", event(2))

    asyncio.run(work())
    assert operations(folder) == []


def test_a_write_that_fails_half_way_leaves_no_half_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    series = opened(folder)
    series.append([event(1)])
    write = os.write

    def half(descriptor: int, data: memoryview) -> int:
        if len(data) < 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data[: len(data) // 2])

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", half)
        with pytest.raises(OSError, match="No space"):
            series.append([event(2)])
    series.append([event(3)])
    series.close()
    assert operations(folder) == ["Do1", "Do3"]
    assert not checked(folder).findings
