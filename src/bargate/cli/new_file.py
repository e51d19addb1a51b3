"""A file that is there as a whole or not at all, and that its owner alone may read."""

from __future__ import annotations

import contextlib
import os
import secrets
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@contextlib.contextmanager
def new_file(path: Path, *, replaces: bool) -> Iterator[IO[bytes]]:
    """Write a file beside its place, and put it there when the block ends well.

    Raises FileExistsError where there is one (a broken link, too) and it is not to be replaced.
    """
    if not replaces and os.path.lexists(path):
        raise FileExistsError(path)
    half = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        with open(os.open(half, _FLAGS, 0o600), "wb") as file:  # noqa: PTH123  a descriptor
            yield file
            file.flush()
            os.fsync(file.fileno())
        if replaces:
            half.replace(path)
        else:
            os.link(half, path, follow_symlinks=False)  # fails where one has come meanwhile
    finally:
        half.unlink(missing_ok=True)
