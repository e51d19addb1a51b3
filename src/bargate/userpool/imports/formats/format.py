"""What a format of files of users is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO, TypeAlias

from bargate.records.user_pool import UserPool
from bargate.userpool.imports.row import Row


class WrongFormat(Exception):
    """A file is not in the format at all, or cannot be read on; the text says what is wrong."""


# Reads a file for a pool, in memory that does not grow with it; raises WrongFormat, at any row.
Reader: TypeAlias = Callable[[BinaryIO, UserPool], Iterator[Row]]
