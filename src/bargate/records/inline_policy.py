"""Inline policies of users, groups and roles."""

from msgspec import Struct

from bargate.records.managed_policy import EntityKind
from bargate.store.kind import Kind


class InlinePolicy(Struct, frozen=True, kw_only=True):
    """A policy that is part of one entity."""

    account_id: str
    entity_kind: EntityKind
    entity_id: str
    name: str
    document: str


INLINE_POLICY: Kind[InlinePolicy] = Kind(
    "iam_inline_policy",
    InlinePolicy,
    lambda each: (each.account_id, each.entity_kind, each.entity_id, each.name),
)
