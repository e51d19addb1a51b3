"""SimulateCustomPolicy and SimulatePrincipalPolicy."""

from collections.abc import Sequence
from typing import Any

from bargate.identity.find import group_of_arn, role_of_arn, user_of_arn
from bargate.identity.resolve import boundary_arn_of, document_or_denial
from bargate.policy import IamUser, PolicyKind, Principal, RoleSession
from bargate.records.iam_role import Role
from bargate.records.iam_user import User
from bargate.services.iam.applied_policies import AppliedPolicy, applied_policies
from bargate.services.iam.context_entries import Context, context_of
from bargate.services.iam.entity import Entity, entity_of_arn
from bargate.services.iam.errors import invalid_input, no_such_entity
from bargate.services.iam.simulation import (
    Simulation,
    Source,
    account_in,
    checked_actions,
    results,
    source,
)
from bargate.services.operation import OperationCall, Params, operation

_NOBODY = "simulated"


@operation()
def simulate_custom_policy(call: OperationCall, request: Params) -> Params:
    """Simulate policies of the request alone."""
    identity = _inputs(request["PolicyInputList"], PolicyKind.IDENTITY, "PolicyInputList")
    levels = tuple(
        _inputs(
            level.get("ServiceControlPolicyInputList") or (),
            PolicyKind.SERVICE_CONTROL,
            f"OrderedOrganizationPolicyInputList.{number}",
        )
        for number, level in enumerate(request.get("OrderedOrganizationPolicyInputList") or (), 1)
    )
    return results(_simulation(call, request, identity, _boundary_inputs(request), levels), request)


@operation()
def simulate_principal_policy(call: OperationCall, request: Params) -> Params:
    """Simulate the policies of a user, group or role, and those of the request with them."""
    entity = entity_of_arn(call, request["PolicySourceArn"])
    excluded = request.get("PolicyExclusionList") or ()
    own = tuple(
        source(each.document, PolicyKind.IDENTITY, each.name, each.type)
        for each in applied_policies(call, entity)
        if not any(_is_excluded(each, one) for one in excluded)
    )
    added = _inputs(request.get("PolicyInputList") or (), PolicyKind.IDENTITY, "PolicyInputList")
    boundary = _boundary_inputs(request)
    if boundary is None and not any(_excludes_boundary(one) for one in excluded):
        boundary = _own_boundary(call, entity)
    if request.get("CallerArn") is None and entity.kind != "group":
        request = request | {"CallerArn": entity.arn}
    return results(_simulation(call, request, (*own, *added), boundary, ()), request)


def _simulation(
    call: OperationCall,
    request: Params,
    identity: tuple[Source, ...],
    boundary: tuple[Source, ...] | None,
    levels: tuple[tuple[Source, ...], ...],
) -> Simulation:
    resource_policy = request.get("ResourcePolicy")
    if resource_policy is not None and request.get("CallerArn") is None:
        raise invalid_input("CallerArn is required when a ResourcePolicy is given.")
    caller, context = _caller(call, request.get("CallerArn"))
    owner = request.get("ResourceOwner")
    resource = None
    if resource_policy is not None:
        resource = source(resource_policy, PolicyKind.RESOURCE, "ResourcePolicyInput", "resource")
    return Simulation(
        identity=identity,
        boundary=boundary,
        levels=levels,
        resource=resource,
        caller=caller,
        caller_account=getattr(caller, "account", call.account_id),
        resource_owner=None if owner is None else account_in(owner, "ResourceOwner"),
        context=context | context_of(request.get("ContextEntries") or ()),
        actions=checked_actions(request["ActionNames"]),
        resources=tuple(request.get("ResourceArns") or ("*",)),
    )


def _caller(call: OperationCall, arn: str | None) -> tuple[Principal, Context]:
    """Give the simulated caller, and the condition keys that come with it.

    An ARN of another account is believed: no policy of that account is read. [I]
    """
    if arn is None:
        plain = f"arn:{call.partition}:iam::{call.account_id}:user/{_NOBODY}"
        return IamUser(arn=plain, account=call.account_id, user_id=_NOBODY), {}
    account = account_in(arn, "CallerArn")
    own = account == call.account_id
    kind = arn.split(":", 5)[5].split("/", 1)[0]
    if kind not in ("user", "group", "role"):
        raise invalid_input(f"Invalid CallerArn: {arn[:256]}")
    user = user_of_arn(call.tx, arn) if own else None
    role = role_of_arn(call.tx, arn) if own else None
    if own and not (user or role or group_of_arn(call.tx, arn)):
        raise no_such_entity(f"CallerArn {arn[:256]} does not exist.")
    if kind == "role":
        name = arn.rpartition("/")[2]
        session = f"arn:{call.partition}:sts::{account}:assumed-role/{name}/{_NOBODY}"
        role_id = role.id if role is not None else _NOBODY
        caller: Principal = RoleSession(
            role_arn=arn, session_arn=session, account=account, role_id=role_id
        )
    else:
        user_id = user.id if user is not None else _NOBODY
        caller = IamUser(arn=arn, account=account, user_id=user_id)
    return caller, _own_context(arn, account, user or role)


def _own_context(arn: str, account: str, record: User | Role | None) -> Context:
    context: Context = {"aws:principalarn": arn, "aws:principalaccount": account}
    if isinstance(record, User):
        context |= {"aws:username": record.name, "aws:userid": record.id}
        context["aws:principaltype"] = "User"
    elif isinstance(record, Role):
        context |= {"aws:userid": f"{record.id}:{_NOBODY}", "aws:principaltype": "AssumedRole"}
    if record is not None:
        for key, value in record.tags.items():
            context[f"aws:principaltag/{key}".lower()] = value
    return context


def _inputs(texts: Sequence[str], kind: PolicyKind, member: str) -> tuple[Source, ...]:
    return tuple(source(text, kind, f"{member}.{number}") for number, text in enumerate(texts, 1))


def _boundary_inputs(request: Params) -> tuple[Source, ...] | None:
    texts = request.get("PermissionsBoundaryPolicyInputList") or ()
    if len(texts) > 1:
        raise invalid_input("Only one permissions boundary can be simulated.")
    member = "PermissionsBoundaryPolicyInputList"
    return _inputs(texts, PolicyKind.BOUNDARY, member) or None


def _own_boundary(call: OperationCall, entity: Entity) -> tuple[Source, ...] | None:
    arn = boundary_arn_of(call.tx, entity.account_id, entity.kind, entity.id)
    if arn is None:
        return None
    name = arn.rpartition("/")[2]
    document = document_or_denial(call.tx, arn)
    return (source(document, PolicyKind.BOUNDARY, name, "user-managed"),)


def _is_excluded(policy: AppliedPolicy, identifier: dict[str, Any]) -> bool:
    """Say whether a PolicyIdentifier means a policy; of its members each that is given counts."""
    tests = []
    if "PolicyType" in identifier:
        kind = "inline" if policy.arn is None else policy.type
        tests.append(identifier["PolicyType"] == kind)
    if "PolicyArn" in identifier:
        tests.append(identifier["PolicyArn"] == policy.arn)
    if "InlinePolicyIdentifier" in identifier:
        inline = identifier["InlinePolicyIdentifier"]
        tests.append(
            policy.arn is None
            and inline.get("PolicyName") == policy.name
            and inline.get("AttachmentType") in (None, policy.entity.kind)
            and inline.get("AttachmentName") in (None, policy.entity.name)
        )
    return bool(tests) and all(tests)


def _excludes_boundary(identifier: dict[str, Any]) -> bool:
    return identifier.get("PolicyType") == "permission-boundary"
