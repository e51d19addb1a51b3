"""`bargate users import`: reads a file of users, and lets the installation write them.

digest ──► Begin ──► how far it is ──► rows behind that ──► batches ──► report, progress
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, TypeVar

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from bargate.cli.local_socket import NOT_ANSWERING, fail, find_socket
from bargate.control.imports_question import (
    MAX_LINE_BYTES,
    TIMEOUT_S,
    Begin,
    Begun,
    Finish,
    NotImported,
    Wait,
    Waiting,
    Write,
    answer_of,
    line_of,
)
from bargate.control.imports_question import Progress as Moved
from bargate.control.local_channel import Channel, ChannelClosed, open_channel
from bargate.userpool.imports.batch import Batch, Batches
from bargate.userpool.imports.files import File
from bargate.userpool.imports.formats import FORMATS, WrongFormat
from bargate.userpool.imports.report import NoReport, Report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bargate.control.imports_question import Question
    from bargate.records.pool_import import PoolImport

    Show = Callable[[int, PoolImport], None]

Answered = TypeVar("Answered", Begun, Moved, Waiting)
WAIT_S: Final = TIMEOUT_S / 4
_LINE_EVERY_ROWS: Final = 50_000
_BROKEN_OFF: Final = "the installation broke the import off: run the command again to go on"


@click.command("import")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--pool", "pool_id", required=True, metavar="ID", help="The user pool.")
@click.option(
    "--format",
    "format_name",
    type=click.Choice(sorted(FORMATS)),
    default="csv",
    show_default=True,
    help="Whose file it is: AWS's CSV, an export of Keycloak, Auth0 or Bargate.",
)
@click.option(
    "--report",
    "report_path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where rows that were not imported are listed.  [default: PATH.report.csv]",
)
@click.option(
    "--again", is_flag=True, help="Begin anew, though the file was imported, or has changed since."
)
@click.option("--api-port", type=click.IntRange(1, 65_535), help="The installation on this port.")
def import_users(
    *,
    path: Path,
    pool_id: str,
    format_name: str,
    report_path: Path | None,
    again: bool,
    api_port: int | None,
) -> None:
    """Make the rows of a file users of a pool.

    It can be broken off at any time: run again, it goes on where it was. Exits with 1 if there were
    rows that are no users; the report has line, username and reason of each.
    """
    socket = find_socket("imports", api_port)
    report = report_path or path.with_name(f"{path.name}.report.csv")
    try:
        with path.open("rb") as file:
            work = _Import(file, report, format_name)
            sought = File(pool_id=pool_id, path=_named(path), digest=work.digest(), again=again)
            progress = asyncio.run(_imported(socket, work, sought))
    except KeyboardInterrupt:
        fail("broken off: run the command again to go on")
    except NoReport as refused:
        fail(f"{refused}: say --report FILE")
    except OSError as error:
        fail(f"cannot read {path} or write {report}: {error.strerror or error}")
    sys.exit(_summed_up(progress, report, format_name))


def _named(path: Path) -> str:
    """Name a file where names are texts: one that is no UTF-8 is told with its bytes escaped."""
    return os.fsencode(path.resolve()).decode("utf-8", "backslashreplace")


class _Import:
    """The file and the report; what changes while it is read is noticed before it is believed."""

    def __init__(self, file: BinaryIO, report: Path, format_name: str) -> None:
        self.file = file
        self.report_path = report
        self.read = FORMATS[format_name]
        self._known = os.fstat(file.fileno())
        self.size_bytes = self._known.st_size

    def digest(self) -> str:
        """Give the digest of the file and of what it is read as."""
        digest = hashlib.sha256(self.read.__module__.encode())
        while piece := self.file.read(1024 * 1024):
            digest.update(piece)
        self.file.seek(0)
        return digest.hexdigest()

    def check_unchanged(self) -> None:
        """End the command if the file is not the one whose digest was taken."""
        now = os.fstat(self.file.fileno())
        if (now.st_size, now.st_mtime_ns) != (self._known.st_size, self._known.st_mtime_ns):
            fail("the file has changed while it was read: what was imported of it stays")


async def _imported(socket: Path, work: _Import, sought: File) -> PoolImport:
    begun = False
    try:
        async with open_channel(socket, MAX_LINE_BYTES, TIMEOUT_S) as channel:
            answer = await _asked(channel, Begin(sought), Begun)
            begun = True
            if answer.progress.status != "InProgress":
                click.echo("the file was imported before (--again begins anew)", err=True)
                return answer.progress
            return await _gone_on(channel, work, answer)
    except (ChannelClosed, msgspec.DecodeError):
        fail(_BROKEN_OFF if begun else NOT_ANSWERING)


async def _gone_on(channel: Channel, work: _Import, begun: Begun) -> PoolImport:
    report, is_whole = Report.of(work.report_path, begun.progress)
    if begun.progress.rows:
        click.echo(f"going on after row {begun.progress.rows:,}", err=True)
    if not is_whole:
        click.echo("bad rows of before are not in this report, but in that of before", err=True)
    with contextlib.closing(report), _shown(work.size_bytes) as show:
        try:
            batches = Batches(work.read(work.file, begun.pool), begun.progress.rows)
            progress = await _all_batches(channel, work, batches, (report, begun.progress, show))
            failure = None
        except _Stopped as stopped:
            progress, failure = stopped.progress, stopped.why
        work.check_unchanged()
        finish = Finish(progress.rows, failure)
        return (await _asked(channel, finish, Moved)).progress


class _Stopped(Exception):
    """The file cannot be read on."""

    def __init__(self, progress: PoolImport, why: str) -> None:
        super().__init__(why)
        self.progress = progress
        self.why = why


async def _all_batches(
    channel: Channel, work: _Import, batches: Batches, told: tuple[Report, PoolImport, Show]
) -> PoolImport:
    """Send batch by batch, reading the next while one is written; raises _Stopped."""
    report, progress, show = told
    try:
        batch = await _read(channel, _reading(batches))
        while batch.rows:
            work.check_unchanged()
            question = Write(msgspec.structs.replace(batch, reported_bytes=report.size_bytes))
            reading = _reading(batches)
            try:
                progress = (await _asked(channel, question, Moved)).progress
            except BaseException:
                reading.cancel()
                raise
            report.add(progress.last_bad)
            show(work.file.tell(), progress)
            batch = await _read(channel, reading)
    except WrongFormat as wrong:
        raise _Stopped(progress, str(wrong)) from None
    return progress


def _reading(batches: Batches) -> asyncio.Task[Batch]:
    return asyncio.create_task(asyncio.to_thread(batches.next))


async def _read(channel: Channel, reading: asyncio.Task[Batch]) -> Batch:
    """Give the next batch; while it is looked for the installation hears that we are there."""
    while not (await asyncio.wait({reading}, timeout=WAIT_S))[0]:
        await _asked(channel, Wait(), Waiting)
    return reading.result()


async def _asked(channel: Channel, question: Question, kind: type[Answered]) -> Answered:
    await channel.send(line_of(question))
    answer = answer_of(await channel.receive() or b"")
    if isinstance(answer, NotImported):
        fail(answer.message)
    if not isinstance(answer, kind):
        raise ChannelClosed
    return answer


@contextlib.contextmanager
def _shown(size_bytes: int) -> Iterator[Show]:
    """Show how far it is: a bar on a terminal, else a line now and then."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines()
        return
    columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.description}"))
    with Progress(*columns, TimeRemainingColumn(), console=console) as bar:
        task = bar.add_task("", total=size_bytes)
        yield lambda at, done: bar.update(task, completed=at, description=_counts(done))


def _lines() -> Show:
    said = 0

    def show(_at: int, progress: PoolImport) -> None:
        nonlocal said
        if progress.rows // _LINE_EVERY_ROWS > said:
            said = progress.rows // _LINE_EVERY_ROWS
            click.echo(_counts(progress), err=True)

    return show


def _counts(progress: PoolImport) -> str:
    return (
        f"{progress.imported:,} imported, {progress.skipped:,} there before,"
        f" {progress.failed:,} refused"
    )


def _summed_up(progress: PoolImport, report: Path, format_name: str) -> int:
    """Say what came of it, and give the exit code."""
    click.echo(_counts(progress))
    if progress.message is not None:
        click.echo(f"bargate: {progress.message}", err=True)
        click.echo(f"it was read as {format_name}: --format says another", err=True)
    if progress.failed or progress.skipped:
        click.echo(f"rows that were not imported: {report}", err=True)
    return int(bool(progress.failed or progress.skipped or progress.status != "Succeeded"))
