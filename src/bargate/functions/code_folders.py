"""Where the code of a version lies: unpacked, or the operator's own folder, which is watched.

ZipCode ──► Packages         DirectoryCode ──► Watched: another generation after every change
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from bargate.functions.packages import BadPackage, Packages
from bargate.functions.runtime_spec import StartFailed, failure
from bargate.functions.watched import Watched
from bargate.model.function import DirectoryCode, ZipCode

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

    from bargate.model.function import Code

MAX_WATCHED = 1_024


class CodeFolders:
    """Code on disk; `folder` is where packages are unpacked, `clock` a monotonic one."""

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        shutil.rmtree(folder, ignore_errors=True)  # what a host left that was killed
        self._packages = Packages(folder)
        self._clock = clock
        self._watched: dict[str, Watched] = {}
        self._generations: dict[str, int] = {}

    async def folder(self, code: Code) -> str:
        """Give the folder to run in; raises StartFailed."""
        match code:
            case DirectoryCode(path=path):
                return path
            case ZipCode():
                try:
                    return str(await self._packages.unpacked(code))
                except BadPackage as bad:
                    raise StartFailed(failure("InvalidZipFileException", str(bad))) from bad
        raise StartFailed(failure("InvalidCode", "the function has no code on this machine"))

    def generation(self, code: Code) -> int:
        """Count the changes of a folder that were seen so far; 0 for what does not change."""
        if not isinstance(code, DirectoryCode):
            return 0
        path, now = code.path, self._clock()
        watched = self._watched.get(path)
        if watched is None:
            if len(self._watched) >= MAX_WATCHED:
                del self._watched[next(iter(self._watched))]
            # Watched from now on: what was watched before and forgotten may have changed meanwhile.
            self._watched[path] = Watched(Path(path), now)
            self._generations[path] = self._generations.get(path, 0) + 1
        elif watched.has_changed(now):
            self._generations[path] += 1
        return self._generations[path]

    def digest(self, code: Code) -> str:
        """Give the digest of a package, empty for other code."""
        return code.sha256.lower() if isinstance(code, ZipCode) else ""

    async def keep(self, digests: AbstractSet[str]) -> None:
        """Remove all unpacked code but that of these packages."""
        await self._packages.keep(digests)

    async def close(self) -> None:
        """Remove all unpacked code."""
        await self._packages.close()
