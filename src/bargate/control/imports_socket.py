"""Writes the users of a file that `bargate users import` reads, over a local socket."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from bargate.audit.event import OK, Event, told
from bargate.audit.journal import LogUnavailable
from bargate.control.imports_question import (
    MAX_LINE_BYTES,
    TIMEOUT_S,
    Begin,
    Begun,
    Finish,
    NotImported,
    Progress,
    Wait,
    Waiting,
    Write,
    line_of,
    question_of,
    socket_name,
)
from bargate.control.local_socket import Bounds, LocalSocket
from bargate.records.pool_import import POOL_IMPORT
from bargate.store.interface import StoreBusy, StoreUnavailable, Unstorable
from bargate.userpool.imports import files
from bargate.userpool.imports.write import NotNext, write_batch
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from pathlib import Path

    from bargate.audit.journal import Journal
    from bargate.control.imports_question import Answer, Question
    from bargate.control.local_channel import Channel
    from bargate.store.interface import Transaction
    from bargate.store.kind import Key
    from bargate.userpool.pools import Pools

_BOUNDS: Final = Bounds(connections=4, question_bytes=MAX_LINE_BYTES, timeout_s=TIMEOUT_S)


def imports_socket(pools: Pools, journal: Journal | None, folder: Path, port: int) -> LocalSocket:
    """Make the socket of the installation whose AWS endpoint listens on `port`."""

    async def converse(channel: Channel) -> None:
        conversation = _Conversation(pools, journal)
        while (line := await channel.receive()) is not None:
            # Decoding a batch takes a millisecond or two: beside the loop.
            question = await asyncio.to_thread(question_of, line)
            answer = await conversation.answer(question)
            await channel.send(await asyncio.to_thread(line_of, answer))
            if isinstance(answer, NotImported):
                return

    path = folder / socket_name(port)
    return LocalSocket.conversing(path, "bargate users import", _BOUNDS, converse)


class _Conversation:
    """One import, by one command."""

    def __init__(self, pools: Pools, journal: Journal | None) -> None:
        self._pools = pools
        self._journal = journal
        self._key: Key | None = None

    async def answer(self, question: Question) -> Answer:
        """Do what is asked; what is refused is said."""
        try:
            if isinstance(question, Begin):
                return await self._begin(question)
            if self._key is None:
                return NotImported("no import was begun")
            if isinstance(question, Wait):
                return Waiting()
            return await self._go_on(self._key, question)
        except (AwsError, NotNext) as refused:
            return NotImported(refused.message if isinstance(refused, AwsError) else files.MOVED)
        except Unstorable as unstorable:
            return NotImported(str(unstorable))
        except (StoreBusy, StoreUnavailable) as error:
            return NotImported(f"nothing more can be written: {error}")
        except LogUnavailable:
            return NotImported("nothing was imported, since the audit log cannot be written")

    async def _begin(self, question: Begin) -> Begun:
        pools, file = self._pools, question.file
        if self._journal is not None:
            self._journal.check()  # before anything is begun
        pool, progress = await pools.store.submit(lambda tx: files.begin(tx, file, pools.clock()))
        if self._journal is not None and progress.status == "InProgress":
            await self._journal.keep("changes", self._event(file), None)
        self._key = POOL_IMPORT.key_of(progress)
        # What reading a file has nothing to do with stays here.
        return Begun(progress, replace(pool, stored={}, lambda_config={}, tags={}))

    async def _go_on(self, key: Key, question: Write | Finish) -> Progress:
        now = self._pools.clock()

        def work(tx: Transaction) -> Progress:
            if isinstance(question, Write):
                return Progress(write_batch(tx, key, question.batch, now))
            return Progress(files.finish(tx, key, question.rows, question.failure, now))

        return await self._pools.store.submit(work)

    def _event(self, file: files.File) -> Event:
        return Event(
            time=self._pools.clock(),
            service="bargate",
            operation="ImportUsers",
            outcome=OK,
            pool_id=told(file.pool_id),
            resource=told(file.path),
        )
