"""Outputs, ids and pages: what every noun of API Gateway has in common."""

from __future__ import annotations

import secrets
import string
from typing import TYPE_CHECKING, Any

from bargate.services.apigateway.errors import bad_request
from bargate.services.paging import InvalidToken, key_of, token_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bargate.services.operation import OperationCall, Params
    from bargate.store.interface import Reader, Transaction
    from bargate.store.kind import Key, Kind, Record

_ALPHABET = string.ascii_lowercase + string.digits
API_ID_CHARACTERS = 10
PART_ID_CHARACTERS = 6

DEFAULT_LIMIT = 25  # AWS [M] apigateway, `limit`
MAX_LIMIT = 500
_BATCH = 200


def new_id(characters: int = PART_ID_CHARACTERS) -> str:
    """Give a random id in AWS's form: lower-case letters and digits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(characters))


def present(**members: Any) -> Params:
    """Give an output without the members that are None."""
    return {name: value for name, value in members.items() if value is not None}


def page(
    call: OperationCall,
    kind: Kind[Record],
    prefix: Key,
    request: Params,
    output: Callable[[Record], Params],
) -> Params:
    """Give one page of the records below `prefix`, as `items` and `position`."""
    limit = limit_of(request)
    found = call.tx.list(kind, prefix, after=_after(kind, prefix, request), limit=limit + 1)
    items = [output(record) for record in found[:limit]]
    if len(found) <= limit:
        return {"items": items}
    return {"items": items, "position": token_of(kind.key_of(found[limit - 1]))}


def limit_of(request: Params) -> int:
    """Read `limit`: 1 to 500, 25 when absent; more than 500 gives 500 [I]."""
    limit: int | None = request.get("limit")
    if limit is None:
        return DEFAULT_LIMIT
    if limit < 1:
        raise bad_request("Invalid limit specified: it must be between 1 and 500")  # [I]
    return min(limit, MAX_LIMIT)


def _after(kind: Kind[Record], prefix: Key, request: Params) -> Key | None:  # noqa: ARG001
    token: str | None = request.get("position")
    if not token:
        return None
    try:
        key = key_of(token)
    except InvalidToken:
        key = ()
    # A position of another list, or one that was made up, is as invalid as garbage.
    if key[: len(prefix)] != prefix or len(key) != len(prefix) + 1 or "\0" in key[-1]:
        raise bad_request("Invalid position parameter specified")  # [I]
    return key


def every(tx: Reader, kind: Kind[Record], prefix: Key) -> Iterator[Record]:
    """Go through all records below `prefix`, a batch at a time."""
    after: Key | None = None
    while batch := tx.list(kind, prefix, after=after, limit=_BATCH):
        yield from batch
        after = kind.key_of(batch[-1])


def delete_all(tx: Transaction, kind: Kind[Any], prefix: Key) -> None:
    """Delete all records below `prefix`, a batch at a time."""
    while batch := tx.list(kind, prefix, limit=_BATCH):
        for record in batch:
            tx.delete(kind, kind.key_of(record))
