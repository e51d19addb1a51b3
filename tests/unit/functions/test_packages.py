"""Packages that must be unpacked, and archives that must not."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import os
import stat
import struct
import warnings
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bargate.functions import packages, zip_package
from bargate.functions.packages import BadPackage, Packages, check_zip
from bargate.model.function import ZipCode


def zipped(
    *files: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of duplicate names
        for name, data in files:
            archive.writestr(name, data, method)
    return made.getvalue()


def entry(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def refused(data: bytes, text: str) -> None:
    with pytest.raises(BadPackage, match=text):
        check_zip(data)


def stored(folder: Path, data: bytes) -> ZipCode:
    path = folder / "package.zip"
    path.write_bytes(data)
    return ZipCode(path=str(path), sha256=hashlib.sha256(data).hexdigest())


def patched(data: bytes, signature: bytes, at: int, form: str, value: int) -> bytes:
    """Change a field of the first header of a kind."""
    changed = bytearray(data)
    struct.pack_into(form, changed, data.index(signature) + at, value)
    return bytes(changed)


CENTRAL, LOCAL = b"PK\x01\x02", b"PK\x03\x04"


@pytest.mark.parametrize(
    "name",
    ["../x", "a/../../x", "a/..", "..", "/etc/passwd", "//x", "C:/x", "c:x", "a\\b", "..\\x",
     "a\nb", "a\x7fb", "a\x1b[2Jb"],
)  # fmt: skip
def test_names_that_lead_out_or_hide_something_are_refused(name: str) -> None:
    refused(zipped((name, b"x")), "leads out|absolute|backslash or a control")


def test_a_name_with_nul_is_refused() -> None:
    data = zipped(("a.pyX", b"x")).replace(b"a.pyX", b"a.py\0")
    refused(data, "control character")


@pytest.mark.parametrize("name", [".", "./."])
def test_a_file_must_have_a_name(name: str) -> None:
    refused(zipped((name, b"x")), "no name of a file")


@pytest.mark.parametrize("name", ["a" * 256, "/".join(["a" * 200] * 6)])
def test_names_no_file_system_takes_are_refused(name: str) -> None:
    refused(zipped((name, b"x")), "too long")


@pytest.mark.parametrize(
    "kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK]
)
def test_links_and_devices_are_refused(kind: int) -> None:
    refused(zipped((entry("x", kind | 0o777), b"/etc/passwd")), "link or a device")


def test_folders_and_files_must_be_what_they_are_called() -> None:
    refused(zipped((entry("x", stat.S_IFDIR | 0o755), b"")), "named like a file")
    refused(zipped((entry("x/", stat.S_IFREG | 0o644), b"")), "folder with content")
    refused(zipped((entry("x/", 0), b"data")), "folder with content")


@pytest.mark.parametrize("flag", [0x1, 0x40, 0x2000])
def test_encrypted_members_are_refused(flag: int) -> None:
    refused(patched(zipped(("x", b"x")), CENTRAL, 8, "<H", flag), "encrypted")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_methods_are_refused(method: int) -> None:
    refused(zipped(("x", b"x"), method=method), "other than deflate")


@pytest.mark.parametrize(
    "names", [("x", "x"), ("x", "./x"), ("a/x", "a//x"), ("d/", "d/"), ("d/", "./d/")]
)
def test_a_name_twice_is_refused(names: tuple[str, str]) -> None:
    refused(zipped(*((name, b"") for name in names)), "twice")


@pytest.mark.parametrize("names", [("x", "x/y"), ("x/y", "x"), ("x", "x/"), ("a/b", "a/b/c/d")])
def test_a_file_and_folder_of_one_name_is_refused(names: tuple[str, str]) -> None:
    refused(zipped(*((name, b"") for name in names)), "file and a folder at once")


def test_an_archive_of_nothing_is_refused() -> None:
    with pytest.raises(BadPackage, match="non-empty"):
        check_zip(b"PK\x05\x06" + b"\0" * 18)


@pytest.mark.parametrize("data", [b"", b"PK", b"hello" * 100, b"PK\x05\x06" + b"\xff" * 18])
def test_what_is_no_archive_is_refused(data: bytes) -> None:
    refused(data, "not a zip archive")


def test_an_archive_cut_off_is_refused() -> None:
    data = zipped(("x", os.urandom(5000)), ("y", os.urandom(5000)))
    for length in range(0, len(data), 97):
        with pytest.raises(BadPackage):
            check_zip(data[:length])


def test_too_much_when_unzipped_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_package, "MAX_UNZIPPED_BYTES", 1000)
    check_zip(zipped(("x", b"x" * 600), ("y", b"y" * 400)))
    refused(zipped(("x", b"x" * 600), ("y", b"y" * 401)), "Unzipped size must be smaller")


def test_too_much_when_zipped_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_package, "MAX_ZIPPED_BYTES", 1000)
    refused(zipped(("x", os.urandom(1000))), "Zipped size must be smaller")


def test_a_bomb_that_says_a_small_size_is_read_no_further() -> None:
    bomb = zipped(("x", bytes(200_000_000)))
    small = patched(patched(bomb, CENTRAL, 24, "<I", 10), LOCAL, 22, "<I", 10)
    (member,) = zip_package.listed(small)
    given: list[bytes] = []
    with pytest.raises(BadPackage, match="size or checksum"):
        given.extend(zip_package.content(small, member))
    assert sum(map(len, given)) <= 10


def test_a_bomb_that_says_its_size_is_refused_unread() -> None:
    data = patched(zipped(("x", b"x")), CENTRAL, 24, "<I", 262_144_001)
    refused(data, "Unzipped size must be smaller")


def test_a_size_or_checksum_that_is_wrong_is_refused() -> None:
    data = zipped(("x", b"hello"))
    refused(patched(data, CENTRAL, 24, "<I", 4), "size or checksum")
    refused(patched(data, CENTRAL, 24, "<I", 6), "size or checksum")
    refused(patched(data, CENTRAL, 16, "<I", 1), "size or checksum")


def test_content_cut_off_or_going_on_is_refused() -> None:
    data = zipped(("x", b"hello" * 9), ("y", b""))
    refused(patched(data, CENTRAL, 20, "<I", 3), "cut off")
    garbage = bytearray(data)
    garbage[31:33] = b"\xff\xff"
    refused(bytes(garbage), "cannot be inflated|cut off|size or checksum")


def test_members_that_share_bytes_are_refused() -> None:
    """The quoted bomb: many entries over one compressed kernel."""
    data = zipped(("a", b"x" * 100), ("b", b"x" * 100))
    second = data.index(CENTRAL, data.index(CENTRAL) + 1)
    changed = bytearray(data)
    struct.pack_into("<I", changed, second + 42, 0)
    refused(bytes(changed), "overlaps")
    refused(patched(data, CENTRAL, 20, "<I", 1000), "overlaps")


def test_a_member_must_lie_where_a_file_is() -> None:
    data = zipped(("a", b"x" * 100))
    refused(patched(data, CENTRAL, 42, "<I", 5), "where no file is")
    refused(patched(data, CENTRAL, 42, "<I", 1 << 30), "outside of|not a zip|where no file")


def test_too_many_files_are_refused_before_they_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("listed")

    monkeypatch.setattr(zip_package, "MAX_ENTRIES", 3)
    data = zipped(*((str(number), b"") for number in range(4)))
    monkeypatch.setattr(zipfile, "ZipFile", never)
    refused(data, "more than 3 files")


def test_too_many_folders_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_package, "MAX_ENTRIES", 10)
    check_zip(zipped(("/".join("abcdefghi") + "/f", b"")))
    refused(zipped(("/".join("abcdefghij") + "/f", b"")), "more than 10 files")


@given(st.binary(max_size=300))
def test_no_bytes_do_more_than_be_refused(data: bytes) -> None:
    base = zipped(("a/b.py", b"print(1)" * 20), ("c", b"x"))
    for candidate in (data, base[: len(data)] + data, data + base, base + data):
        with contextlib.suppress(BadPackage):
            check_zip(candidate)


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_changed_byte_does_no_more_than_be_refused(at: int, value: int) -> None:
    data = bytearray(zipped(("a/b.py", b"print(1)" * 20), ("c", b"x")))
    data[at % len(data)] = value
    with contextlib.suppress(BadPackage):
        check_zip(bytes(data))


@given(st.binary(max_size=400_000) | st.integers(0, 400_000).map(bytes))
def test_content_comes_back_as_it_went_in(data: bytes) -> None:
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        archive = zipped(("x", data), method=method)
        (member,) = zip_package.listed(archive)
        assert b"".join(zip_package.content(archive, member)) == data


def test_long_runs_are_inflated_to_their_end() -> None:
    """Sizes around a chunk: what zlib keeps back must come, too."""
    for size in range(zip_package._CHUNK_BYTES - 300, zip_package._CHUNK_BYTES + 300):
        data = bytes(size)
        archive = zipped(("x", data))
        (member,) = zip_package.listed(archive)
        assert b"".join(zip_package.content(archive, member)) == data


def modes(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): stat.S_IMODE(path.lstat().st_mode)
        for path in folder.rglob("*")
    }


def test_a_package_is_unpacked_readable_by_others_whatever_the_umask(tmp_path: Path) -> None:
    data = zipped(
        ("main.py", b"code"),
        (entry("bin/tool", stat.S_IFREG | 0o4750), b"#!"),
        (entry("empty/", stat.S_IFDIR | 0o700), b""),
        ("a/b/c.txt", b"deep"),
    )
    before = os.umask(0o077)
    try:
        made = Packages(tmp_path / "code")
        folder = asyncio.run(made.unpacked(stored(tmp_path, data)))
    finally:
        os.umask(before)
    assert (folder / "a/b/c.txt").read_bytes() == b"deep"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert modes(folder) == {
        "main.py": 0o644,
        "bin": 0o755,
        "bin/tool": 0o755,  # and no setuid
        "empty": 0o755,
        "a": 0o755,
        "a/b": 0o755,
        "a/b/c.txt": 0o644,
    }
    assert stat.S_IMODE((tmp_path / "code").stat().st_mode) == 0o711
    assert len(folder.name) == 32
    assert hashlib.sha256(data).hexdigest()[:8] not in str(folder)


def test_a_package_is_unpacked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = []
    real = packages._unpack

    def counted(path: str, digest: str, folder: Path) -> Path:
        times.append(digest)
        return real(path, digest, folder)

    monkeypatch.setattr(packages, "_unpack", counted)

    async def run() -> None:
        made = Packages(tmp_path / "code")
        code = stored(tmp_path, zipped(("x", b"x")))
        paths = await asyncio.gather(*(made.unpacked(code) for _ in range(20)))
        assert len({*paths, await made.unpacked(code)}) == 1
        await made.close()
        assert not (tmp_path / "code").exists()

    asyncio.run(run())
    assert len(times) == 1


def test_what_cannot_be_unpacked_leaves_nothing_and_may_be_tried_again(tmp_path: Path) -> None:
    async def run() -> None:
        made = Packages(tmp_path / "code")
        code = stored(tmp_path, zipped(("x", b"x")))
        package = tmp_path / "package.zip"
        good = package.read_bytes()
        package.write_bytes(good + b"!")
        with pytest.raises(BadPackage, match="digest differs"):
            await made.unpacked(code)
        package.unlink()
        with pytest.raises(BadPackage, match="No such file"):
            await made.unpacked(code)
        bad = stored(tmp_path, patched(zipped(("a", b"a"), ("x", b"hi")), CENTRAL, 16, "<I", 1))
        with pytest.raises(BadPackage, match="checksum"):
            await made.unpacked(bad)
        assert list((tmp_path / "code").iterdir()) == []
        package.write_bytes(good)
        assert (await made.unpacked(code) / "x").read_bytes() == b"x"

    asyncio.run(run())


def test_code_of_no_version_is_removed(tmp_path: Path) -> None:
    async def run() -> None:
        made = Packages(tmp_path / "code")
        one = await made.unpacked(stored(tmp_path, zipped(("x", b"one"))))
        other_code = stored(tmp_path, zipped(("x", b"other")))
        other = await made.unpacked(other_code)
        await made.keep({other_code.sha256})
        assert not one.exists()
        assert other.exists()

    asyncio.run(run())


def test_whoever_gives_up_waiting_stops_nobody_else(tmp_path: Path) -> None:
    async def run() -> None:
        made = Packages(tmp_path / "code")
        code = stored(tmp_path, zipped(("x", b"x")))
        one = asyncio.create_task(made.unpacked(code))
        other = asyncio.create_task(made.unpacked(code))
        await asyncio.sleep(0)
        one.cancel()
        assert (await other / "x").exists()

    asyncio.run(run())


def test_the_checksum_is_that_of_the_content() -> None:
    (member,) = zip_package.listed(zipped(("x", b"hello")))
    assert member.crc == zlib.crc32(b"hello")
