"""`bargate explain`: decide one request offline, by the gateway's own steps."""

from __future__ import annotations

import asyncio
import ipaddress
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from bargate.cli import findings
from bargate.cli.explanation import show_explained
from bargate.cli.options import files_argument, source_of, source_options
from bargate.documents import Loaded, load
from bargate.explanation import OfflineRequest, explain_offline
from bargate.gateway.fetch import fetch
from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.gateway.request_line import BadRequest
from bargate.openapi import InvalidDocument
from bargate.snapshot.compile import compile_snapshot

EXIT_REFUSED = 1


def _request_line(
    _context: click.Context, _parameter: click.Parameter, value: str
) -> tuple[str, str]:
    method, _, target = value.strip().partition(" ")
    if not target.startswith("/"):
        raise click.BadParameter("give method and path, as in 'GET /prod/pets?limit=1'")
    return method.upper(), target.strip()


def _headers(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    headers = []
    for value in values:
        name, found, rest = value.partition(":")
        if not found or not name.strip():
            raise click.BadParameter(f"{value!r}: a header looks like 'Name: value'")
        headers.append((name.strip(), rest.strip()))
    return tuple(headers)


def _address(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _time(_context: click.Context, _parameter: click.Parameter, value: str | None) -> float:
    if value is None:
        return time.time()
    try:
        at = datetime.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r}: a time looks like 2026-11-22T12:00:00Z") from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _body(_context: click.Context, _parameter: click.Parameter, value: str | None) -> bytes:
    if value is None:
        return b""
    if not value.startswith("@"):
        return value.encode()
    try:
        return Path(value[1:]).read_bytes()
    except OSError as error:
        raise click.BadParameter(f"{value[1:]}: {error.strerror}") from error


def _returned(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> bytes | None:
    return None if value is None else _body(context, parameter, value)


@click.command()
@files_argument
@source_options
@click.option(
    "--request",
    "request_line",
    required=True,
    metavar="'METHOD /stage/path'",
    callback=_request_line,
    help="The request, as on the API's own host name.",
)
@click.option(
    "--header",
    "-H",
    "headers",
    multiple=True,
    metavar="'Name: value'",
    callback=_headers,
    help="A request header; repeatable.",
)
@click.option("--body", callback=_body, metavar="TEXT|@FILE", help="The request body.")
@click.option(
    "--source-ip", default="127.0.0.1", callback=_address, show_default=True, help="The caller."
)
@click.option(
    "--time", "received_at", callback=_time, metavar="ISO8601", help="When; default: now (UTC)."
)
@click.option("--tls", "secure", is_flag=True, help="As if the call came over TLS.")
@click.option(
    "--authorizer-returns",
    callback=_returned,
    metavar="JSON|@FILE",
    help="Decide as if the Lambda authorizer had returned this; functions are never asked.",
)
@click.option("--api", "api_id", metavar="ID", help="Which API, when several are given.")
@click.option("--json", "as_json", is_flag=True, help="Print the explanation as JSON.")
def explain(*, as_json: bool, api_id: str | None, **options: Any) -> None:
    """Decide one request offline and show every step.

    Prints what each control saw, the policy statement that decided, and the response that would
    be sent. Key sets of token issuers are fetched if the decision needs them. Exit status 0 when
    the request is allowed, 1 when it is refused or cannot be decided, 2 for a bad document.
    """
    request_options = {
        name: options.pop(name)
        for name in (
            *("headers", "body", "source_ip", "received_at", "secure"),
            "authorizer_returns",
        )
    }
    method, target = options.pop("request_line")
    keys = HttpKeyDirectory(fetch)
    try:
        loaded = load(source_of(**options), keys)
    except InvalidDocument as invalid:
        findings.refuse(invalid)
    request = OfflineRequest(
        api_id=_api_id(loaded, api_id), method=method, target=target, **request_options
    )
    snapshot = compile_snapshot(loaded.installation, keys)
    try:
        explained = asyncio.run(explain_offline(snapshot, keys, request))
    except BadRequest as error:
        refused = {"outcome": "refused", "status": error.status, "detail": error.reason}
        text = f"refused before it is a call: HTTP {error.status}: {error.reason}"
        click.echo(msgspec.json.encode(refused).decode() if as_json else text)
        sys.exit(EXIT_REFUSED)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(explained)).decode())
    else:
        show_explained(explained)
    sys.exit(0 if explained.outcome == "allowed" else EXIT_REFUSED)


def _api_id(loaded: Loaded, wanted: str | None) -> str:
    ids = [each.api.id for each in loaded.apis]
    if wanted is None and len(ids) == 1:
        return ids[0]
    if wanted in ids:
        return wanted
    raise click.UsageError(f"say which API with --api; there are {', '.join(ids)}")
