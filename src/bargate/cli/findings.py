"""How findings about documents reach the terminal."""

import sys
from collections.abc import Iterable
from typing import NoReturn

import click

from bargate.openapi import Finding, InvalidDocument

EXIT_INVALID = 2


def show(findings: Iterable[Finding]) -> None:
    """Print findings to standard error, one a line."""
    for finding in findings:
        colour = "red" if finding.severity == "error" else "yellow"
        click.secho(str(finding), fg=colour, err=True)


def refuse(invalid: InvalidDocument) -> NoReturn:
    """Print what is wrong with the documents and end the command."""
    show(invalid.findings)
    count = len(invalid.findings)
    click.echo(f"bargate: refused: {count} error{'s' if count != 1 else ''}", err=True)
    sys.exit(EXIT_INVALID)
