from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from bargate.audit.journal import Journal
from bargate.cli import import_users
from bargate.cli.import_users import _named, _read
from bargate.control.imports_question import Begin, NotImported, Wait, line_of, question_of
from bargate.control.imports_socket import _Conversation
from bargate.control.local_channel import Channel, open_channel
from bargate.control.local_socket import Bounds, LocalSocket
from bargate.userpool.imports.batch import Batch
from bargate.userpool.imports.files import File


def test_a_file_of_any_name_can_be_told(tmp_path: Path) -> None:
    name = os.fsdecode(os.fsencode(tmp_path) + b"/us\xffers\n\xc3\xa4.csv")
    begin = Begin(File(pool_id="us-east-1_x", path=_named(Path(name)), digest="0" * 64))
    assert begin.file.path == f"{tmp_path}/us\\xffers\nä.csv"
    assert question_of(line_of(begin)) == begin


def test_an_installation_does_not_hang_up_while_rows_are_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten questions take half a second, and who is silent for a fifth is gone."""
    monkeypatch.setattr(import_users, "WAIT_S", 0.05)
    nothing: Any = None  # of pools and log: whoever waits asks for neither
    conversation = _Conversation(nothing, None)
    bounds = Bounds(connections=1, question_bytes=1_024, timeout_s=0.2)
    found = Batch(first=5_000_000)

    async def run() -> Batch:
        is_found, asked = asyncio.Event(), []

        async def converse(channel: Channel) -> None:
            while (line := await channel.receive()) is not None:
                asked.append(question_of(line))
                await channel.send(line_of(await conversation.answer(asked[-1])))
                if len(asked) == 10:
                    is_found.set()

        async def reading() -> Batch:
            await is_found.wait()
            return found

        path = tmp_path / "run" / "a.sock"
        socket = LocalSocket.conversing(path, "bargate test", bounds, converse)
        await socket.start()
        async with open_channel(path, 1_024, 5.0) as channel:
            batch = await _read(channel, asyncio.create_task(reading()))
        socket.stop()
        return batch

    assert isinstance(asyncio.run(conversation.answer(Wait())), NotImported)  # nothing was begun
    conversation._key = ("us-east-1_x", "file-1")
    assert asyncio.run(run()) == found


def test_nothing_is_begun_that_the_audit_log_cannot_tell() -> None:
    journal = Journal({})
    journal.close()
    store: Any = None  # what is refused before it begins needs none
    begin = Begin(File(pool_id="us-east-1_x", path="/users.csv", digest="0" * 64))
    answer = asyncio.run(_Conversation(store, journal).answer(begin))
    assert isinstance(answer, NotImported)
    assert "audit log cannot be written" in answer.message
