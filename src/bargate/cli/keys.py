"""`bargate keys`: what an operator does with the signing keys of user pools."""

from __future__ import annotations

import asyncio

import click

from bargate.cli.local_socket import NOT_ANSWERING, fail, find_socket
from bargate.control.keys_question import NotRotated, RotateKeys, ask

_LEAD_MINUTES = 60  # as long as key sets may be kept by who fetched them
_MAX_LEAD_MINUTES = 30 * 24 * 60


@click.group()
def keys() -> None:
    """Look after the signing keys of user pools."""


@keys.command()
@click.option("--pool", "pool_id", required=True, metavar="ID", help="The user pool.")
@click.option(
    "--lead",
    "lead_minutes",
    type=click.IntRange(0, _MAX_LEAD_MINUTES),
    metavar="MINUTES",
    help="How long the new keys are published before they sign."
    f"  [default: {_LEAD_MINUTES}; 0<=x<={_MAX_LEAD_MINUTES}]",
)
@click.option(
    "--at-once",
    is_flag=True,
    help="Somebody else may have the old keys: sign with new ones now, and refuse every token of"
    " the old ones from now on.",
)
@click.option("--api-port", type=click.IntRange(1, 65_535), help="The installation on this port.")
def rotate(*, pool_id: str, lead_minutes: int | None, at_once: bool, api_port: int | None) -> None:
    """Give a user pool new signing keys, without refusing a token.

    The new keys are published at once, used after the lead, and the old ones verify for another day,
    until the last token of theirs is over.
    """
    if at_once and lead_minutes is not None:
        raise click.UsageError("--at-once has no --lead: leave one of them out")
    path = find_socket("keys", api_port)
    lead_s = (_LEAD_MINUTES if lead_minutes is None else lead_minutes) * 60
    question = RotateKeys(pool_id=pool_id, lead_s=lead_s, at_once=at_once)
    answer = asyncio.run(ask(path, question))
    if answer is None:
        fail(NOT_ANSWERING)
    if isinstance(answer, NotRotated):
        fail(answer.message)
    click.echo(f"new keys of {pool_id}: {' '.join(answer.kids)}")
    click.echo(f"they sign from {answer.starts_at:%Y-%m-%d %H:%M:%S} UTC on")
    click.echo(f"the old ones end at {answer.ends_at:%Y-%m-%d %H:%M:%S} UTC")
