"""The control process: `python -m bargate.control.process CHANNEL_FD LISTENER_FD`.

    channel: Begin ──► open the store ──► Opened ──► publish everything ──► accept calls ──► Listening
             StoreStages ──► the store ──► published ──► Stored
             the supervisor gone ──► finish what was submitted, end

It is started by the keeper alone, and reads no configuration but what comes over the channel.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from bargate.control.audit_log import open_log
from bargate.control.first_start import prepare
from bargate.control.joined import Control
from bargate.control.keeper import REFUSED_START
from bargate.control.messages import Begin, ToControl
from bargate.control.outbound import UnreadableSecret
from bargate.frames import Channel, decoder
from bargate.stderr_log import log_to_stderr
from bargate.store.folder import open_folder
from bargate.store.interface import StoreRefused

_log = logging.getLogger("bargate.control")


async def _main(channel_fd: int, listener_fd: int) -> int:
    listener = socket.socket(fileno=listener_fd)
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=channel_fd))
    channel = Channel(reader, writer, decoder(ToControl))
    begin = await channel.receive()
    if not isinstance(begin, Begin):
        return 1
    try:
        store = open_folder(Path(begin.settings.folder), dict(os.environ))
    except StoreRefused as refused:
        _log.error("%s", refused)
        return REFUSED_START
    try:
        prepare(store, begin.settings, datetime.now(UTC))
        with closing(open_log(begin.settings, dict(os.environ))) as journal:
            await Control(channel, begin, store, journal).run(listener)
    except (UnreadableSecret, StoreRefused) as refused:
        _log.error("%s", refused)
        return REFUSED_START
    finally:
        store.close()
        channel.close()
    return 0


def main() -> None:
    """Run the control process on the descriptors named on the command line."""
    gc.disable()  # until it serves: nothing of what a start makes is garbage
    stderr = log_to_stderr()
    # Ctrl-C reaches the whole process group; the supervisor alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    channel_fd, listener_fd = map(int, sys.argv[1:])
    code = 1
    try:
        code = uvloop.run(_main(channel_fd, listener_fd))
    except Exception:  # noqa: BLE001 - logged here: a traceback of Python's own could wait for ever
        _log.exception("the control process ends by a bug")
    finally:
        stderr.shut()
    sys.exit(code)


if __name__ == "__main__":
    main()
