"""One page of a list: `MaxResults` and `NextToken` of this API's requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.services.apigatewayv2.errors import bad_request
from bargate.services.paging import InvalidToken, key_of, token_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.services.operation import OperationCall, Params
    from bargate.store.kind import Key, Kind, Record

_MAX_RESULTS = 500  # [I] neither the model nor the documentation gives AWS's


def page(
    call: OperationCall,
    request: Params,
    kind: Kind[Record],
    prefix: Key,
    show: Callable[[Record], Params],
) -> Params:
    """Give a page of the records below `prefix`, whose keys have one part more."""
    limit = _limit(request.get("MaxResults"))
    after = _after(request.get("NextToken"), prefix)
    found = call.tx.list(kind, prefix, after=after, limit=limit + 1)
    output: Params = {"Items": [show(record) for record in found[:limit]]}
    if len(found) > limit:
        output["NextToken"] = token_of(kind.key_of(found[limit - 1]))
    return output


def _limit(text: str | None) -> int:
    if text is None or text == "":
        return _MAX_RESULTS
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) > 0):  # noqa: PLR2004 - what a number of the protocol can have
        raise bad_request("MaxResults must be a positive number")
    return min(int(text), _MAX_RESULTS)


def _after(token: str | None, prefix: Key) -> Key | None:
    """Read a position; one of another list (or account) is none."""
    if token is None or token == "":
        return None
    try:
        key = key_of(token)
    except InvalidToken:
        raise bad_request("Invalid NextToken specified") from None
    if key[:-1] != prefix or "\0" in key[-1]:
        raise bad_request("Invalid NextToken specified")
    return key
