"""Pages of lists: `Marker`, `MaxItems`, `IsTruncated`.

A list is a row of sections, each of records in the order of an index or of things in memory. A
marker is the section and the place of the last item given; it is checked as any forged text.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec import Struct

from bargate.services.iam.errors import validation_error
from bargate.services.operation import Params
from bargate.services.paging import InvalidToken, key_of, token_of
from bargate.store.interface import Reader
from bargate.store.kind import Key, Kind, Record

_DEFAULT_ITEMS = 100
_MAX_ITEMS = 1_000
_MAX_SCANNED = 5_000
_CHUNK = 250

Fetch = Callable[[Key | None, int], Sequence[tuple[Key, Any]]]


class Section(Struct, frozen=True, eq=False):
    """A part of a list; `fetch` gives at most so many items after a place, each with its own.

    Places are short: AWS [M] bounds a marker to 320 characters.
    """

    name: str
    fetch: Fetch


class Page(Struct, frozen=True, eq=False):
    """The items of a page with the names of their sections, and what says where it ends."""

    found: tuple[tuple[str, Any], ...]
    tail: Params

    @property
    def items(self) -> list[Any]:
        """Give the items alone."""
        return [item for _, item in self.found]

    def of(self, section: str) -> list[Any]:
        """Give the items of one section."""
        return [item for name, item in self.found if name == section]


def stored(
    tx: Reader, kind: Kind[Record], prefix: Key, index: str | None = None, *, name: str = ""
) -> Section:
    """Make a section of records, by their keys or by an index."""
    if index is None:

        def fetch(after: Key | None, limit: int) -> Sequence[tuple[Key, Any]]:
            records = tx.list(kind, prefix, after=_whole(prefix, after), limit=limit)
            return [(_rest(prefix, kind.key_of(record)), record) for record in records]

        return Section(name, fetch)
    entry_of = next(each.key_of for each in kind.indexes if each.name == index)

    def fetch_by(after: Key | None, limit: int) -> Sequence[tuple[Key, Any]]:
        records = tx.list_by(kind, index, prefix, after=_whole(prefix, after), limit=limit)
        return [
            (_rest(prefix, (*(entry_of(record) or ()), *kind.key_of(record))), record)
            for record in records
        ]

    return Section(name, fetch_by)


def _whole(prefix: Key, place: Key | None) -> Key | None:
    """INVARIANT: a place lies behind the section's prefix, so no marker leads out of an account."""
    return None if place is None else (*prefix, *place)


def _rest(prefix: Key, key: Key) -> Key:
    return key[len(prefix) :]


def in_memory(items: Iterable[tuple[str, Any]], *, name: str = "") -> Section:
    """Make a section of named things, given in the order of their names."""
    ordered = sorted(items, key=lambda item: item[0])
    names = [each for each, _ in ordered]

    def fetch(after: Key | None, limit: int) -> Sequence[tuple[Key, Any]]:
        start = 0 if after is None else bisect_right(names, after[0])
        return [((key,), item) for key, item in ordered[start : start + limit]]

    return Section(name, fetch)


def page(
    request: Params, sections: Sequence[Section], keep: Callable[[Any], bool] | None = None
) -> Page:
    """Give the page that a request asks for. Raises AwsError.

    AWS [D]: a page may be shorter than MaxItems though more follow; here it is when a filter has
    looked at `_MAX_SCANNED` items.
    """
    wanted = min(max(request.get("MaxItems") or _DEFAULT_ITEMS, 1), _MAX_ITEMS)
    start, after = _position(request.get("Marker"), sections)
    found: list[tuple[str, Any]] = []
    scanned = 0
    marker: Key | None = None
    for section in sections[start:]:
        while True:
            # One item more than fits tells whether the list goes on.
            limit = wanted - len(found) + 1 if keep is None else _CHUNK
            rows = section.fetch(after, limit)
            for place, item in rows:
                fits = keep is None or keep(item)
                if (fits and len(found) == wanted) or scanned == _MAX_SCANNED:
                    return _cut(found, marker)
                if fits:
                    found.append((section.name, item))
                scanned += 1
                after = place
                marker = (section.name, *place)
            if len(rows) < limit:
                break
        after = None
    return Page(tuple(found), {"IsTruncated": False})


def _cut(found: list[tuple[str, Any]], marker: Key | None) -> Page:
    return Page(tuple(found), {"IsTruncated": True, "Marker": token_of(marker or ())})


def _position(marker: str | None, sections: Sequence[Section]) -> tuple[int, Key | None]:
    if marker is None:
        return 0, None
    try:
        name, *rest = key_of(marker)
    except (InvalidToken, ValueError) as error:
        raise _invalid_marker() from error
    place = tuple(rest)
    if not place or any("\0" in each for each in place):
        raise _invalid_marker()
    for index, section in enumerate(sections):
        if section.name == name:
            return index, place
    raise _invalid_marker()


def _invalid_marker() -> Exception:
    return validation_error("Invalid Marker.")
