"""Folders that live as long as the process: in memory where the system offers that.

It is named for the process that made it, so that one left behind by a kill -9 is found and removed
at the next start.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MEMORY = Path("/dev/shm")  # noqa: S108  a folder with a mode and a name of its own is made in it
_PREFIX = "bargate-"


@contextlib.contextmanager
def temporary_folder(*, in_memory: bool = True) -> Iterator[Path]:
    """Make a folder that only its owner may enter, and remove it in the end."""
    parent = Path(tempfile.gettempdir())
    if in_memory and os.access(_MEMORY, os.W_OK):
        parent = _MEMORY
    _remove_abandoned(parent)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_abandoned(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}[0-9]*-*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        is_ours = (
            folder.is_dir() and not folder.is_symlink() and folder.stat().st_uid == os.getuid()
        )
        if is_ours and pid.isdigit() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(folder, ignore_errors=True)
