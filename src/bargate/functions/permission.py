"""Whether an invoker may invoke: by the function's resource policy, or by a role. Pure.

ByService ──► resource policy of the very qualifier
ByRole    ──► role known, of the invoker's account ──► trusts the service
          ──► its policies, or the resource policy in the same account, allow the action
Permitted ──► was asked before
"""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct

from bargate.model.function import UNQUALIFIED
from bargate.model.identity import Role
from bargate.model.invocation import ByRole, ByService, Permitted, Refused
from bargate.policy import (
    AccessRequest,
    MalformedPolicy,
    PolicyKind,
    RoleSession,
    Service,
    compile_policy,
    parse_policy,
)
from bargate.policy.evaluate import PolicySet, evaluate
from bargate.snapshot.identities import MAX_REMEMBERED_POLICIES, compile_or_deny

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.functions.registry import Found
    from bargate.model.invocation import Invocation
    from bargate.policy import CompiledPolicy, Decision
    from bargate.snapshot.principals import Policies

INVOKE = "lambda:InvokeFunction"
ASSUME = "sts:AssumeRole"
SESSION_NAME = "BackplaneAssumeRoleSession"  # AWS [R] what API Gateway names its sessions
Values = dict[str, "str | tuple[str, ...]"]
_TIMES = frozenset({"aws:currenttime", "aws:epochtime"})

# A policy of a role that does not compile denies all.
_compile = lru_cache(MAX_REMEMBERED_POLICIES)(partial(compile_or_deny, None))


class _Unreadable(Exception):
    """A resource or trust policy does not compile; whatever it was to say, it lets nobody in."""


@lru_cache(MAX_REMEMBERED_POLICIES)
def _read(text: str, kind: PolicyKind) -> CompiledPolicy:
    try:
        return compile_policy(parse_policy(text, kind))
    except (MalformedPolicy, RecursionError) as error:
        raise _Unreadable from error


def refusal(
    found: Found, invocation: Invocation, roles: Mapping[str, Policies], now: float
) -> Refused | None:
    """Say why an invocation may not be made, None when it may; `now` is seconds, epoch."""
    try:
        return _refused(found, invocation, roles, now)
    except _Unreadable:
        return _denied(f"The resource policy of {found.arn} cannot be read, so it lets nobody in.")


def _refused(
    found: Found, invocation: Invocation, roles: Mapping[str, Policies], now: float
) -> Refused | None:
    match invocation.invoker:
        case Permitted():
            return None
        case ByService() as by_service:
            return _refused_service(found, by_service, now)
        case ByRole() as by_role:
            return _refused_role(found, by_role, roles, now)
        case other:
            assert_never(other)


def _refused_service(found: Found, invoker: ByService, now: float) -> Refused | None:
    policy = _resource_policy(found)
    asked = _AskedByService(found.arn, found.function.account_id, found.function.region, invoker)
    if policy is not None and _depends_on_time(policy):
        decision = _decide(policy, asked, now)
    else:
        decision = _decide_at_any_time(policy, asked)
    if decision.allowed:
        return None
    return _denied(
        f"The resource policy of {found.arn} does not let {invoker.service} invoke it for"
        f" {invoker.source_arn} ({decision.reason}). Let it: {grant(found, invoker)}",
    )


def _denied(message: str) -> Refused:
    return Refused(reason="denied", message=message)


def grant(found: Found, invoker: ByService) -> str:
    """Write the command that gives the permission, quoted for a shell."""
    qualifier = ["--qualifier", found.qualifier] if found.qualifier else []
    command = [
        *("aws", "lambda", "add-permission", "--function-name", found.function.arn),
        *qualifier,
        *("--statement-id", "invoke-by-api", "--action", INVOKE),
        *("--principal", invoker.service, "--source-arn", invoker.source_arn),
    ]
    return shlex.join(command)


def _refused_role(
    found: Found, invoker: ByRole, roles: Mapping[str, Policies], now: float
) -> Refused | None:
    role = roles.get(invoker.role_arn)
    if role is None:
        return _denied(f"There is no role {invoker.role_arn} to invoke {found.arn} as.")
    if role.account_id != invoker.source_account:
        return _denied(
            f"The role {invoker.role_arn} is of another account than {invoker.source_arn}: an API"
            " can only use roles of its own account.",
        )
    record = role.record
    if not isinstance(record, Role) or not may_assume(
        record, invoker.service, _source(invoker), now
    ):
        return _denied(untrusting(invoker.role_arn, invoker.service))
    return _refused_session(found, role, now)


def _refused_session(found: Found, role: Policies, now: float) -> Refused | None:
    arn, role_id = role.record.arn, role.id
    partition, name = arn.split(":")[1], arn.rpartition("/")[2]
    principal = RoleSession(
        role_arn=arn,
        session_arn=f"arn:{partition}:sts::{role.account_id}:assumed-role/{name}/{SESSION_NAME}",
        account=role.account_id,
        role_id=role_id,
    )
    identity, boundary = role.compiled(_compile)
    policies = PolicySet(identity=identity, boundary=boundary, resource=_resource_policy(found))
    request = AccessRequest(principal, INVOKE, found.arn, _role_context(found, role, now))
    decision = evaluate(policies, request, resource_account=found.function.account_id)
    if decision.allowed:
        return None
    return _denied(
        f"The role {arn} may not invoke {found.arn} ({decision.reason}). Let it: add a policy to"
        f" the role that allows {INVOKE} on {found.arn}.",
    )


def may_assume(role: Role, service: str, source: Values, now: float) -> bool:
    """Say whether a role's trust policy lets a service assume it (`source`: for what)."""
    if not role.trust_policy:
        return False
    context = {
        **_circumstances(now),
        **source,
        "aws:principalisawsservice": "true",
        "aws:principalservicename": service,
        **{f"aws:resourcetag/{key.lower()}": value for key, value in role.tags.items()},
        **{f"iam:resourcetag/{key.lower()}": value for key, value in role.tags.items()},
    }
    try:
        policies = PolicySet(resource=_read(role.trust_policy, PolicyKind.TRUST))
    except _Unreadable:
        return False
    request = AccessRequest(Service(service), ASSUME, role.arn, context)
    return evaluate(policies, request, resource_account=role.account_id).allowed


def untrusting(role_arn: str, service: str) -> str:
    """Say that a role does not trust a service, and how it would."""
    return (
        f"The trust policy of the role {role_arn} does not let {service} assume it. Add this"
        ' statement (iam update-assume-role-policy): {"Effect": "Allow", "Principal": {"Service":'
        f' "{service}"}}, "Action": "sts:AssumeRole"}}'
    )


def _resource_policy(found: Found) -> CompiledPolicy | None:
    """Give the policy of the very qualifier: AWS keeps one for each, and one for the bare ARN."""
    text = found.function.policies.get(found.qualifier or UNQUALIFIED)
    return None if text is None else _read(text, PolicyKind.RESOURCE)


class _AskedByService(Struct, frozen=True):
    """All but the time that decides whether a service may invoke."""

    function_arn: str
    account_id: str
    region: str
    invoker: ByService


def _decide(policy: CompiledPolicy | None, asked: _AskedByService, now: float) -> Decision:
    context = {
        **_circumstances(now),
        **_source(asked.invoker),
        "aws:requestedregion": asked.region,
        "aws:principalisawsservice": "true",
        "aws:principalservicename": asked.invoker.service,
    }
    service = Service(asked.invoker.service)
    request = AccessRequest(service, INVOKE, asked.function_arn, context)
    return evaluate(PolicySet(resource=policy), request, resource_account=asked.account_id)


@lru_cache(MAX_REMEMBERED_POLICIES)
def _decide_at_any_time(policy: CompiledPolicy | None, asked: _AskedByService) -> Decision:
    """Decide by a policy that asks for no time: the same each time, so it is remembered.

    INVARIANT: policies are told apart by identity; one that was changed is another.
    """
    return _decide(policy, asked, 0.0)


@lru_cache(MAX_REMEMBERED_POLICIES)
def _depends_on_time(policy: CompiledPolicy) -> bool:
    return not _TIMES.isdisjoint(policy.keys())


def _source(invoker: ByService | ByRole) -> Values:
    return {"aws:sourcearn": invoker.source_arn, "aws:sourceaccount": invoker.source_account}


def _role_context(found: Found, role: Policies, now: float) -> Values:
    """Give the condition keys of a session of a role (AWS [D] iam-sts §1)."""
    return {
        **_circumstances(now),
        "aws:requestedregion": found.function.region,
        "aws:principalarn": role.record.arn,
        "aws:principalaccount": role.account_id,
        "aws:principaltype": "AssumedRole",
        "aws:userid": f"{role.id}:{SESSION_NAME}",
        "aws:principalisawsservice": "false",
        "aws:multifactorauthpresent": "false",
        **{f"aws:principaltag/{key.lower()}": value for key, value in role.record.tags.items()},
    }


def _circumstances(now: float) -> Values:
    return {
        "aws:currenttime": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:epochtime": str(int(now)),
        "aws:securetransport": "true",
    }
