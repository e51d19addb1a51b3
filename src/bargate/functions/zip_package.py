"""Deployment packages: what a zip archive must be before anything of it is written to a disk.

bytes ──listed──► members, each name, kind and place checked ──content──► bytes, counted

Everything is checked against the archive's central directory; `zipfile` reads that and no more.
Nothing an archive says of sizes is believed: content is counted while it is inflated.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_ZIPPED_BYTES = 50 * 1024 * 1024  # AWS [D] Lambda quotas: zipped, for direct upload
MAX_UNZIPPED_BYTES = 262_144_000  # AWS [D] Lambda quotas: unzipped
MAX_ENTRIES = 65_535  # files and folders; what an archive without zip64 can list
MAX_NAME_BYTES = 1024
MAX_PART_BYTES = 255  # what file systems take
_CHUNK_BYTES = 64 * 1024
_CENTRAL = b"PK\x01\x02"
_LOCAL = struct.Struct("<4s22xHH")
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED = 0x0001 | 0x0040 | 0x2000  # APPNOTE.TXT 4.4.4: encrypted, strongly, with masked headers
_WRONG_CHARACTER = re.compile(r"[\x00-\x1f\x7f\\\ud800-\udfff]")
_DRIVE = re.compile(r"[A-Za-z]:")
# What zipfile raises over archives that it cannot read.
_UNREADABLE = (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, struct.error, EOFError)


class BadPackage(Exception):
    """A deployment package cannot be used; the text says why."""


class Member(Struct, frozen=True):
    """A file of an archive, or a folder; `path` are the parts of its name, `start` its content."""

    name: str
    path: tuple[str, ...]
    is_folder: bool
    is_executable: bool
    method: int
    start: int
    compressed_bytes: int
    size_bytes: int
    crc: int


def check_zip(data: bytes) -> None:
    """Read a package to its end, and write nothing; raises BadPackage.

    It may take seconds: call it in a thread.
    """
    for member in listed(data):
        if not member.is_folder:
            for _ in content(data, member):
                pass


def listed(data: bytes) -> list[Member]:
    """Give what a package holds, all but its content checked; raises BadPackage."""
    if len(data) > MAX_ZIPPED_BYTES:
        raise BadPackage(f"Zipped size must be smaller than {MAX_ZIPPED_BYTES} bytes")
    # An entry takes memory as soon as it is listed: count before that. Each has this signature.
    if data.count(_CENTRAL) > MAX_ENTRIES:
        raise _too_many()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries, end = archive.infolist(), archive.start_dir
    except _UNREADABLE as error:
        raise BadPackage(
            f"Could not unzip uploaded file: it is not a zip archive ({error})"
        ) from error
    if not entries:
        raise BadPackage("Uploaded file must be a non-empty zip")
    members = [_member(data, entry) for entry in entries]
    _check_sizes(members)
    _check_places(members, entries, end)
    _check_names(members)
    return members


def content(data: bytes, member: Member) -> Iterator[bytes]:
    """Give a member's bytes in pieces, none beyond its size; raises BadPackage.

    What was given before it raises is of no use.
    """
    size, crc = 0, 0
    for piece in _pieces(data, member):
        size += len(piece)
        crc = zlib.crc32(piece, crc)
        if size > member.size_bytes:
            break
        yield piece
    if size != member.size_bytes or crc != member.crc:
        raise BadPackage(f"{member.name!r} is not what the archive says: size or checksum differ")


def _pieces(data: bytes, member: Member) -> Iterator[bytes]:
    packed = memoryview(data)[member.start : member.start + member.compressed_bytes]
    inflating = None if member.method == zipfile.ZIP_STORED else zlib.decompressobj(-zlib.MAX_WBITS)
    for at in range(0, len(packed), _CHUNK_BYTES):
        piece = bytes(packed[at : at + _CHUNK_BYTES])
        if inflating is None:
            yield piece
        else:
            yield from _inflated(inflating, piece, member.name)
    if inflating is not None and (not inflating.eof or inflating.unused_data):
        raise BadPackage(f"{member.name!r} is cut off, or goes on after its end")


def _inflated(inflating: zlib._Decompress, piece: bytes, name: str) -> Iterator[bytes]:
    """Inflate a piece; gives no more at once than a chunk, whatever it swells to."""
    while True:
        try:
            inflated = inflating.decompress(piece, _CHUNK_BYTES)
        except zlib.error as error:
            raise BadPackage(f"{name!r} cannot be inflated: {error}") from error
        yield inflated
        piece = inflating.unconsumed_tail
        if inflating.eof or (not piece and len(inflated) < _CHUNK_BYTES):
            return


def _member(data: bytes, entry: zipfile.ZipInfo) -> Member:
    name, mode = entry.orig_filename, entry.external_attr >> 16
    _check_kind(entry, mode)
    path = _path(name)
    is_folder = name.endswith("/")
    if not path and not is_folder:
        raise BadPackage(f"{name!r} is no name of a file")
    if entry.compress_type not in _METHODS:
        raise BadPackage(f"{name!r} is compressed by a method other than deflate")
    return Member(
        name=name,
        path=path,
        is_folder=is_folder,
        is_executable=bool(mode & 0o111),
        method=entry.compress_type,
        start=_start(data, entry),
        compressed_bytes=entry.compress_size,
        size_bytes=entry.file_size,
        crc=entry.CRC,
    )


def _check_kind(entry: zipfile.ZipInfo, mode: int) -> None:
    name = entry.orig_filename
    if entry.flag_bits & _ENCRYPTED:
        raise BadPackage(f"{name!r} is encrypted")
    kind = stat.S_IFMT(mode)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise BadPackage(f"{name!r} is a link or a device; a package has files and folders only")
    if name.endswith("/"):
        if kind == stat.S_IFREG or entry.file_size or entry.compress_size > 2:  # noqa: PLR2004  an empty deflate stream
            raise BadPackage(f"{name!r} is a folder with content")
    elif kind == stat.S_IFDIR:
        raise BadPackage(f"{name!r} is a folder named like a file")


def _path(name: str) -> tuple[str, ...]:
    """Give the parts of a name that stays within the folder it is unpacked to."""
    if _WRONG_CHARACTER.search(name):
        raise BadPackage(f"{name!r} has a backslash or a control character in its name")
    if name.startswith("/") or _DRIVE.match(name):
        raise BadPackage(f"{name!r} is an absolute name")
    parts = tuple(part for part in name.split("/") if part not in {"", "."})
    if ".." in parts:
        raise BadPackage(f"{name!r} leads out of the package")
    longest = max((len(part.encode()) for part in parts), default=0)
    if len(name.encode()) > MAX_NAME_BYTES or longest > MAX_PART_BYTES:
        raise BadPackage(f"{name[:80]!r}… is too long a name")
    return parts


def _start(data: bytes, entry: zipfile.ZipInfo) -> int:
    """Find where a member's content begins: its local header says how long that is."""
    at = entry.header_offset
    if at < 0 or at + 30 > len(data):
        raise BadPackage(f"{entry.orig_filename!r} lies outside of the archive")
    signature, name_bytes, extra_bytes = _LOCAL.unpack_from(data, at)
    if signature != b"PK\x03\x04":
        raise BadPackage(f"{entry.orig_filename!r} lies where no file is")
    return int(at + 30 + name_bytes + extra_bytes)


def _check_sizes(members: Iterable[Member]) -> None:
    # Content is never read beyond its declared size, so that this bounds what is written.
    if sum(member.size_bytes for member in members) > MAX_UNZIPPED_BYTES:
        raise BadPackage(f"Unzipped size must be smaller than {MAX_UNZIPPED_BYTES} bytes")


def _check_places(members: list[Member], entries: list[zipfile.ZipInfo], end: int) -> None:
    """Refuse members that share bytes: a small archive could say one file a thousand times."""
    places = sorted(
        (entry.header_offset, member.start + member.compressed_bytes, member.name)
        for entry, member in zip(entries, members, strict=True)
    )
    following = [start for start, _, _ in places[1:]] + [end]
    for (_, last, name), limit in zip(places, following, strict=True):
        if last > limit:
            raise BadPackage(f"{name!r} overlaps what follows it in the archive")


def _check_names(members: Iterable[Member]) -> None:
    """Refuse a name twice, and one that is a file here and a folder there."""
    files: set[tuple[str, ...]] = set()
    named: set[tuple[str, ...]] = set()  # folders that have an entry of their own
    folders: set[tuple[str, ...]] = set()
    for member in members:
        among = named if member.is_folder else files
        if member.path in among:
            raise BadPackage(f"{member.name!r} is in the archive twice")
        among.add(member.path)
        parents = member.path if member.is_folder else member.path[:-1]
        folders.update(parents[:depth] for depth in range(len(parents), 0, -1))
        if len(files) + len(folders) > MAX_ENTRIES:
            raise _too_many()
    if both := files & folders:
        raise BadPackage(f"{'/'.join(min(both))!r} is a file and a folder at once")


def _too_many() -> BadPackage:
    return BadPackage(f"The archive has more than {MAX_ENTRIES} files and folders")
