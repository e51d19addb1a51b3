"""Lists: ids, filters, tags of filters, and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from bargate.services.ec2.errors import invalid, not_found
from bargate.services.ec2.values import tag_list
from bargate.services.paging import InvalidToken, key_of, token_of
from bargate.wildcard import compile_wildcards, tokenize
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bargate.services.operation import Params

    Values = Callable[[Any], Iterable[str]]

_MAX_FILTERS, _MAX_VALUES, _MAX_CHARACTERS = 50, 200, 255
_MAX_RESULTS = 1_000


class Ids(Struct, frozen=True):
    """The member that names ids, and how one that does not exist is refused."""

    member: str
    code: str
    noun: str


def listed(
    request: Params, items: Iterable[Any], filters: Mapping[str, Values], ids: Ids | None = None
) -> tuple[list[Any], Params]:
    """Give the items of a page, and its NextToken. Items have an `id`. Raises AwsError."""
    there = {item.id: item for item in items}
    names = (request.get(ids.member) if ids is not None else None) or ()
    for name in names:
        if name not in there and ids is not None:
            raise not_found(ids.code, ids.noun, name[:128])
    tests = [_filter(each, filters) for each in _bounded(request.get("Filters") or ())]
    kept = [
        there[name]
        for name in sorted(set(names) if names else there)
        if all(test(there[name]) for test in tests)
    ]
    return _page(request, kept)


def _bounded(filters: Any) -> Any:
    if len(filters) > _MAX_FILTERS:
        raise AwsError("FilterLimitExceeded", f"At most {_MAX_FILTERS} filters may be given.")
    return filters


def _filter(written: Params, known: Mapping[str, Values]) -> Callable[[Any], bool]:
    name, given = written.get("Name") or "", written.get("Values") or ()
    if len(given) > _MAX_VALUES or any(len(value) > _MAX_CHARACTERS for value in given):
        raise AwsError("FilterLimitExceeded", f"At most {_MAX_VALUES} values may be given.")
    values = known.get(name) or _tag_values(name)
    if values is None:
        raise invalid(f"The filter '{name[:128]}' is invalid")
    tests = [compile_wildcards(tokenize(value)) for value in given]
    return lambda item: any(test(value) for value in values(item) for test in tests)


def _tag_values(name: str) -> Values | None:
    if name == "tag-key":
        return lambda item: item.tags
    if name.startswith("tag:"):
        key = name.removeprefix("tag:")
        return lambda item: (item.tags[key],) if key in item.tags else ()
    return None


def _page(request: Params, kept: list[Any]) -> tuple[list[Any], Params]:
    wanted = request.get("MaxResults") or _MAX_RESULTS
    if not 1 <= wanted <= _MAX_RESULTS:
        raise invalid(f"Value ( {wanted} ) for parameter maxResults is invalid.")
    token = request.get("NextToken")
    if token:
        try:
            (after,) = key_of(token)
        except (InvalidToken, ValueError) as error:
            raise AwsError("InvalidNextToken", "The token is not valid.") from error
        kept = [item for item in kept if item.id > after]
    page, rest = kept[:wanted], kept[wanted:]
    return page, {"NextToken": token_of((page[-1].id,))} if rest else {}


def tagged(tags: dict[str, str]) -> Params:
    """Give the member `Tags`, which is left out when there are none."""
    return {"Tags": tag_list(tags)} if tags else {}
