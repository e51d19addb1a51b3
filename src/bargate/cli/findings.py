"""How findings about documents reach the terminal."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bargate.openapi import Finding, InvalidDocument

EXIT_INVALID = 2


def show(findings: Iterable[Finding]) -> None:
    """Print findings to standard error, one a line; warnings that say the same only once."""
    kept = tuple(findings)
    alike = Counter((each.file, each.severity, each.message) for each in kept)
    shown = set()
    for finding in kept:
        key = (finding.file, finding.severity, finding.message)
        if finding.severity == "warning" and key in shown:
            continue
        shown.add(key)
        more = alike[key] - 1 if finding.severity == "warning" else 0
        colour = "red" if finding.severity == "error" else "yellow"
        click.secho(
            f"{finding}{f' (and {more} more like it)' if more else ''}", fg=colour, err=True
        )


def invalid_document() -> type[InvalidDocument]:
    """Give the exception, for an `except` that imports it only when something was raised."""
    from bargate.openapi import InvalidDocument  # noqa: PLC0415  serving is to start quickly

    return InvalidDocument


def refuse(invalid: InvalidDocument) -> NoReturn:
    """Print what is wrong with the documents and end the command."""
    show(invalid.findings)
    count = len(invalid.findings)
    click.echo(f"bargate: refused: {count} error{'s' if count != 1 else ''}", err=True)
    sys.exit(EXIT_INVALID)
