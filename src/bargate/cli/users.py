"""`bargate users`: the users of a pool as a file."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from bargate.cli.import_users import import_users
from bargate.cli.local_socket import NOT_ANSWERING, fail, find_socket
from bargate.cli.new_file import new_file
from bargate.control.local_channel import ChannelClosed, open_channel
from bargate.control.users_question import (
    TIMEOUT_S,
    Exporting,
    ExportUsers,
    NotExported,
)
from bargate.userpool.imports.formats.exported import MAX_LINE_BYTES, Footer, decoded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bargate.control.local_channel import Channel

_CUT_OFF = "the installation broke the export off: begin it again"


@click.group()
def users() -> None:
    """Take the users of a pool out, or bring users in."""


users.add_command(import_users)


@users.command(short_help="Write every user of a pool to a file.")
@click.option("--pool", "pool_id", required=True, metavar="ID", help="The user pool.")
@click.option(
    "--out",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where to; the file is its owner's alone.  [default: standard output]",
)
@click.option(
    "--with-password-hashes",
    "with_hashes",
    is_flag=True,
    help="Add what users prove themselves by: password hashes, SRP verifiers, secrets of"
    " authenticators. Whoever has the file can guess passwords and make codes.",
)
@click.option("--force", is_flag=True, help="Replace FILE; write hashes to a terminal.")
@click.option("--api-port", type=click.IntRange(1, 65_535), help="The installation on this port.")
def export(
    *, pool_id: str, path: Path | None, with_hashes: bool, force: bool, api_port: int | None
) -> None:
    """Write every user of a pool, one JSON object a line, with attributes, groups and status.

    Users who come or go meanwhile may or may not be in it. `bargate users import` reads the file.
    """
    if path is None and with_hashes and not force and sys.stdout.isatty():
        fail("password hashes are not written to a terminal: say --out FILE (or --force)")
    socket = find_socket("users", api_port)
    question = ExportUsers(pool_id=pool_id, with_hashes=with_hashes)
    try:
        with _target(path, replaces=force) as file:
            count = asyncio.run(_written(socket, question, file))
    except FileExistsError:
        fail(f"{path} exists: say --force to replace it")
    except OSError as error:
        fail(f"cannot write {path or 'standard output'}: {error.strerror}")
    click.echo(f"{count:,} {'user' if count == 1 else 'users'} exported", err=True)


def _target(path: Path | None, *, replaces: bool) -> contextlib.AbstractContextManager[IO[bytes]]:
    if path is None:
        return contextlib.nullcontext(sys.stdout.buffer)
    return new_file(path, replaces=replaces)


async def _written(socket: Path, question: ExportUsers, file: IO[bytes]) -> int:
    """Write the installation's lines as they come, and give how many users there were."""
    begun = False
    try:
        async with open_channel(socket, MAX_LINE_BYTES, TIMEOUT_S) as channel:
            await channel.send(msgspec.json.encode(question))
            answer = msgspec.json.decode(
                await channel.receive() or b"", type=Exporting | NotExported
            )
            if isinstance(answer, NotExported):
                fail(answer.message)
            begun = True
            with _progress(answer.users) as progress:
                return await _copied(channel, file, progress)
    except (ChannelClosed, msgspec.DecodeError):
        fail(_CUT_OFF if begun else NOT_ANSWERING)


async def _copied(channel: Channel, file: IO[bytes], progress: Progress) -> int:
    """Copy line by line up to the last one; raises ChannelClosed, msgspec.DecodeError without it."""
    count = -1  # the header is no user
    while True:
        line = await channel.receive()
        if line is None:
            raise ChannelClosed
        file.write(line + b"\n")
        if line.startswith(b'{"end":'):
            file.flush()
            return decoded(line, Footer).end
        count += 1
        progress.update(progress.task_ids[0], completed=count)


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Progress]:
    """Show how far it is, where somebody looks on."""
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        progress.add_task("", total=total)
        yield progress
