"""Combine all policies that bear on one request (AWS [D] iam-sts §1).

    explicit deny anywhere ──► RCP ──► SCP ──► VPC endpoint ──► resource policy ──┐
                                                                                  ▼
                           ALLOW ◄── session ◄── boundary ◄── identity ◄── what it does not bypass

Whatever is present must be satisfied; running off the end of a question is a denial.
"""

from collections.abc import Iterable

from msgspec import Struct

from bargate.policy.compile import CompiledPolicy
from bargate.policy.decision import Decision, Effect, silent
from bargate.policy.kind import PolicyKind
from bargate.policy.principals import (
    AccountRoot,
    Anonymous,
    Bypass,
    FederatedUser,
    Service,
    WebIdentity,
    account_of,
)
from bargate.policy.request import AccessRequest

Policies = tuple[CompiledPolicy, ...]


class PolicySet(Struct, frozen=True, kw_only=True, eq=False):
    """The policies that bear on a request.

    None means that there is none of the kind, which is not the same as one that is silent.
    Service and resource control policies are listed level by level (root, units, account), and
    each level must allow; leave them out for the management account. `resource_must_allow` is for
    resources whose policy is the only door even inside the account (KMS keys); trust policies
    always are.
    """

    identity: Policies = ()
    resource: CompiledPolicy | None = None
    boundary: CompiledPolicy | None = None
    session: Policies | None = None
    service_control: tuple[Policies, ...] = ()
    resource_control: tuple[Policies, ...] = ()
    endpoint: CompiledPolicy | None = None
    resource_must_allow: bool = False


class _Answers(Struct, frozen=True):
    """The decision of each kind; None where no policy of the kind bears on the request."""

    resource_control: tuple[Decision, ...]
    service_control: tuple[Decision, ...]
    endpoint: Decision | None
    resource: Decision | None
    identity: Decision
    boundary: Decision | None
    session: Decision | None


def evaluate(policies: PolicySet, request: AccessRequest, *, resource_account: str) -> Decision:
    """Decide a request on a resource of `resource_account` by all its policies."""
    answers = _ask(policies, request)
    return (
        _first_explicit_deny(answers)
        or _first_that_does_not_allow(answers)
        or _grant(policies, answers, request, resource_account)
    )


def combine(
    kind: PolicyKind, policies: Iterable[CompiledPolicy], request: AccessRequest
) -> Decision:
    """Decide by several policies of one kind: any deny, else any allow, else silence."""
    best = silent(kind)
    for policy in policies:
        decision = policy.decide(request)
        if decision.effect is Effect.EXPLICIT_DENY:
            return decision
        if decision.allowed and (not best.allowed or decision.bypass > best.bypass):
            best = decision
    return best


def _ask(policies: PolicySet, request: AccessRequest) -> _Answers:
    session = policies.session
    controlled = account_of(request.principal) is not None
    return _Answers(
        resource_control=_levels(PolicyKind.RESOURCE_CONTROL, policies.resource_control, request),
        service_control=_levels(
            PolicyKind.SERVICE_CONTROL, policies.service_control if controlled else (), request
        ),
        endpoint=policies.endpoint.decide(request) if policies.endpoint else None,
        resource=policies.resource.decide(request) if policies.resource else None,
        identity=combine(PolicyKind.IDENTITY, policies.identity, request),
        boundary=policies.boundary.decide(request) if policies.boundary else None,
        session=None if session is None else combine(PolicyKind.SESSION, session, request),
    )


def _levels(
    kind: PolicyKind, levels: tuple[Policies, ...], request: AccessRequest
) -> tuple[Decision, ...]:
    return tuple(combine(kind, level, request) for level in levels)


def _first_explicit_deny(answers: _Answers) -> Decision | None:
    decisions = (
        *answers.resource_control,
        *answers.service_control,
        answers.endpoint,
        answers.resource,
        answers.identity,
        answers.boundary,
        answers.session,
    )
    return next((d for d in decisions if d and d.effect is Effect.EXPLICIT_DENY), None)


def _first_that_does_not_allow(answers: _Answers) -> Decision | None:
    """Hold the limits no grant can bypass: control policies and the VPC endpoint's."""
    limits = (*answers.resource_control, *answers.service_control, answers.endpoint)
    return next((d for d in limits if d and not d.allowed), None)


def _grant(
    policies: PolicySet, answers: _Answers, request: AccessRequest, resource_account: str
) -> Decision:
    resource = answers.resource or silent(PolicyKind.RESOURCE)
    if isinstance(request.principal, Anonymous | Service | WebIdentity):
        return resource
    must_allow = policies.resource_must_allow or resource.kind is PolicyKind.TRUST
    if account_of(request.principal) != resource_account:
        # Both accounts are asked on their own, and a bypass does not cross the border.
        must_allow, bypass = True, Bypass.NOTHING
    else:
        bypass = resource.bypass
    if must_allow and not resource.allowed:
        return resource
    denial = _caller_denial(answers, request, bypass)
    if denial is not None:
        return denial
    return resource if resource.allowed else _caller_allow(answers, request)


def _caller_denial(answers: _Answers, request: AccessRequest, bypass: Bypass) -> Decision | None:
    """Find the implicit deny on the caller's side that is not bypassed.

    AWS [D] iam-sts §1: the table of principals, and a federated user without a session policy.
    """
    if bypass is Bypass.EVERYTHING or isinstance(request.principal, AccountRoot):
        return None
    session = answers.session
    if session is None and isinstance(request.principal, FederatedUser):
        session = silent(PolicyKind.SESSION)
    identity = answers.identity if bypass is Bypass.NOTHING else None
    asked = (identity, answers.boundary, session)
    return next((d for d in asked if d and not d.allowed), None)


def _caller_allow(answers: _Answers, request: AccessRequest) -> Decision:
    if isinstance(request.principal, AccountRoot) and not answers.identity.allowed:
        reason = "The root user needs no identity-based policy in its own account."
        return Decision(Effect.ALLOW, PolicyKind.IDENTITY, None, reason)
    return answers.identity
