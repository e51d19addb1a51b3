"""Lists in pages: `MaxItems` and `Marker`, `NextMarker` while there is more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from msgspec import Struct

from bargate.services.lambda_.errors import invalid
from bargate.services.paging import InvalidToken, key_of, token_of

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params
    from bargate.store.kind import Key, Kind

MOST: Final = 50  # AWS [D]: ListFunctions gives no more at a time
Item = TypeVar("Item", bound=Struct)


class Page(Struct, Generic[Item], frozen=True):
    """Records of one page, and the marker of the next one."""

    items: list[Item]
    marker: str | None

    def output(self, member: str, told: list[dict[str, Any]]) -> Params:
        """Give what a list operation answers."""
        output: Params = {member: told}
        return output if self.marker is None else output | {"NextMarker": self.marker}


def page(call: OperationCall, request: Params, kind: Kind[Item], prefix: Key) -> Page[Item]:
    """Give a page of the records below a key; raises AwsError for a marker that no list gave."""
    limit = min(request.get("MaxItems") or MOST, MOST)
    after = _after(request.get("Marker"), prefix)
    found = call.tx.list(kind, prefix, after=after, limit=limit + 1)
    marker = token_of(kind.key_of(found[limit - 1])) if len(found) > limit else None
    return Page(found[:limit], marker)


def _after(marker: str | None, prefix: Key) -> Key | None:
    if not marker:
        return None
    try:
        key = key_of(marker)
    except InvalidToken as error:
        raise invalid("Invalid Marker: it is not one that was given.") from error
    # INVARIANT: a marker leads nowhere but into what the caller may list.
    if key[: len(prefix)] != prefix or len(key) <= len(prefix):
        raise invalid("Invalid Marker: it is not one that was given.")
    return key
