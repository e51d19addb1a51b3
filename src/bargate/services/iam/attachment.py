"""Managed policies attached to users, groups and roles."""

import hashlib

from bargate.records.managed_policy import ATTACHMENT, Attachment
from bargate.services.iam.entity import Entity, group_entity, role_entity, user_entity
from bargate.services.iam.errors import limit_exceeded, no_such_entity
from bargate.services.iam.lookup import a_policy, an_attachable_policy
from bargate.services.iam.pages import in_memory, page
from bargate.services.operation import OperationCall, Params, operation

MAX_ATTACHED = 10


@operation(writes=True)
def attach_user_policy(call: OperationCall, request: Params) -> Params:
    """Attach a managed policy to a user."""
    return _attach(call, user_entity(call, request), request)


@operation(writes=True)
def attach_group_policy(call: OperationCall, request: Params) -> Params:
    """Attach a managed policy to a group."""
    return _attach(call, group_entity(call, request), request)


@operation(writes=True)
def attach_role_policy(call: OperationCall, request: Params) -> Params:
    """Attach a managed policy to a role."""
    return _attach(call, role_entity(call, request, changing=True), request)


@operation(writes=True)
def detach_user_policy(call: OperationCall, request: Params) -> Params:
    """Detach a managed policy from a user."""
    return _detach(call, user_entity(call, request), request)


@operation(writes=True)
def detach_group_policy(call: OperationCall, request: Params) -> Params:
    """Detach a managed policy from a group."""
    return _detach(call, group_entity(call, request), request)


@operation(writes=True)
def detach_role_policy(call: OperationCall, request: Params) -> Params:
    """Detach a managed policy from a role."""
    return _detach(call, role_entity(call, request, changing=True), request)


@operation()
def list_attached_user_policies(call: OperationCall, request: Params) -> Params:
    """List the managed policies of a user."""
    return _list(call, user_entity(call, request), request)


@operation()
def list_attached_group_policies(call: OperationCall, request: Params) -> Params:
    """List the managed policies of a group."""
    return _list(call, group_entity(call, request), request)


@operation()
def list_attached_role_policies(call: OperationCall, request: Params) -> Params:
    """List the managed policies of a role."""
    return _list(call, role_entity(call, request), request)


def _attach(call: OperationCall, entity: Entity, request: Params) -> Params:
    attachment = _attachment(entity, an_attachable_policy(call, request["PolicyArn"]))
    if call.tx.find(ATTACHMENT, ATTACHMENT.key_of(attachment)) is not None:
        return {}
    attached = call.tx.list_by(ATTACHMENT, "entity", entity.uses("PermissionsPolicy"))
    if len(attached) >= MAX_ATTACHED:
        raise limit_exceeded(f"PoliciesPer{entity.kind.capitalize()}", MAX_ATTACHED)
    call.tx.create(ATTACHMENT, attachment)
    return {}


def _detach(call: OperationCall, entity: Entity, request: Params) -> Params:
    arn = a_policy(call, request["PolicyArn"]).arn
    key = ATTACHMENT.key_of(_attachment(entity, arn))
    if call.tx.find(ATTACHMENT, key) is None:
        raise no_such_entity(f"Policy {arn} was not found.")
    call.tx.delete(ATTACHMENT, key)
    return {}


def _list(call: OperationCall, entity: Entity, request: Params) -> Params:
    prefix = "policy" + (request.get("PathPrefix") or "/")
    uses = call.tx.list_by(ATTACHMENT, "entity", entity.uses("PermissionsPolicy"))
    arns = [use.policy_arn for use in uses]
    below = [arn for arn in arns if arn.split(":", 5)[5].startswith(prefix)]
    found = page(request, [in_memory((place_of(arn), arn) for arn in below)])
    return {"AttachedPolicies": [attached_shape(arn) for arn in found.items], **found.tail}


def place_of(policy_arn: str) -> str:
    """Give a place in a list of policies: by name, told apart by a digest of the ARN."""
    name = policy_arn.rpartition("/")[2]
    return f"{name} {hashlib.sha256(policy_arn.encode()).hexdigest()[:16]}"


def _attachment(entity: Entity, policy_arn: str) -> Attachment:
    return Attachment(
        account_id=entity.account_id,
        usage="PermissionsPolicy",
        policy_arn=policy_arn,
        entity_kind=entity.kind,
        entity_id=entity.id,
    )


def attached_shape(policy_arn: str) -> Params:
    """Give an attached policy as the API shows it."""
    return {"PolicyName": policy_arn.rpartition("/")[2], "PolicyArn": policy_arn}
