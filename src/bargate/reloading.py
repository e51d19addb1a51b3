"""Documents that change while they are served: on SIGHUP, and whenever a file does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

import click

from bargate.control.keeper import ControlFailed
from bargate.gateway.worker_process import WorkerFailed
from bargate.source import fingerprints

if TYPE_CHECKING:
    from bargate.documents import Loaded
    from bargate.openapi import Finding
    from bargate.signals import Signals
    from bargate.source import Fingerprints, Source

# Tells the operator what is found in documents.
Show = Callable[[Iterable["Finding"]], None]
# Lets what was loaded from documents be served.
Deliver = Callable[["Loaded"], Awaitable[None]]

WATCH_S = 0.25

_log = logging.getLogger("bargate")


def load_documents(source: Source) -> Loaded:
    """Read the documents; raises InvalidDocument."""
    # Imported here: a start without documents would take a tenth of a second more.
    from bargate.documents import load  # noqa: PLC0415
    from bargate.gateway.fetch import fetch  # noqa: PLC0415
    from bargate.gateway.key_directory import HttpKeyDirectory  # noqa: PLC0415

    return load(source, HttpKeyDirectory(fetch))


class Reloading:
    """Serves the documents as they are now, whenever they change."""

    def __init__(self, source: Source, deliver: Deliver, show: Show, served: Fingerprints) -> None:
        self._source = source
        self._deliver = deliver
        self._show = show
        self._served = served

    async def until(self, signals: Signals) -> None:
        """Reload on SIGHUP, and when a file has changed and then kept still for a moment."""
        seen = self._served
        while not await _is_set_within(signals.stop, WATCH_S):
            now = fingerprints(self._source.files)
            has_settled = now == seen and now != self._served
            seen = now
            if has_settled or signals.reload.is_set():
                signals.reload.clear()
                self._served = now
                await self._reload()

    async def _reload(self) -> None:
        """Serve the documents, or say why not and keep serving the old ones."""
        from bargate.openapi import InvalidDocument  # noqa: PLC0415  as in `load_documents`

        try:
            loaded = load_documents(self._source)
            self._show(loaded.warnings)
            await self._deliver(loaded)
        except InvalidDocument as invalid:
            self._show(invalid.findings)
            _log.error("reload refused: the documents served before are still served")
        except (WorkerFailed, ControlFailed, TimeoutError) as error:
            _log.error("reload refused: %s; what was served before is still served", error)
        except Exception:  # noqa: BLE001  the edge of a reload
            # A bug met while reading a document must not end what is being served.
            _log.exception("reload refused: the documents served before are still served")
        else:
            click.echo(f"bargate: reloaded {', '.join(self._source.files)}")


async def _is_set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
