"""`bargate why`: ask a running gateway what became of a recent request."""

import asyncio
import os
import sys
import tempfile
from pathlib import Path

import click
import msgspec

from bargate.cli.explanation import show_explained
from bargate.gateway.questions import UnsafeFolder, ask, check_private
from bargate.settings import run_directory
from bargate.snapshot.explain import ExplainedCall


@click.command()
@click.argument("request_id", metavar="REQUEST_ID")
@click.option("--json", "as_json", is_flag=True, help="Print the explanation as JSON.")
def why(request_id: str, *, as_json: bool) -> None:
    """Explain why a recent request was answered as it was.

    REQUEST_ID is what the response carried as x-amzn-RequestId (REST API) or apigw-requestid
    (HTTP API). Gateways of this user on this machine are asked over their local sockets; each
    remembers its last 1,000 refused calls and one in a hundred of the others.
    """
    folder = run_directory(dict(os.environ), Path(tempfile.gettempdir()), os.getuid())
    try:
        check_private(folder)
        sockets = sorted(folder.glob("gateway-*.sock"))
    except FileNotFoundError:
        sockets = []
    except (OSError, UnsafeFolder) as error:
        click.echo(f"bargate: cannot ask a gateway: {error}", err=True)
        sys.exit(1)
    answers = [asyncio.run(ask(path, request_id)) for path in sockets]
    if not any(answer.is_reached for answer in answers):
        click.echo(f"bargate: no gateway of this user is running (looked in {folder})", err=True)
        sys.exit(1)
    explained = next((each.explained for each in answers if each.explained), None)
    if explained is None:
        click.echo(
            f"bargate: no running gateway remembers {request_id}: it was never asked, it was"
            " allowed, or it is too long ago",
            err=True,
        )
        sys.exit(1)
    _show(explained, as_json=as_json)


def _show(explained: ExplainedCall, *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(explained)).decode())
    else:
        show_explained(explained)
