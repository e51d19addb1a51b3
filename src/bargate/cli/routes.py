"""`bargate routes`: every route of the documents and what protects it."""

from typing import Any

import click
from rich import box
from rich.table import Table

from bargate.cli import findings
from bargate.cli.explanation import wide_console
from bargate.cli.options import files_argument, source_of, source_options
from bargate.documents import LoadedApi, load
from bargate.gateway.fetch import fetch
from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.openapi import InvalidDocument
from bargate.snapshot.compiled import CompiledStage, Endpoint


@click.command(short_help="Print every route and the controls it meets.")
@files_argument
@source_options
def routes(**options: Any) -> None:
    """Print every route and the controls a call to it meets, in order."""
    try:
        loaded = load(source_of(**options), HttpKeyDirectory(fetch))
    except InvalidDocument as invalid:
        findings.refuse(invalid)
    findings.show(loaded.warnings)
    console = wide_console()
    for each in loaded.apis:
        console.print(_table(each))


def _table(loaded: LoadedApi) -> Table:
    stage = next(iter(loaded.compiled.stages.values()))
    names = ", ".join(loaded.compiled.stages)
    table = Table(
        title=f"{stage.api_name} ({stage.api_id}), stage {names}",
        title_justify="left",
        box=box.SIMPLE,
    )
    for heading in ("method", "path", "controls met, in order", "integration"):
        table.add_column(heading, overflow="fold")
    for endpoint in sorted(stage.router.endpoints, key=lambda each: each.resource_path):
        table.add_row(
            endpoint.http_method,
            endpoint.resource_path,
            controls_of(endpoint, stage),
            endpoint.integration,
        )
    return table


def controls_of(endpoint: Endpoint, stage: CompiledStage) -> str:
    """Name the controls that are configured on an endpoint; `open` when there is none."""
    names = [control.name for control, step in endpoint.controls if step is not None]
    names += ["CORS"] if stage.cors is not None else []
    return ", ".join(name for name in names if name != "method ARN") or "open"
