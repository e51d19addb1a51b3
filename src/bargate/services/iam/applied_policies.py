"""The policies that bear on a user, group or role, with their names and where they come from."""

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from bargate.identity.aws_managed_policies import AWS_MANAGED_POLICIES
from bargate.identity.resolve import document_or_denial
from bargate.records.iam_group import MEMBERSHIP
from bargate.records.inline_policy import INLINE_POLICY
from bargate.records.managed_policy import ATTACHMENT
from bargate.services.iam.entity import Entity, entity_of_id
from bargate.services.operation import OperationCall

SourceType = Literal["user", "group", "role", "aws-managed", "user-managed", "resource", "none"]


class AppliedPolicy(Struct, frozen=True, kw_only=True):
    """A policy of an entity; `arn` is None for an inline one."""

    name: str
    type: SourceType
    document: str
    entity: Entity
    arn: str | None = None


def applied_policies(call: OperationCall, entity: Entity) -> Iterator[AppliedPolicy]:
    """Give an entity's policies and, for a user, those of its groups."""
    yield from _own(call, entity)
    if entity.kind != "user":
        return
    for each in call.tx.list_by(MEMBERSHIP, "user", (entity.account_id, entity.id)):
        group = entity_of_id(call.tx, each.account_id, "group", each.group_id)
        if group is not None:
            yield from _own(call, group)


def _own(call: OperationCall, entity: Entity) -> Iterator[AppliedPolicy]:
    for inline in call.tx.list(INLINE_POLICY, entity.key):
        yield AppliedPolicy(
            name=inline.name, type=entity.kind, document=inline.document, entity=entity
        )
    for use in call.tx.list_by(ATTACHMENT, "entity", entity.uses("PermissionsPolicy")):
        arn = use.policy_arn
        yield AppliedPolicy(
            name=arn.rpartition("/")[2],
            type="aws-managed" if arn in AWS_MANAGED_POLICIES else "user-managed",
            document=document_or_denial(call.tx, arn),
            entity=entity,
            arn=arn,
        )
