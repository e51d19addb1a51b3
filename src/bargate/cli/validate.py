"""`bargate validate`: read and compile documents, serve nothing."""

from typing import Any

import click

from bargate.cli import findings
from bargate.cli.options import files_argument, source_of, source_options
from bargate.documents import load
from bargate.gateway.fetch import fetch
from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.model.http_api import HttpApi
from bargate.openapi import InvalidDocument


@click.command()
@files_argument
@source_options
def validate(**options: Any) -> None:
    """Check documents without serving them.

    Exit status 0 when they can be served, 2 with every error as FILE:LINE:COLUMN otherwise.
    """
    try:
        loaded = load(source_of(**options), HttpKeyDirectory(fetch))
    except InvalidDocument as invalid:
        findings.refuse(invalid)
    findings.show(loaded.warnings)
    for each in loaded.apis:
        api = each.api
        kind = "HTTP API" if isinstance(api, HttpApi) else "REST API"
        count = len(next(iter(each.compiled.stages.values())).router.endpoints)
        click.echo(f"{each.document.file_name}: valid: {kind} {api.name!r} with {count} methods")
