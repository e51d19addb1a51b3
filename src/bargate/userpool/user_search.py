"""ListUsers: one filter, one page, whatever the pool's size (AWS [M] ListUsers Filter).

A page looks at so many users and no more: where few of many fit, it is short, and says where the
next one begins.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from bargate.records.pool_user import POOL_USER, SEARCHED, PoolUser
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.store.interface import Reader
    from bargate.store.kind import Key

MAX_PAGE: Final = 60
MAX_LOOKED_AT: Final = 1_000
_FILTER: Final = re.compile(
    r'\s*(?P<name>[\w:]{1,64})\s*(?P<type>\^?=)\s*"(?P<value>(?:[^"\\]|\\.)*)"\s*', re.DOTALL
)
_OTHERS: Final = ("username", "sub", "status", "cognito:user_status")


class Filter(Struct, frozen=True):
    """A filter as it was read; `is_prefix` is `^=`."""

    name: str
    value: str
    is_prefix: bool


class Found(Struct, frozen=True):
    """A page of users; `after` is where the next one begins, None when this is the last."""

    users: list[PoolUser]
    after: Key | None


def read_filter(text: str | None) -> Filter | None:
    """Read a filter; raises InvalidParameterException."""
    if text is None or not text.strip():
        return None
    found = _FILTER.fullmatch(text)
    if found is None:
        raise AwsError("InvalidParameterException", "Error while parsing filter.")
    name = found["name"]
    if name not in SEARCHED and name not in _OTHERS:
        message = f"Invalid search attribute: {name}"
        raise AwsError("InvalidParameterException", message)
    value = re.sub(r"\\(.)", r"\1", found["value"], flags=re.DOTALL)
    return Filter(name, value, found["type"] == "^=")


def search(tx: Reader, pool_id: str, wanted: Filter | None, after: Key | None, limit: int) -> Found:
    """Give a page of the users of a pool that fit."""
    if wanted is None:
        users = tx.list(POOL_USER, (pool_id,), after=after, limit=limit + 1)
        return _page(users, limit, lambda user: (pool_id, user.sub))
    if wanted.name == "sub":
        return _by_sub(tx, pool_id, wanted, after, limit)
    if wanted.name == "status":
        return _by_enabled(tx, pool_id, wanted, after, limit)
    return _by_index(tx, pool_id, wanted, after, limit)


def _by_index(tx: Reader, pool_id: str, wanted: Filter, after: Key | None, limit: int) -> Found:
    index, value = wanted.name, wanted.value
    if index == "username":
        index = "exact_username"
    elif index == "cognito:user_status":
        index, value = "user_status", value.upper()
    prefix: Key = (pool_id,) if wanted.is_prefix else (pool_id, value)
    if wanted.is_prefix and after is None:
        after = (pool_id, value)  # what begins with a text sorts behind it, and it itself, too
    users = tx.list_by(POOL_USER, index, prefix, after=after, limit=limit + 1)
    key_of = next(each.key_of for each in POOL_USER.indexes if each.name == index)
    fitting = [each for each in users if (key_of(each) or ("", ""))[1].startswith(value)]
    is_over = len(fitting) < len(users)
    found = _page(fitting, limit, lambda user: (*(key_of(user) or ()), pool_id, user.sub))
    return Found(found.users, None) if is_over and len(fitting) <= limit else found


def _by_sub(tx: Reader, pool_id: str, wanted: Filter, after: Key | None, limit: int) -> Found:
    exact = tx.find(POOL_USER, (pool_id, wanted.value))
    if not wanted.is_prefix or exact is not None:
        return Found([] if exact is None else [exact], None)
    start = (pool_id, wanted.value) if after is None else after
    users = tx.list(POOL_USER, (pool_id,), after=start, limit=limit + 1)
    fitting = [each for each in users if each.sub.startswith(wanted.value)]
    found = _page(fitting, limit, lambda user: (pool_id, user.sub))
    return (
        Found(found.users, None) if len(fitting) < len(users) and len(fitting) <= limit else found
    )


def _by_enabled(tx: Reader, pool_id: str, wanted: Filter, after: Key | None, limit: int) -> Found:
    names = ("Enabled", "Disabled")
    fits = [each for each in names if _fits(wanted, each)]
    if fits == ["Disabled"]:
        users = tx.list_by(POOL_USER, "disabled", (pool_id,), after=after, limit=limit + 1)
        return _page(users, limit, lambda user: (pool_id, pool_id, user.sub))
    if not fits:
        return Found([], None)
    found: list[PoolUser] = []
    for _ in range(0, MAX_LOOKED_AT, limit):  # most pages need no more than one of these
        users = tx.list(POOL_USER, (pool_id,), after=after, limit=limit)
        for user in users:
            after = (pool_id, user.sub)
            if user.enabled or "Disabled" in fits:
                found.append(user)
            if len(found) == limit:
                return Found(found, after)
        if len(users) < limit:
            return Found(found, None)
    return Found(found, after)


def _fits(wanted: Filter, text: str) -> bool:
    return text.startswith(wanted.value) if wanted.is_prefix else text == wanted.value


def _page(users: list[PoolUser], limit: int, key_of: Callable[[PoolUser], Key]) -> Found:
    shown = users[:limit]
    return Found(shown, key_of(shown[-1]) if len(users) > limit and shown else None)
