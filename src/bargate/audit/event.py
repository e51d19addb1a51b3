"""What an event of the audit log says."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from datetime import datetime  # noqa: TC003  msgspec reads the type
from typing import Final, Literal, TypeAlias

from msgspec import Struct

SeriesName = Literal["changes", "users", "refreshes", "refused"]
SERIES: Final[tuple[SeriesName, ...]] = ("changes", "users", "refreshes", "refused")
OK: Final = "ok"
MAX_NAME_CHARACTERS: Final = 256
MAX_RESOURCE_CHARACTERS: Final = 1_024


class Claimed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a caller said of where they are; nothing of it is proven.

    `address` is that of ContextData, `agent` the User-Agent header, `sub` that of a token which was
    refused.
    """

    address: str = ""
    agent: str = ""
    sub: str = ""


class Subject(Struct, frozen=True, kw_only=True):
    """Whom of a user pool a call was about, as its request and output say.

    `token_digest` is that of a refresh token, by which its holder is found; it is never written.
    With `is_frequent` nobody waits until the event is on the disk.
    """

    pool_id: str = ""
    client_id: str = ""
    sub: str = ""
    user: str = ""
    answered: str = ""
    posed: str = ""
    claimed_address: str = ""
    claimed_sub: str = ""
    token_digest: str = ""
    event_id: str = ""
    is_refresh: bool = False
    is_frequent: bool = False


class Attempt(Struct, frozen=True, kw_only=True):
    """What somebody did without an AWS operation: on a page, or by a command of the operator.

    `series` says what they had proven, `caller` who they are if they are no user of a pool.
    """

    series: SeriesName
    service: str
    operation: str
    outcome: str
    caller: str = ""
    resource: str = ""
    address: str = ""
    subject: Subject = Subject()


# Notes an attempt in the audit log; raises AwsError when what succeeded cannot be noted.
Note: TypeAlias = Callable[[Attempt], Awaitable[None]]


def command(operation: str, resource: str, outcome: str = OK) -> Attempt:
    """Give what the owner of this process did by a command."""
    return Attempt(
        series="changes",
        service="bargate",
        operation=operation,
        outcome=outcome,
        caller=f"uid {os.geteuid()}",
        resource=resource,
    )


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call, or one command of the operator. Texts went through `told`.

    `outcome` is `ok` or the code of the error. `caller` is the ARN of who signed, `access_key_id`
    what they signed with. `made` is the id or ARN of what a call made, if it gives one. `user` is a name as it was given, `sub` the user whom it leads to, or who
    holds the token. `answered` is the flow or challenge that was answered, `posed` what is due next.
    `address` is that of the connection, never that of a header.
    """

    time: datetime
    service: str
    operation: str
    outcome: str
    request_id: str = ""
    account_id: str = ""
    region: str = ""
    caller: str = ""
    access_key_id: str = ""
    resource: str = ""
    made: str = ""
    pool_id: str = ""
    client_id: str = ""
    sub: str = ""
    user: str = ""
    answered: str = ""
    posed: str = ""
    address: str = ""
    claimed: Claimed = Claimed()


def told(text: object, max_characters: int = MAX_NAME_CHARACTERS) -> str:
    """Give a text that somebody else chose as an event may hold it: short, on one line, printable.

    INVARIANT: nothing of it can end a line, speak to a terminal, or turn the direction of writing.
    """
    if not isinstance(text, str):
        return ""
    kept = text if len(text) <= max_characters else text[: max_characters - 1] + "…"
    if kept.isprintable():
        return kept
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii")
        for each in kept
    )
