"""`bargate logs`: what a function of a running installation has written."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NoReturn

import click

from bargate.functions.logs import is_private, log_file, logs_folders, shown
from bargate.settings import run_directory

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_LINES = 100_000
_EVERY_S = 0.2
_INDENT = "    "


@click.command(short_help="Show what a Lambda function has written.")
@click.argument("name", metavar="NAME")
@click.option("-f", "--follow", is_flag=True, help="Go on with what it writes; ends with Ctrl-C.")
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(0, MAX_LINES),
    default=100,
    show_default=True,
    help="How many of the last lines to show.",
)
@click.option(
    "--port", type=int, help="The gateway's port, where several installations have the function."
)
def logs(name: str, *, follow: bool, lines: int, port: int | None) -> None:
    """Show what a Lambda function has written, with the lines that Lambda adds.

    NAME is the function's name. Installations of this user on this machine are looked at, as long
    as they run.
    """
    folder = _folder_of(name, port)
    file = _opened(log_file(folder, name))
    if file is None:
        _fail(f"the log of {name} cannot be read; the installation has just ended")
    with contextlib.suppress(KeyboardInterrupt), contextlib.ExitStack() as files:
        files.callback(file.close)
        _show_last(file, log_file(folder, name, older=True), lines)
        if follow:
            _follow(file, log_file(folder, name))
        elif file.tell() == 0:
            click.echo(f"bargate: {name} has written nothing yet", err=True)


def _folder_of(name: str, port: int | None) -> Path:
    """Find the one installation that has the function."""
    run = run_directory(dict(os.environ), Path(tempfile.gettempdir()), os.getuid())
    # INVARIANT: nothing is shown that another user could have put there.
    folders = logs_folders(run) if is_private(run) else {}
    if port is not None:
        folders = {port: folders[port]} if port in folders else {}
    if not folders:
        which = "" if port is None else f" on port {port}"
        _fail(f"no installation of this user{which} runs functions (looked in {run})")
    try:
        found = {each: folders[each] for each in folders if log_file(folders[each], name).exists()}
    except ValueError as error:
        _fail(str(error))
    if not found:
        known = sorted({each for folder in folders.values() for each in _names(folder)})
        there = f"there are: {', '.join(known)}" if known else "none has written anything yet"
        _fail(f"there is no function {name} that has run; {there}")
    if len(found) > 1:
        ports = ", ".join(map(str, found))
        _fail(f"several installations have a function {name}; choose one by --port: {ports}")
    return next(iter(found.values()))


def _names(folder: Path) -> Iterator[str]:
    for path in folder.glob("*.log"):
        name, _, rest = path.name.partition(".")
        if rest == "log":
            yield name


def _opened(path: Path) -> BinaryIO | None:
    try:
        return path.open("rb")
    except OSError:
        return None


def _show_last(file: BinaryIO, older: Path, count: int) -> None:
    last: deque[bytes] = deque(maxlen=count)
    with contextlib.suppress(OSError), older.open("rb") as before:
        last.extend(before)
    last.extend(_whole_lines(file))
    for line in last:
        _show(line)


def _whole_lines(file: BinaryIO) -> Iterator[bytes]:
    """Give the lines that are complete; one that is not is read again later."""
    for line in iter(file.readline, b""):
        if not line.endswith(b"\n"):
            file.seek(-len(line), os.SEEK_CUR)
            return
        yield line


def _show(line: bytes) -> None:
    r"""Show a line; what Lambda's runtimes write on several (tracebacks) they part by \r.

    INVARIANT: only the first begins at the margin, so that no function can make up another's line.
    """
    first, *more = line.rstrip(b"\r\n").decode("utf-8", "replace").split("\r")
    click.echo(shown(first))
    for each in more:
        click.echo(f"{_INDENT}{shown(each)}")


def _follow(file: BinaryIO, path: Path) -> None:
    """Show lines as they come, through rotations, until the logs are removed."""
    while True:
        for line in _whole_lines(file):
            _show(line)
        try:
            now, then = path.stat(), os.fstat(file.fileno())
            if (now.st_ino, now.st_dev) != (then.st_ino, then.st_dev):
                for line in _whole_lines(file):  # written between the last look and the rotation
                    _show(line)
                file.close()
                file = path.open("rb")
                continue
        except OSError:  # just being rotated, or all removed
            if not path.parent.exists():
                click.echo("bargate: the installation has ended", err=True)
                return
        time.sleep(_EVERY_S)


def _fail(text: str) -> NoReturn:
    click.echo(f"bargate: {shown(text)}", err=True)
    sys.exit(1)
