"""Inline policies of users, groups and roles."""

from bargate.records.inline_policy import INLINE_POLICY, InlinePolicy
from bargate.services.iam.documents import (
    MAX_INLINE,
    checked_policy,
    encoded,
    inline_limit_error,
    size_of,
)
from bargate.services.iam.entity import Entity, group_entity, role_entity, user_entity
from bargate.services.iam.errors import no_such
from bargate.services.iam.naming import checked_name
from bargate.services.iam.pages import page, stored
from bargate.services.operation import OperationCall, Params, operation


@operation(writes=True)
def put_user_policy(call: OperationCall, request: Params) -> Params:
    """Add or replace an inline policy of a user."""
    return _put(call, user_entity(call, request), request)


@operation(writes=True)
def put_group_policy(call: OperationCall, request: Params) -> Params:
    """Add or replace an inline policy of a group."""
    return _put(call, group_entity(call, request), request)


@operation(writes=True)
def put_role_policy(call: OperationCall, request: Params) -> Params:
    """Add or replace an inline policy of a role."""
    return _put(call, role_entity(call, request, changing=True), request)


@operation()
def get_user_policy(call: OperationCall, request: Params) -> Params:
    """Give an inline policy of a user."""
    return _get(call, user_entity(call, request), request)


@operation()
def get_group_policy(call: OperationCall, request: Params) -> Params:
    """Give an inline policy of a group."""
    return _get(call, group_entity(call, request), request)


@operation()
def get_role_policy(call: OperationCall, request: Params) -> Params:
    """Give an inline policy of a role."""
    return _get(call, role_entity(call, request), request)


@operation(writes=True)
def delete_user_policy(call: OperationCall, request: Params) -> Params:
    """Delete an inline policy of a user."""
    return _delete(call, user_entity(call, request), request)


@operation(writes=True)
def delete_group_policy(call: OperationCall, request: Params) -> Params:
    """Delete an inline policy of a group."""
    return _delete(call, group_entity(call, request), request)


@operation(writes=True)
def delete_role_policy(call: OperationCall, request: Params) -> Params:
    """Delete an inline policy of a role."""
    return _delete(call, role_entity(call, request, changing=True), request)


@operation()
def list_user_policies(call: OperationCall, request: Params) -> Params:
    """List the names of a user's inline policies."""
    return _list(call, user_entity(call, request), request)


@operation()
def list_group_policies(call: OperationCall, request: Params) -> Params:
    """List the names of a group's inline policies."""
    return _list(call, group_entity(call, request), request)


@operation()
def list_role_policies(call: OperationCall, request: Params) -> Params:
    """List the names of a role's inline policies."""
    return _list(call, role_entity(call, request), request)


def _put(call: OperationCall, entity: Entity, request: Params) -> Params:
    policy = InlinePolicy(
        account_id=entity.account_id,
        entity_kind=entity.kind,
        entity_id=entity.id,
        name=checked_name(request, "PolicyName"),
        document=request["PolicyDocument"],
    )
    checked_policy(policy.document)
    others = call.tx.list(INLINE_POLICY, entity.key)
    size = size_of(policy.document)
    size += sum(size_of(each.document) for each in others if each.name != policy.name)
    if size > MAX_INLINE[entity.kind]:
        raise inline_limit_error(entity.kind, entity.name)
    key = INLINE_POLICY.key_of(policy)
    if call.tx.find(INLINE_POLICY, key) is None:
        call.tx.create(INLINE_POLICY, policy)
    else:
        call.tx.update(INLINE_POLICY, key, lambda _: policy)
    return {}


def _get(call: OperationCall, entity: Entity, request: Params) -> Params:
    policy = _found(call, entity, request)
    return {
        f"{entity.kind.capitalize()}Name": entity.name,
        "PolicyName": policy.name,
        "PolicyDocument": encoded(policy.document),
    }


def _delete(call: OperationCall, entity: Entity, request: Params) -> Params:
    call.tx.delete(INLINE_POLICY, INLINE_POLICY.key_of(_found(call, entity, request)))
    return {}


def _list(call: OperationCall, entity: Entity, request: Params) -> Params:
    found = page(request, [stored(call.tx, INLINE_POLICY, entity.key)])
    return {"PolicyNames": [policy.name for policy in found.items], **found.tail}


def _found(call: OperationCall, entity: Entity, request: Params) -> InlinePolicy:
    name = checked_name(request, "PolicyName")
    policy = call.tx.find(INLINE_POLICY, (*entity.key, name))
    if policy is None:
        raise no_such(f"{entity.kind} policy", name)
    return policy
