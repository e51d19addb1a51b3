"""What is asked over the local socket of an installation for the users of a pool.

    ExportUsers ──► Exporting | NotExported ──► the lines of `imports.formats.bargate_file`

The socket lies in the run directory, which only its owner may enter (`gateway.questions`).
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

MAX_QUESTION_BYTES: Final = 4_096
TIMEOUT_S: Final = 60.0  # for a line: who reads them may write to a slow disk


class ExportUsers(Struct, frozen=True, kw_only=True):
    """Give every user of a pool."""

    pool_id: str
    with_hashes: bool = False


class Exporting(Struct, frozen=True, tag="exporting"):
    """The lines follow; there are about so many users."""

    users: int


class NotExported(Struct, frozen=True, tag="not_exported"):
    """Nothing follows; `message` says why."""

    message: str


def socket_name(port: int) -> str:
    """Name the socket of the installation whose AWS endpoint listens on `port`."""
    return f"users-{port}.sock"
