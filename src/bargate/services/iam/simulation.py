"""Simulate what policies decide: the same engine as for real calls, with its reasons.

sources (policies, boundary, service control, resource policy) + caller + context
──► one result for each action on each resource, worked out page by page
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct, structs

from bargate.identity.find import iam_arn
from bargate.policy import (
    AccessRequest,
    CompiledPolicy,
    Effect,
    PolicyKind,
    PolicySet,
    Principal,
    compile_policy,
    evaluate,
)
from bargate.services.iam.applied_policies import SourceType
from bargate.services.iam.context_entries import Context
from bargate.services.iam.context_keys import input_policy, keys_of
from bargate.services.iam.errors import invalid_input
from bargate.services.iam.pages import Section, page
from bargate.services.iam.statement_positions import statement_positions
from bargate.services.operation import Params
from bargate.store.kind import Key

_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9_-]+")
_DECISIONS = {
    Effect.ALLOW: "allowed",
    Effect.EXPLICIT_DENY: "explicitDeny",
    Effect.IMPLICIT_DENY: "implicitDeny",
}


class Source(Struct, frozen=True, eq=False):
    """A policy of a simulation."""

    id: str
    type: SourceType
    text: str
    compiled: CompiledPolicy


class Simulation(Struct, frozen=True, kw_only=True, eq=False):
    """What is simulated. `boundary` None means none; `levels` are service control policies."""

    identity: tuple[Source, ...]
    boundary: tuple[Source, ...] | None
    levels: tuple[tuple[Source, ...], ...]
    resource: Source | None
    caller: Principal
    caller_account: str
    resource_owner: str | None
    context: Context
    actions: tuple[str, ...]
    resources: tuple[str, ...]


def source(text: str, kind: PolicyKind, name: str, type_: SourceType = "none") -> Source:
    """Read and compile a policy. Raises AwsError."""
    return Source(name, type_, text, compile_policy(input_policy(text, kind, name)))


def checked_actions(names: Sequence[str]) -> tuple[str, ...]:
    """Give the actions of a request. Raises AwsError."""
    for name in names:
        if not _ACTION.fullmatch(name):
            raise invalid_input(f"Invalid action name: {name[:128]}")
    if not names:
        raise invalid_input("ActionNames must not be empty.")
    return tuple(names)


def results(simulation: Simulation, request: Params) -> Params:
    """Give a page of results."""
    numbers = len(simulation.actions) * len(simulation.resources)

    def fetch(after: Key | None, limit: int) -> list[tuple[Key, int]]:
        start = 0 if after is None else _number(after) + 1
        return [((str(each),), each) for each in range(start, min(start + limit, numbers))]

    found = page(request, [Section("", fetch)])
    return {"EvaluationResults": [_result(simulation, each) for each in found.items], **found.tail}


def _number(after: Key) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", after[0]):
        raise invalid_input("Invalid Marker.")
    return int(after[0])


def _result(simulation: Simulation, number: int) -> Params:
    action = simulation.actions[number // len(simulation.resources)]
    resource = simulation.resources[number % len(simulation.resources)]
    request = AccessRequest(simulation.caller, action, resource, simulation.context)
    decision = evaluate(
        _policies(simulation), request, resource_account=_account_of(simulation, resource)
    )
    shape: Params = {
        "EvalActionName": action,
        "EvalResourceName": resource,
        "EvalDecision": _DECISIONS[decision.effect],
        "MatchedStatements": list(_matched(simulation, request, decision.effect)),
        "MissingContextValues": _missing(simulation, action),
    }
    shape |= _details(simulation, request, resource)
    if len(simulation.resources) > 1:
        shape["ResourceSpecificResults"] = [_of_resource(shape)]
    return shape


def _of_resource(shape: Params) -> Params:
    kept = {
        name: shape[name]
        for name in (
            "EvalResourceName",
            "MatchedStatements",
            "MissingContextValues",
            "EvalDecisionDetails",
            "PermissionsBoundaryDecisionDetail",
        )
        if name in shape
    }
    return kept | {"EvalResourceDecision": shape["EvalDecision"]}


def _policies(simulation: Simulation) -> PolicySet:
    boundary = simulation.boundary
    return PolicySet(
        identity=_compiled(simulation.identity),
        # Several boundaries cannot be set; the request's checker lets one pass.
        boundary=None if boundary is None else boundary[0].compiled,
        service_control=tuple(map(_compiled, simulation.levels)),
        resource=None if simulation.resource is None else simulation.resource.compiled,
    )


def _compiled(sources: Sequence[Source]) -> tuple[CompiledPolicy, ...]:
    return tuple(each.compiled for each in sources)


def _account_of(simulation: Simulation, resource: str) -> str:
    """Say whose resource it is.

    AWS [D]: without a resource policy only the caller's own policies are asked; the owner given
    stands in for ARNs that name none, and is whose resource policy it is.
    """
    if simulation.resource is None and simulation.resource_owner is None:
        return simulation.caller_account
    if simulation.resource_owner is not None:
        return simulation.resource_owner
    segments = resource.split(":", 5)
    named = segments[4] if len(segments) == 6 else ""  # noqa: PLR2004  an ARN's segments
    return named if re.fullmatch(r"[0-9]{12}", named) else simulation.caller_account


def _all(simulation: Simulation) -> Iterator[Source]:
    yield from simulation.identity
    yield from simulation.boundary or ()
    for level in simulation.levels:
        yield from level
    if simulation.resource is not None:
        yield simulation.resource


def _matched(simulation: Simulation, request: AccessRequest, effect: Effect) -> Iterator[Params]:
    """Give the statements that decided: of denies all, else the allows.

    AWS [M]: when a statement denies, those that allow are not listed.
    """
    if effect is Effect.IMPLICIT_DENY:
        return
    for each in _all(simulation):
        positions: Any = None
        for trace in each.compiled.trace(request):
            if not trace.applies or trace.denies is not (effect is Effect.EXPLICIT_DENY):
                continue
            positions = positions or statement_positions(each.text)
            start, end = positions[trace.ref.index]
            yield {
                "SourcePolicyId": each.id,
                "SourcePolicyType": each.type,
                "StartPosition": start,
                "EndPosition": end,
            }


def _missing(simulation: Simulation, action: str) -> list[str]:
    """Give the keys that statements about the action ask for and nobody gave."""
    missing: dict[str, str] = {}
    for each in _all(simulation):
        narrowed = each.compiled.narrow(action)
        statements = (each.compiled.policy.statements[s.ref.index] for s in narrowed.statements)
        for key in keys_of(statements):
            if key.lower() not in simulation.context:
                missing.setdefault(key.lower(), key)
    return sorted(missing.values())


def _details(simulation: Simulation, request: AccessRequest, resource: str) -> Params:
    details: Params = {}
    if simulation.boundary is not None:
        allowed = simulation.boundary[0].compiled.decide(request).allowed
        details["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": allowed}
    if simulation.levels:
        alone = evaluate(
            PolicySet(
                identity=_everything(), service_control=tuple(map(_compiled, simulation.levels))
            ),
            request,
            resource_account=simulation.caller_account,
        )
        details["OrganizationsDecisionDetail"] = {"AllowedByOrganizations": alone.allowed}
    if simulation.resource is not None and _account_of(simulation, resource) != (
        simulation.caller_account
    ):
        own = evaluate(
            structs.replace(_policies(simulation), resource=None),
            request,
            resource_account=simulation.caller_account,
        )
        theirs = simulation.resource.compiled.decide(request)
        details["EvalDecisionDetails"] = {
            "IAM Policy": _DECISIONS[own.effect],
            "Resource Policy": _DECISIONS[theirs.effect],
        }
    return details


_EVERYTHING = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'


def _everything() -> tuple[CompiledPolicy, ...]:
    return (source(_EVERYTHING, PolicyKind.IDENTITY, "everything").compiled,)


def account_in(arn: str, member: str) -> str:
    """Give the account of an IAM ARN in a request. Raises AwsError."""
    parsed = iam_arn(arn)
    if parsed is None or not re.fullmatch(r"[0-9]{12}", parsed.account):
        raise invalid_input(f"Invalid {member}: {arn[:256]}")
    return parsed.account
