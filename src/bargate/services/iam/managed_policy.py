"""Managed policies."""

from collections.abc import Callable
from typing import Any

from bargate.identity.aws_managed_policies import AWS_MANAGED_POLICIES, AwsManagedPolicy
from bargate.identity.unique_id import unique_id
from bargate.records.managed_policy import (
    ATTACHMENT,
    MANAGED_POLICY,
    POLICY_VERSION,
    ManagedPolicy,
    PolicyVersion,
    Usage,
)
from bargate.services.iam.documents import MAX_MANAGED, checked_policy, tag_list
from bargate.services.iam.errors import already_exists, limit_exceeded
from bargate.services.iam.lookup import a_changeable_policy, a_policy
from bargate.services.iam.naming import checked_name, checked_path
from bargate.services.iam.pages import Section, in_memory, page, stored
from bargate.services.iam.tagging import new_tags
from bargate.services.operation import OperationCall, Params, operation
from bargate.wire.error import AwsError

MAX_POLICIES = 1_500


@operation(writes=True)
def create_policy(call: OperationCall, request: Params) -> Params:
    """Make a customer managed policy with its first version."""
    policy = ManagedPolicy(
        account_id=call.account_id,
        id=unique_id("ANPA"),
        name=checked_name(request, "PolicyName"),
        path=checked_path(request),
        created_at=call.now,
        updated_at=call.now,
        partition=call.partition,
        description=request.get("Description"),
        tags=new_tags(request),
    )
    document: str = request["PolicyDocument"]
    checked_policy(document, max_size=MAX_MANAGED)
    if call.tx.find(MANAGED_POLICY, MANAGED_POLICY.key_of(policy)) is not None:
        raise already_exists(
            f"A policy called {policy.name} already exists. Duplicate names are not allowed."
        )
    if call.tx.count(MANAGED_POLICY, (call.account_id,)) >= MAX_POLICIES:
        raise limit_exceeded("CustomerManagedPoliciesPerAccount", MAX_POLICIES)
    call.tx.create(MANAGED_POLICY, policy)
    call.tx.create(
        POLICY_VERSION,
        PolicyVersion(
            account_id=call.account_id,
            policy_id=policy.id,
            number=1,
            document=document,
            created_at=call.now,
        ),
    )
    shape = policy_shape(call, policy)
    if policy.tags:
        shape["Tags"] = tag_list(policy.tags)
    return {"Policy": shape}


@operation()
def get_policy(call: OperationCall, request: Params) -> Params:
    """Give a managed policy."""
    policy = a_policy(call, request["PolicyArn"])
    shape = policy_shape(call, policy)
    description = policy.description
    if description is not None:
        shape["Description"] = description
    tags = policy.tags if isinstance(policy, ManagedPolicy) else {}
    return {"Policy": shape | {"Tags": tag_list(tags)}}


@operation()
def list_policies(call: OperationCall, request: Params) -> Params:
    """List managed policies by name: those of AWS, then those of the account."""
    scope = request.get("Scope") or "All"
    sections: list[Section] = []
    if scope in ("All", "AWS"):
        named = [(policy.name, policy) for policy in AWS_MANAGED_POLICIES.values()]
        sections.append(in_memory(named, name="AWS"))
    if scope in ("All", "Local"):
        sections.append(stored(call.tx, MANAGED_POLICY, (call.account_id,), name="Local"))
    found = page(request, sections, _filter(call, request))
    return {"Policies": [policy_shape(call, policy) for policy in found.items], **found.tail}


def _filter(call: OperationCall, request: Params) -> Callable[[Any], bool] | None:
    prefix = request.get("PathPrefix") or "/"
    usage: Usage | None = request.get("PolicyUsageFilter")
    if usage is None and request.get("OnlyAttached"):
        usage = "PermissionsPolicy"
    if prefix == "/" and usage is None:
        return None

    def keep(policy: ManagedPolicy | AwsManagedPolicy) -> bool:
        return policy.path.startswith(prefix) and (
            usage is None or call.tx.count(ATTACHMENT, (call.account_id, usage, policy.arn)) > 0
        )

    return keep


@operation(writes=True)
def delete_policy(call: OperationCall, request: Params) -> Params:
    """Delete a managed policy that nobody uses and that has its default version alone."""
    policy = a_changeable_policy(call, request["PolicyArn"])
    usages: tuple[Usage, ...] = ("PermissionsPolicy", "PermissionsBoundary")
    if any(
        call.tx.list(ATTACHMENT, (call.account_id, usage, policy.arn), limit=1) for usage in usages
    ):
        raise AwsError("DeleteConflict", "Cannot delete a policy attached to entities.")
    versions = call.tx.list(POLICY_VERSION, (call.account_id, policy.id))
    if len(versions) > 1:
        raise AwsError(
            "DeleteConflict",
            "This policy has more than one version. Before you delete a policy, you must delete"
            " the policy's versions. The default version is deleted with the policy.",
        )
    for version in versions:
        call.tx.delete(POLICY_VERSION, POLICY_VERSION.key_of(version))
    call.tx.delete(MANAGED_POLICY, MANAGED_POLICY.key_of(policy))
    return {}


def policy_shape(call: OperationCall, policy: ManagedPolicy | AwsManagedPolicy) -> Params:
    """Give a managed policy as lists show it."""
    default = 1 if isinstance(policy, AwsManagedPolicy) else policy.default_version
    updated = policy.created_at if isinstance(policy, AwsManagedPolicy) else policy.updated_at
    count = call.tx.count
    return {
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": f"v{default}",
        "AttachmentCount": count(ATTACHMENT, (call.account_id, "PermissionsPolicy", policy.arn)),
        "PermissionsBoundaryUsageCount": count(
            ATTACHMENT, (call.account_id, "PermissionsBoundary", policy.arn)
        ),
        "IsAttachable": True,
        "CreateDate": policy.created_at,
        "UpdateDate": updated,
    }
