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

_SILENT = {kind: silent(kind) for kind in PolicyKind}
_WITHOUT_ACCOUNT = (Anonymous, Service, WebIdentity)
# Members of an enumeration that every decision is held against: a look-up each would cost more.
_ALLOW, _EXPLICIT_DENY = Effect.ALLOW, Effect.EXPLICIT_DENY


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
    """The decision of each kind that can grant; None where no policy of the kind bears."""

    resource: Decision | None
    identity: Decision
    boundary: Decision | None
    session: Decision | None


def evaluate(policies: PolicySet, request: AccessRequest, *, resource_account: str) -> Decision:
    """Decide a request on a resource of `resource_account` by all its policies.

    Kinds are asked in the order above; the first explicit deny ends the question.
    """
    limit = _limit(policies, request)
    if limit is not None and limit.effect is _EXPLICIT_DENY:
        return limit
    resource = policies.resource.decide(request) if policies.resource is not None else None
    if resource is not None and resource.effect is _EXPLICIT_DENY:
        return resource
    identity = combine(PolicyKind.IDENTITY, policies.identity, request)
    if identity.effect is _EXPLICIT_DENY:
        return identity
    boundary = policies.boundary.decide(request) if policies.boundary is not None else None
    if boundary is not None and boundary.effect is _EXPLICIT_DENY:
        return boundary
    asked = policies.session
    session = None if asked is None else combine(PolicyKind.SESSION, asked, request)
    if session is not None and session.effect is _EXPLICIT_DENY:
        return session
    answers = _Answers(resource, identity, boundary, session)
    return limit or _grant(policies, answers, request, resource_account)


def combine(
    kind: PolicyKind, policies: Iterable[CompiledPolicy], request: AccessRequest
) -> Decision:
    """Decide by several policies of one kind: any deny, else any allow, else silence."""
    best = _SILENT[kind]
    for policy in policies:
        decision = policy.decide(request)
        if decision.effect is _EXPLICIT_DENY:
            return decision
        if decision.effect is _ALLOW and (
            best.effect is not _ALLOW or decision.bypass > best.bypass
        ):
            best = decision
    return best


def _limit(policies: PolicySet, request: AccessRequest) -> Decision | None:
    """Hold the limits no grant can bypass: control policies and the VPC endpoint's.

    Gives the first explicit deny, else the first that does not allow.
    """
    if not (policies.resource_control or policies.service_control or policies.endpoint):
        return None
    controlled = account_of(request.principal) is not None
    limits = [
        *_levels(PolicyKind.RESOURCE_CONTROL, policies.resource_control, request),
        *_levels(
            PolicyKind.SERVICE_CONTROL, policies.service_control if controlled else (), request
        ),
    ]
    if policies.endpoint is not None:
        limits.append(policies.endpoint.decide(request))
    silences = [limit for limit in limits if not limit.allowed]
    denies = (limit for limit in silences if limit.effect is _EXPLICIT_DENY)
    return next(denies, silences[0] if silences else None)


def _levels(
    kind: PolicyKind, levels: tuple[Policies, ...], request: AccessRequest
) -> list[Decision]:
    return [combine(kind, level, request) for level in levels]


def _grant(
    policies: PolicySet, answers: _Answers, request: AccessRequest, resource_account: str
) -> Decision:
    resource = answers.resource or _SILENT[PolicyKind.RESOURCE]
    if isinstance(request.principal, _WITHOUT_ACCOUNT):
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
        session = _SILENT[PolicyKind.SESSION]
    if bypass is Bypass.NOTHING and answers.identity.effect is not _ALLOW:
        return answers.identity
    if answers.boundary is not None and answers.boundary.effect is not _ALLOW:
        return answers.boundary
    return session if session is not None and session.effect is not _ALLOW else None


def _caller_allow(answers: _Answers, request: AccessRequest) -> Decision:
    if isinstance(request.principal, AccountRoot) and not answers.identity.allowed:
        reason = "The root user needs no identity-based policy in its own account."
        return Decision(Effect.ALLOW, PolicyKind.IDENTITY, None, reason)
    return answers.identity
