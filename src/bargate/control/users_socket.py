"""Gives users of pools to `bargate users export`, over a local socket.

    question ──► noted in the audit log ──► header ──► pages, read in a thread ──► end

INVARIANT: no password hash leaves before the audit log says so.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

import msgspec

from bargate.audit.event import OK, Event, told
from bargate.audit.journal import LogUnavailable
from bargate.control.local_socket import Bounds, LocalSocket
from bargate.control.users_question import (
    MAX_QUESTION_BYTES,
    TIMEOUT_S,
    Exporting,
    ExportUsers,
    NotExported,
    socket_name,
)
from bargate.records.pool_user import POOL_USER
from bargate.store.interface import StoreUnavailable
from bargate.userpool.exports import page_of
from bargate.userpool.find import pool_of_id
from bargate.userpool.imports.formats.exported import VERSION, Footer, Header, line_of
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bargate.audit.journal import Journal
    from bargate.control.local_channel import Channel
    from bargate.store.interface import Reader
    from bargate.userpool.exports import Page
    from bargate.userpool.pools import Pools

_BOUNDS: Final = Bounds(connections=2, question_bytes=MAX_QUESTION_BYTES, timeout_s=TIMEOUT_S)
_log = logging.getLogger("bargate.control")


def users_socket(pools: Pools, journal: Journal | None, folder: Path, port: int) -> LocalSocket:
    """Make the socket of the installation whose AWS endpoint listens on `port`."""

    async def converse(channel: Channel) -> None:
        asked = msgspec.json.decode(await channel.receive() or b"", type=ExportUsers)
        begun = await _begun(pools, journal, asked)
        await channel.send(msgspec.json.encode(begun))
        if isinstance(begun, Exporting):
            await _export(pools, channel, asked)

    path = folder / socket_name(port)
    return LocalSocket.conversing(path, "bargate users export", _BOUNDS, converse)


async def _begun(
    pools: Pools, journal: Journal | None, asked: ExportUsers
) -> Exporting | NotExported:
    try:
        users = await asyncio.to_thread(pools.store.read, lambda tx: _count(tx, asked.pool_id))
        if journal is not None:
            await journal.keep("changes", _event(pools, asked), None)
    except AwsError as refused:
        return NotExported(refused.message)
    except StoreUnavailable as error:
        return NotExported(f"Nothing can be read: {error}")
    except LogUnavailable:
        return NotExported("Nothing was exported, since the audit log cannot be written.")
    return Exporting(users)


def _count(tx: Reader, pool_id: str) -> int:
    pool_of_id(tx, pool_id)
    return tx.count(POOL_USER, (pool_id,))


def _event(pools: Pools, asked: ExportUsers) -> Event:
    return Event(
        time=pools.clock(),
        service="bargate",
        operation="ExportUsers",
        outcome=OK,
        pool_id=told(asked.pool_id),
        resource="with password hashes" if asked.with_hashes else "without password hashes",
    )


async def _export(pools: Pools, channel: Channel, asked: ExportUsers) -> None:
    """Send the file; an export that cannot go on ends without its last line."""
    header = Header(
        bargate_users=VERSION,
        pool_id=asked.pool_id,
        exported_at=pools.clock(),
        has_hashes=asked.with_hashes,
    )
    await channel.send(line_of(header))
    after: str | None = None
    count = 0
    while True:
        try:
            page = await asyncio.to_thread(pools.store.read, _reading(asked, after))
        except (StoreUnavailable, AwsError) as error:
            _log.warning("the export of pool %s was broken off: %s", asked.pool_id, error)
            return
        await channel.send_all(page.lines)
        count += len(page.lines)
        after = page.last_sub
        if after is None:
            break
    await channel.send(line_of(Footer(end=count)))
    _log.info("users of pool %s were exported: %d", asked.pool_id, count)


def _reading(asked: ExportUsers, after: str | None) -> Callable[[Reader], Page]:
    def work(tx: Reader) -> Page:
        return page_of(tx, asked.pool_id, after, has_hashes=asked.with_hashes)

    return work
