"""Which users, roles and access keys must be published again after a change.

    inline policy, attachment, boundary ──► their entity   (a group's: every member)
    managed policy (default version)    ──► every entity that uses it
    membership                          ──► the user
    user                                ──► itself and its access keys (their `user_arn`)

What comes out are kinds of `model.identity` with the keys that `resolve` takes; a key whose record
is gone resolves to None, and what it names (its last text is the id) must be withdrawn.
"""

from collections.abc import Iterable, Iterator
from typing import Literal

from bargate.records.access_key import ACCESS_KEY
from bargate.records.iam_group import GROUP, MEMBERSHIP
from bargate.records.iam_role import ROLE
from bargate.records.iam_user import USER
from bargate.records.inline_policy import INLINE_POLICY
from bargate.records.managed_policy import ATTACHMENT, MANAGED_POLICY, Usage
from bargate.store.interface import Change, Reader
from bargate.store.kind import Key

Published = tuple[Literal["user", "role", "access_key"], Key]

_USAGES: tuple[Usage, ...] = ("PermissionsPolicy", "PermissionsBoundary")


def affected(tx: Reader, change: Change) -> Iterable[Published]:
    """Say what a change bears on: ("user" | "role", record key) or ("access_key", (id,))."""
    key = change.key
    match change.kind:
        case USER.name:
            return _user_and_keys(tx, key)
        case ROLE.name:
            return (("role", key),)
        case ACCESS_KEY.name:
            return (("access_key", (key[2],)),)
        case MEMBERSHIP.name:
            return (("user", (key[0], key[2])),)
        case GROUP.name:
            return _entity(tx, key[0], "group", key[1])
        case INLINE_POLICY.name:
            return _entity(tx, key[0], key[1], key[2])
        case ATTACHMENT.name:
            return _entity(tx, key[0], key[3], key[4])
        case MANAGED_POLICY.name:
            return _users_of_policy(tx, key)
    return ()


def _user_and_keys(tx: Reader, key: Key) -> Iterator[Published]:
    yield ("user", key)
    for access_key in tx.list(ACCESS_KEY, key):
        yield ("access_key", (access_key.id,))


def _entity(tx: Reader, account_id: str, kind: str, entity_id: str) -> Iterator[Published]:
    if kind == "user":
        yield ("user", (account_id, entity_id))
    elif kind == "role":
        yield ("role", (account_id, entity_id))
    else:
        for membership in tx.list(MEMBERSHIP, (account_id, entity_id)):
            yield ("user", (account_id, membership.user_id))


def _users_of_policy(tx: Reader, key: Key) -> Iterator[Published]:
    policy = tx.find(MANAGED_POLICY, key)
    if policy is None:
        return  # AWS [D]: a policy in use cannot be deleted
    for usage in _USAGES:
        for use in tx.list(ATTACHMENT, (policy.account_id, usage, policy.arn)):
            yield from _entity(tx, use.account_id, use.entity_kind, use.entity_id)
