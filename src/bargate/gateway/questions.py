"""The local socket on which a running gateway explains recent requests.

One line in (a request id), one JSON document out. The socket lies in a folder that only its
owner may enter.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import stat
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from bargate.snapshot.explain import ExplainedCall

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

QUESTION_TIMEOUT_S = 5.0
_REQUEST_ID = re.compile(rb"[A-Za-z0-9=+/_-]{1,128}\n")


class UnsafeFolder(Exception):
    """The folder for local sockets belongs to, or is open to, somebody else."""


class Reply(Struct, frozen=True):
    """What one gateway said; `is_reached` is False when none listens on the socket."""

    is_reached: bool
    explained: ExplainedCall | None = None


class QuestionSocket:
    """Listens for questions; `answer` gives the explanation of a request id."""

    def __init__(
        self, path: Path, answer: Callable[[str], Awaitable[ExplainedCall | None]]
    ) -> None:
        self._path = path
        self._answer = answer
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen; raises UnsafeFolder, or OSError when the folder cannot be used."""
        make_private(self._path.parent)
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        self._server = await asyncio.start_unix_server(self._serve, self._path, limit=256)
        self._path.chmod(0o600)

    async def stop(self) -> None:
        """Stop listening and remove the socket."""
        if self._server is not None:
            self._server.close()
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(QUESTION_TIMEOUT_S):
                question = await reader.readline()
                if _REQUEST_ID.fullmatch(question):
                    explained = await self._answer(question[:-1].decode("ascii"))
                    writer.write(msgspec.json.encode(explained))
                    await writer.drain()
        except (TimeoutError, ConnectionError, ValueError):
            pass  # whoever asked is gone, too slow, or asked nothing that can be asked
        finally:
            writer.close()


def make_private(folder: Path) -> None:
    """Make a folder that only its owner may enter; raises UnsafeFolder when it is another's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    check_private(folder)


def check_private(folder: Path) -> None:
    """Raise UnsafeFolder unless only this user may enter `folder`; OSError when there is none."""
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise UnsafeFolder(f"{folder} must be a folder of this user with mode 0700")


async def ask(path: Path, request_id: str) -> Reply:
    """Ask the gateway behind a socket about a request."""
    try:
        async with asyncio.timeout(QUESTION_TIMEOUT_S):
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(request_id.encode("ascii", "replace") + b"\n")
            answer = await reader.read(-1)
            writer.close()
    except (OSError, TimeoutError):
        return Reply(is_reached=False)
    if not answer:
        return Reply(is_reached=True)
    return Reply(is_reached=True, explained=msgspec.json.decode(answer, type=ExplainedCall | None))
