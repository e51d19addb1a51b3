"""Finds the local socket of the installation that a command is about."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

import click

from bargate.gateway.questions import UnsafeFolder, check_private
from bargate.settings import run_directory

NOT_ANSWERING = "the installation does not answer; is it running (bargate serve)?"
_NONE = "no installation of this user is running (bargate serve)"


def find_socket(kind: str, port: int | None) -> Path:
    """Give `KIND-PORT.sock` of the run directory, of the one installation there or of `port`.

    Ends the command with a text where there is none, or more than one.
    """
    folder = run_directory(dict(os.environ), Path(tempfile.gettempdir()), os.getuid())
    try:
        check_private(folder)
    except FileNotFoundError:
        fail(_NONE)
    except (OSError, UnsafeFolder) as error:
        fail(f"cannot ask an installation: {error}")
    if port is not None:
        return folder / f"{kind}-{port}.sock"
    found = sorted(folder.glob(f"{kind}-*.sock"))
    if not found:
        fail(_NONE)
    if len(found) > 1:
        ports = ", ".join(path.stem.removeprefix(f"{kind}-") for path in found)
        fail(f"several installations are running; choose by --api-port: {ports}")
    return found[0]


def fail(why: str) -> NoReturn:
    """End the command with a reason."""
    click.echo(f"bargate: {why}", err=True)
    sys.exit(1)
