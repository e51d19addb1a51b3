"""`bargate audit`: who did what, when, from where, and how it ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec
from msgspec import Struct

from bargate.audit.chain import Head, mac_key
from bargate.audit.event import OK, SERIES, told
from bargate.audit.files import FOLDER
from bargate.audit.local import ask_where
from bargate.audit.reading import events_in, follow
from bargate.audit.verify import verify
from bargate.cli.local_socket import NOT_ANSWERING, fail, find_socket
from bargate.store.folder import master_keys
from bargate.store.interface import StoreRefused

if TYPE_CHECKING:
    from bargate.audit.chain import Numbered
    from bargate.audit.event import SeriesName
    from bargate.audit.verify import Verified

_AGO = re.compile(r"(\d{1,9})([smhd])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_MAX_SHOWN = 4_096
_HEAD = re.compile(rf"({'|'.join(SERIES)}):(\d{{1,18}}):([0-9a-f]{{64}})", re.ASCII)


class _Wanted(Struct, frozen=True):
    """Which events are shown."""

    pool_id: str | None
    user: str | None
    since: datetime | None

    def takes(self, event: Numbered) -> bool:
        if self.pool_id is not None and event.pool_id != self.pool_id:
            return False
        if self.user is not None and told(self.user) not in (event.user, event.sub):
            return False
        return self.since is None or event.time >= self.since


def _since(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> datetime | None:
    if value is None:
        return None
    ago = _AGO.fullmatch(value)
    try:
        if ago is not None:
            return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        given = datetime.fromisoformat(value)
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"{value!r}: a time looks like 2026-11-28T20:00, one ago like 90s, 15m, 2h or 7d"
        ) from None
    return given if given.tzinfo is not None else given.replace(tzinfo=UTC)


def _heads(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, Head]:
    found = {}
    for value in values:
        head = _HEAD.fullmatch(value)
        if head is None:
            raise click.BadParameter(f"{value!r}: an end looks as --verify prints it")
        found[head[1]] = Head(int(head[2]), head[3])
    return found


@click.command(short_help="Show who did what, when, from where.")
@click.option("--pool", "pool_id", metavar="ID", help="Only events of this user pool.")
@click.option("--user", metavar="NAME", help="Only events of this user, by name given or sub.")
@click.option(
    "--since",
    metavar="TIME|AGO",
    callback=_since,
    help="Only events since then: 2026-11-28T20:00 (UTC), or 90s, 15m, 2h, 7d ago.",
)
@click.option("-f", "--follow", "follows", is_flag=True, help="Go on with what comes.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object an event.")
@click.option(
    "--verify", "verifies", is_flag=True, help="Look for lines that were removed or changed."
)
@click.option(
    "--through",
    "known",
    multiple=True,
    metavar="END",
    callback=_heads,
    help="With --verify: an end that it printed before, through which the log must still lead.",
)
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Read the log of this --data.  [default: of the installation that runs]",
)
@click.option("--api-port", type=click.IntRange(1, 65_535), help="The installation on this port.")
def audit(
    *,
    pool_id: str | None,
    user: str | None,
    since: datetime | None,
    follows: bool,
    as_json: bool,
    verifies: bool,
    known: dict[str, Head],
    data: Path | None,
    api_port: int | None,
) -> None:
    """Show the audit log: changes through AWS's APIs, and what users of pools did to sign in.

    No password, code, token or attribute is in it. Addresses are those of connections.
    """
    wanted = _Wanted(pool_id, user, since)
    if known and not verifies:
        raise click.UsageError("--through goes with --verify")
    if verifies and (follows or as_json or wanted != _Wanted(None, None, None)):
        raise click.UsageError("--verify is about the whole log: leave out what chooses events")
    data = _running(api_port) if data is None else data
    try:
        if not (data / FOLDER).is_dir():
            fail(f"there is no audit log in {data}")
        if verifies:
            _verify(data, known)
        else:
            _show(data / FOLDER, wanted, follows=follows, as_json=as_json)
    except BrokenPipeError:
        sys.exit(1)  # whoever read it has seen enough
    except OSError as error:
        fail(f"the audit log cannot be read: {error}")


def _show(folder: Path, wanted: _Wanted, *, follows: bool, as_json: bool) -> None:
    found = follow(folder, wanted.since) if follows else events_in(folder, wanted.since)
    with contextlib.suppress(KeyboardInterrupt):
        for event in found:
            if wanted.takes(event):
                click.echo(_json(event) if as_json else _line(event))


def _running(api_port: int | None) -> Path:
    where = asyncio.run(ask_where(find_socket("audit", api_port)))
    if where is None:
        fail(NOT_ANSWERING)
    return Path(where.data)


def _json(event: Numbered) -> str:
    return json.dumps(msgspec.to_builtins(event))  # ASCII: whoever changed the file, too


def _line(event: Numbered) -> str:
    """Show an event on one line. INVARIANT: whoever changed the file cannot speak to a terminal."""
    outcome = _plain(event.outcome)
    how = " → ".join(each for each in (event.answered, event.posed) if each)
    place = event.resource if event.pool_id in event.resource else event.pool_id
    made = f"made {event.made}" if event.made else ""
    parts = (
        f"{event.time:%Y-%m-%d %H:%M:%S}",
        outcome if outcome == OK else click.style(outcome, fg="red"),
        _plain(f"{event.service}:{event.operation}"),
        _plain(_who(event)),
        _plain(f"from {event.address}") if event.address else "",
        _plain(" ".join(each for each in (how, place, made) if each)),
    )
    return "  ".join(each for each in parts if each)


def _who(event: Numbered) -> str:
    """Name who signed, and the user that it was about."""
    named = event.user if event.user != event.sub else ""
    sub = event.sub or ("unknown" if event.user else "")
    user = " ".join(each for each in (named, f"({sub})" if sub else "") if each)
    signer = event.caller or event.access_key_id
    return f"{signer} for {user}" if signer and user else signer or user or "-"


def _plain(text: str) -> str:
    return told(text, _MAX_SHOWN)


def _verify(data: Path, known: dict[str, Head]) -> None:
    try:
        keys = [mac_key(each) for each in master_keys(data, dict(os.environ))]
    except StoreRefused as refused:
        fail(str(refused))
    found = [verify(data / FOLDER, name, keys, known.get(name)) for name in SERIES]
    for each in found:
        _tell(each)
    if any(each.findings for each in found):
        fail("the audit log was changed")


def _tell(found: Verified) -> None:
    name: SeriesName = found.series
    for each in found.findings:
        where = f"{each.file} line {each.line}" if each.line else each.file
        click.echo(f"{where}: {each.what}")
    if not found.lines:
        click.echo(f"{name}: no lines")
        return
    end = f"{name}:{found.head.number}:{found.head.mac}"
    click.echo(f"{name}: {found.lines} lines from number {found.first} on, end {end}")
