"""`bargate outbox`: show the messages that an installation keeps instead of sending them."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import click
import msgspec

from bargate.cli.local_socket import NOT_ANSWERING, fail, find_socket
from bargate.outbound.local import MAX_WAIT_S, OutboxQuestion, ask_outbox

if TYPE_CHECKING:
    from pathlib import Path

    from bargate.outbound.outbox import Kept

_WAIT_S = MAX_WAIT_S - 5


@click.command()
@click.option("--pool", "pool_id", metavar="ID", help="Only messages of this user pool.")
@click.option("--follow", is_flag=True, help="Go on and show messages as they come.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a message.")
@click.option("--api-port", type=click.IntRange(1, 65_535), help="The installation on this port.")
def outbox(*, pool_id: str | None, follow: bool, as_json: bool, api_port: int | None) -> None:
    """Show messages to users of user pools, with their codes.

    Without --smtp and --sms-webhook, `bargate serve` keeps the last 1,000 in memory. They are asked
    for over a local socket of this user.
    """
    path = find_socket("outbox", api_port)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_show_all(path, pool_id, follow=follow, as_json=as_json))


async def _show_all(path: Path, pool_id: str | None, *, follow: bool, as_json: bool) -> None:
    number, wait_s = 0, 0.0
    while True:
        question = OutboxQuestion(after=number, pool_id=pool_id, wait_s=wait_s)
        messages = await ask_outbox(path, question)
        if messages is None:
            fail(NOT_ANSWERING)
        for message in messages:
            _show(message, as_json=as_json)
            number = message.number
        if not follow:
            if not number:
                click.echo(f"no messages{f' of {pool_id}' if pool_id else ''} are kept", err=True)
            return
        wait_s = _WAIT_S


def _show(message: Kept, *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(message).decode())
        return
    subject = f"  {_plain(message.subject)}\n" if message.subject else ""
    click.echo(
        f"{message.at:%Y-%m-%d %H:%M:%S} {message.medium} {message.purpose} {message.pool_id}"
        f" to {_plain(message.destination)} ({_plain(message.user_name)})\n{subject}"
        f"  {_plain(message.body)}\n"
    )


def _plain(text: str) -> str:
    """Show a text that users had a hand in: nothing in it may speak to the terminal."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
