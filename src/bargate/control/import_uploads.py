"""Takes the CSV file of an import job, once.

PUT /{pool id}/imports/{job id}?token=…

The token stands for credentials, as a pre-signed URL does at AWS. It is asked for before a byte of the
body is; the body goes to a private file as it comes, in memory that does not grow with it.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, BinaryIO, Final

from msgspec.structs import replace

from bargate.records.pool_import import POOL_IMPORT
from bargate.store.interface import StoreBusy, StoreUnavailable
from bargate.userpool.imports.jobs import takes_upload
from bargate.wire.request import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bargate.control.edge import Receive, Scope
    from bargate.store.interface import Store, Transaction
    from bargate.store.kind import Key
    from bargate.userpool.imports.folder import ImportFolder

MAX_FILE_BYTES: Final = 100 * 1024 * 1024  # AWS [D]
UPLOAD_S: Final = 15 * 60.0  # AWS [D]: as long as its URL is good
_PIECE_BYTES: Final = 1024 * 1024
PATH: Final = re.compile(
    r"/(?P<pool>[\w-]{1,55}_[0-9a-zA-Z]{1,55})/imports/(?P<job>import-[0-9a-zA-Z]{1,48})", re.ASCII
)
_TOKEN: Final = re.compile(rb"token=([\w-]{1,128})")
_HEADERS: Final = (("content-type", "application/xml"), ("connection", "close"))


class _TooLarge(Exception):
    """A file is larger than AWS takes."""


class _BrokenOff(Exception):
    """The client went away before its file was whole."""


class ImportUploads:
    """The uploads of one installation; of a job one at a time."""

    def __init__(self, store: Store, folder: ImportFolder, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._folder = folder
        self._clock = clock
        self._under_way: set[Key] = set()

    def is_for(self, scope: Scope) -> bool:
        """Say whether a request is an upload, good or not."""
        path = scope["raw_path"].decode("latin-1")
        return scope["method"] == "PUT" and PATH.fullmatch(path) is not None

    async def answer(
        self, scope: Scope, receive: Receive, length_bytes: int | None
    ) -> HttpResponse | None:
        """Take an upload; None when its client went away."""
        found = PATH.fullmatch(scope["raw_path"].decode("latin-1"))
        key = ("", "") if found is None else (found["pool"], found["job"])
        shown = _TOKEN.fullmatch(scope["query_string"])
        token = "" if shown is None else shown[1].decode("ascii")
        if not self._takes(key, token):
            return _refused(403, "AccessDenied", "The URL is wrong, has expired, or was used.")
        if length_bytes is not None and length_bytes > MAX_FILE_BYTES:
            return _too_large()
        if key in self._under_way:
            return _refused(409, "OperationAborted", "The file is being uploaded.")
        self._under_way.add(key)
        try:
            return await self._taken(key, token, receive)
        finally:
            self._under_way.discard(key)

    async def _taken(self, key: Key, token: str, receive: Receive) -> HttpResponse | None:
        try:
            file = await asyncio.to_thread(self._folder.begin, key)
            try:
                await _write(file, receive)
                # The name is the job's alone, and no other upload of it is under way.
                await asyncio.to_thread(self._folder.keep, key, file)
            except BaseException:
                await asyncio.to_thread(self._folder.drop, key, file)
                raise
            is_kept = await self._store.submit(lambda tx: self._uploaded(tx, key, token))
        except _TooLarge:
            return _too_large()
        except _BrokenOff:
            return None
        except (OSError, StoreBusy, StoreUnavailable):
            return _refused(503, "ServiceUnavailable", "The file could not be kept: try again.")
        if not is_kept:
            # Its job got no file, as one upload at a time is under way: nobody else would remove it.
            await asyncio.to_thread(self._folder.forget, key, None)
            return _refused(403, "AccessDenied", "The URL has expired.")
        return HttpResponse(200, (), b"")

    def _takes(self, key: Key, token: str) -> bool:
        job = self._store.read(lambda tx: tx.find(POOL_IMPORT, key))
        return job is not None and takes_upload(job, token, self._clock())

    def _uploaded(self, tx: Transaction, key: Key, token: str) -> bool:
        """Note that the file is there, and end the token."""
        job, now = tx.find(POOL_IMPORT, key), self._clock()
        if job is None or not takes_upload(job, token, now):
            return False
        tx.update(POOL_IMPORT, key, lambda old: replace(old, uploaded_at=now, token=None))
        return True


async def _write(file: BinaryIO, receive: Receive) -> None:
    """Write a body as it comes; raises _TooLarge, _BrokenOff, OSError."""
    pieces = bytearray()
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _BrokenOff
        pieces += message.get("body", b"")
        size += len(message.get("body", b""))
        if size > MAX_FILE_BYTES:
            raise _TooLarge
        is_last = not message.get("more_body", False)
        if is_last or len(pieces) >= _PIECE_BYTES:
            await asyncio.to_thread(file.write, bytes(pieces))
            pieces.clear()
        if is_last:
            return


def _too_large() -> HttpResponse:
    message = f"A file has at most {MAX_FILE_BYTES} bytes."
    return _refused(413, "EntityTooLarge", message)


def _refused(status: int, code: str, message: str) -> HttpResponse:
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return HttpResponse(status, _HEADERS, body.encode())
