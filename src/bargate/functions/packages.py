"""The code of deployment packages, unpacked once each, where functions may read it.

    ZipCode ──unpacked──► read, digest compared ──► checked, written under a temporary name ──► renamed
            ──► folder/RANDOM/   0755, its files 0644, or 0755 where the archive says executable

The folder above can be entered and not listed, and names in it cannot be guessed: a function's user
reaches the code that it is told of and no other.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from bargate.functions.zip_package import (
    MAX_ZIPPED_BYTES,
    BadPackage,
    Member,
    check_zip,
    content,
    listed,
)

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from bargate.model.function import ZipCode

__all__ = ["BadPackage", "Packages", "check_zip"]

MAX_AT_ONCE = 2
_FOLDER, _FILE, _PROGRAM = 0o755, 0o644, 0o755
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Packages:
    """Unpacks packages below `folder`, which is made, and must be of nobody else.

    What lies above `folder` must let functions' users enter it (mode 0711).
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        folder.chmod(0o711)
        self._folder = folder
        self._unpacked: dict[str, Path] = {}  # by digest
        self._under_way: dict[str, asyncio.Task[Path]] = {}
        self._turn = asyncio.Semaphore(MAX_AT_ONCE)

    async def unpacked(self, code: ZipCode) -> Path:
        """Give the folder with a package's code; those who ask at once wait for one unpacking.

        Raises BadPackage, also when the file is gone or is another one by now.
        """
        digest = code.sha256.lower()
        if (path := self._unpacked.get(digest)) is not None:
            return path
        task = self._under_way.get(digest)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._unpack(code.path, digest))
            self._under_way[digest] = task
            task.add_done_callback(lambda done: self._done(digest, done))
        return await asyncio.shield(task)

    async def _unpack(self, path: str, digest: str) -> Path:
        async with self._turn:
            unpacked = await asyncio.to_thread(_unpack, path, digest, self._folder)
        self._unpacked[digest] = unpacked
        return unpacked

    def _done(self, digest: str, task: asyncio.Task[Path]) -> None:
        del self._under_way[digest]
        if not task.cancelled():
            task.exception()  # heard, even when whoever asked waits no more

    async def keep(self, digests: AbstractSet[str]) -> None:
        """Remove all code but that of these packages (sha256 in hex).

        Give the digests of versions, and of processes that still live.
        """
        wanted = {digest.lower() for digest in digests}
        for digest in self._unpacked.keys() - wanted:
            await asyncio.to_thread(_remove, self._unpacked.pop(digest))

    async def close(self) -> None:
        """Wait for what is being unpacked, and remove everything."""
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)
        self._unpacked.clear()
        await asyncio.to_thread(_remove, self._folder)


def _unpack(path: str, digest: str, folder: Path) -> Path:
    temporary = folder / f".{secrets.token_hex(16)}"
    final = folder / secrets.token_hex(16)
    try:
        data = _read(path, digest)
        members = listed(data)
        _write(data, members, temporary)
        temporary.rename(final)
    except OSError as error:
        _remove(temporary)
        raise BadPackage(f"the package {path} cannot be unpacked: {error}") from error
    except BaseException:
        _remove(temporary)
        raise
    return final


def _read(path: str, digest: str) -> bytes:
    with Path(path).open("rb") as file:
        data = file.read(MAX_ZIPPED_BYTES + 1)
    # INVARIANT: what is unpacked is what was checked and stored as this version's code.
    if not hmac.compare_digest(hashlib.sha256(data).hexdigest().encode(), digest.encode()):
        raise BadPackage(f"the package {path} is not the one that was stored: its digest differs")
    return data


def _write(data: bytes, members: list[Member], folder: Path) -> None:
    _make_folder(folder)
    made: set[tuple[str, ...]] = {()}
    for member in members:
        parents = member.path if member.is_folder else member.path[:-1]
        for depth in range(1, len(parents) + 1):
            if parents[:depth] not in made:
                made.add(parents[:depth])
                _make_folder(folder.joinpath(*parents[:depth]))
        if not member.is_folder:
            _write_file(data, member, folder.joinpath(*member.path))


def _make_folder(path: Path) -> None:
    path.mkdir()
    path.chmod(_FOLDER)  # whatever the umask is


def _write_file(data: bytes, member: Member, path: Path) -> None:
    with open(os.open(path, _NEW, 0o600), "wb") as file:  # noqa: PTH123  a descriptor
        file.writelines(content(data, member))
        os.fchmod(file.fileno(), _PROGRAM if member.is_executable else _FILE)


def _remove(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True)
