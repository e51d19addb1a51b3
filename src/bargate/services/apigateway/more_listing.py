"""Pages of records: AWS's `position` and `limit`, whoever wrote the position."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from bargate.services.apigateway.errors import bad_request, not_found
from bargate.services.apigateway.shape import limit_of, present
from bargate.services.paging import InvalidToken, key_of, token_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.services.operation import OperationCall, Params
    from bargate.store.kind import Key, Kind, Record

MAX_SCANNED: Final = 10_000
_CHUNK: Final = 500


class Listing(Struct, frozen=True, kw_only=True, eq=False):
    """Which records to give: those below `prefix`, by `index` if one is named.

    `start` is where to begin without a position; `accept` picks; `until` ends the list early.
    """

    kind: Kind[Any]
    prefix: Key
    index: str | None = None
    start: Key | None = None
    accept: Callable[[Any], bool] = lambda _: True
    until: Callable[[Any], bool] = lambda _: False


def page(
    call: OperationCall, request: Params, listing: Listing, show: Callable[[Any], Params]
) -> Params:
    """Give one page as `items` and, if there is more, `position`."""
    records, position = page_of(call, request, listing)
    return present(items=[show(record) for record in records], position=position)


def page_of(call: OperationCall, request: Params, listing: Listing) -> tuple[list[Any], str | None]:
    """Give the records of one page, and the position of the next if there is one.

    At most MAX_SCANNED records are looked at; a page may be short, or empty, and still go on.
    """
    after = _position(request, listing) or listing.start
    taken, last, more = _scan(call, listing, after, limit_of(request))
    return taken, token_of(last) if more and last is not None else None


def _scan(
    call: OperationCall, listing: Listing, after: Key | None, limit: int
) -> tuple[list[Any], Key | None, bool]:
    """Give what was taken, the key of the last record looked at, and whether others follow."""
    taken: list[Any] = []
    scanned = 0
    while scanned < MAX_SCANNED:
        chunk = _read(call, listing, after, min(_CHUNK, limit - len(taken) + 1))
        for record in chunk:
            if listing.until(record):
                return taken, after, False
            if len(taken) == limit:
                return taken, after, True
            scanned += 1
            after = _key(listing, record)
            if listing.accept(record):
                taken.append(record)
        if not chunk:
            return taken, after, False
    return taken, after, True


def _read(call: OperationCall, listing: Listing, after: Key | None, count: int) -> list[Any]:
    if listing.index is None:
        return call.tx.list(listing.kind, listing.prefix, after=after, limit=count)
    return call.tx.list_by(listing.kind, listing.index, listing.prefix, after=after, limit=count)


def _key(listing: Listing, record: Any) -> Key:
    own = listing.kind.key_of(record)
    for index in listing.kind.indexes:
        if index.name == listing.index:
            return (*(index.key_of(record) or ()), *own)
    return own


def _position(request: Params, listing: Listing) -> Key | None:
    token = request.get("position")
    if not token:
        return None
    try:
        key = key_of(token)
    except InvalidToken as error:
        raise bad_request("Invalid position parameter specified") from error
    # A position is the caller's to forge: it may move him about his own records, no further.
    begins_right = key[: len(listing.prefix)] == listing.prefix and len(key) > len(listing.prefix)
    if not begins_right or any("\0" in part for part in key):
        raise bad_request("Invalid position parameter specified")
    return key


def begins_with(text: str | None, request: Params) -> bool:
    """Tell whether a name answers `nameQuery`: a prefix, upper and lower case told apart.

    AWS [R] apigw-objects §1.
    """
    return (text or "").startswith(request.get("nameQuery") or "")


def find(call: OperationCall, kind: Kind[Record], *ids: str) -> Record | None:
    """Give a record of the caller's account and Region; ids are as the caller wrote them."""
    if any("\0" in each for each in ids):
        return None
    return call.tx.find(kind, (call.account_id, call.region, *ids))


def need(call: OperationCall, kind: Kind[Record], ids: tuple[str, ...], missing: str) -> Record:
    """Give a record as `find` does; raises NotFoundException with the text `missing`."""
    found = find(call, kind, *ids)
    if found is None:
        raise not_found(missing)
    return found
