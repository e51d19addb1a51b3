"""Options that say as which role a process works."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

from bargate.identity.assume_as_service import DEFAULT_DURATION_S, MIN_DURATION_S

Command = TypeVar("Command", bound=Callable[..., Any])

MAX_DURATION_S = 43_200
_ACCOUNT = re.compile(r"\d{12}")


def workload_options(command: Command) -> Command:
    """Take the role, its account, and what its session shall be."""
    options = (
        click.option("--role", required=True, metavar="NAME|ARN", help="The role to work as."),
        click.option(
            "--account",
            metavar="ID",
            callback=_account,
            help="The role's account.  [default: the installation's]",
        ),
        click.option(
            "--session-name",
            metavar="NAME",
            help="What the session's ARN ends with.  [default: drawn at random]",
        ),
        click.option(
            "--duration",
            "duration_s",
            type=click.IntRange(MIN_DURATION_S, MAX_DURATION_S),
            default=DEFAULT_DURATION_S,
            show_default=True,
            metavar="SECONDS",
            help="How long credentials last, at most the role's MaxSessionDuration.",
        ),
        click.option(
            "--api-port",
            type=click.IntRange(1, 65_535),
            metavar="PORT",
            help="The port of --api-listen, when several installations run here.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _account(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and _ACCOUNT.fullmatch(value) is None:
        raise click.BadParameter(f"{value!r}: an AWS account id has twelve digits")
    return value
