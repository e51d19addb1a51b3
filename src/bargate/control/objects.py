"""Objects of S3 as files: `s3://BUCKET/KEY` is DIR/BUCKET/KEY, its version V the file DIR/BUCKET/KEY@V."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from bargate.services.environment import NoSuchObject

if TYPE_CHECKING:
    from pathlib import Path


class FolderObjects:
    """What lies below one folder; links that lead out of it are not followed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def read(self, bucket: str, key: str, version: str | None, max_bytes: int) -> bytes:
        """Give an object of at most so many bytes; raises NoSuchObject."""
        name = key if version is None else f"{key}@{version}"
        parts = [bucket, *name.split("/")]
        if any(part in {"", ".", ".."} or "\0" in part for part in parts):
            raise NoSuchObject("its name is not that of a file")
        try:
            path = self._folder.joinpath(*parts).resolve()
        except (OSError, RuntimeError) as error:  # links in a circle
            raise NoSuchObject("its links lead nowhere") from error
        if not path.is_relative_to(self._folder):
            raise NoSuchObject("it lies outside the folder of --s3")
        try:
            return _read(path, max_bytes)
        except OSError as error:
            raise NoSuchObject(error.strerror or str(error)) from error


def _read(path: Path, max_bytes: int) -> bytes:
    # Not blocking: whoever puts a pipe there must not hold the control process.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NoSuchObject("it is no file")
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise NoSuchObject(f"it has more than {max_bytes} bytes")
    return data
