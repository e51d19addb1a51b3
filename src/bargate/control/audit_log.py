"""Opens the audit log of an installation, and tells `bargate audit` where it is."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bargate import __version__
from bargate.audit.chain import mac_key
from bargate.audit.event import OK, SERIES, Event
from bargate.audit.files import Bounds, Series, prepare_folder
from bargate.audit.journal import Entry, Journal
from bargate.audit.local import MAX_QUESTION_BYTES, TIMEOUT_S, Where, socket_name
from bargate.control.local_socket import Bounds as SocketBounds
from bargate.control.local_socket import LocalSocket
from bargate.store.folder import master_keys
from bargate.store.interface import StoreRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.audit.event import SeriesName
    from bargate.settings import AuditSettings, ControlSettings

_SOCKET = SocketBounds(connections=4, question_bytes=MAX_QUESTION_BYTES, timeout_s=TIMEOUT_S)
_log = logging.getLogger("bargate.audit")


def open_log(settings: ControlSettings, environment: Mapping[str, str]) -> Journal:
    """Open the log in the folder of an opened store, and note the start.

    Raises StoreRefused: without the log nothing would be changed anyway.
    """
    folder = Path(settings.folder)
    key = mac_key(master_keys(folder, environment)[0])
    try:
        series = _opened(folder, key, settings.audit)
    except OSError as error:
        raise StoreRefused(f"the audit log in {folder} cannot be opened: {error}") from None
    journal = Journal(series, is_durable=not settings.is_temporary)
    for each in series.values():
        if each.mended_bytes or each.is_broken:
            what = "ends in what is no line of it" if each.is_broken else "ended within a line"
            _log.warning("the audit log %s; see `bargate audit --verify`", what)
            journal.note(_own("MendAuditLog", f"{each.mended_bytes} bytes"))
    journal.note(_own("Start", __version__))
    return journal


def audit_socket(settings: ControlSettings, folder: Path) -> LocalSocket:
    """Make the socket that tells where the log is; `folder` is the run directory."""
    where = msgspec.json.encode(Where(data=settings.folder)) + b"\n"

    async def answer(_line: bytes) -> bytes:
        return where

    return LocalSocket(folder / socket_name(settings.port), "bargate audit", _SOCKET, answer)


def _opened(folder: Path, key: bytes, settings: AuditSettings) -> dict[SeriesName, Series]:
    bounds = Bounds(max_file_bytes=settings.max_file_bytes, max_files=settings.max_files)
    place = prepare_folder(folder)
    return {name: Series(place, name, key, bounds) for name in SERIES}


def _own(operation: str, resource: str) -> Entry:
    event = Event(
        time=datetime.now(UTC),
        service="bargate",
        operation=operation,
        outcome=OK,
        resource=resource,
    )
    return Entry("changes", event)
