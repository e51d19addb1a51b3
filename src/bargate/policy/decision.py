"""What the policies say about a request, and which statement said it."""

from enum import Enum
from functools import lru_cache

from msgspec import Struct

from bargate.policy.kind import PolicyKind
from bargate.policy.principals import Bypass


class Effect(Enum):
    """The outcome of an evaluation."""

    ALLOW = "allow"
    EXPLICIT_DENY = "explicit deny"
    IMPLICIT_DENY = "implicit deny"


class StatementRef(Struct, frozen=True):
    """Where a statement stands; `index` counts from 0."""

    policy: str
    kind: PolicyKind
    index: int
    sid: str | None = None

    def __str__(self) -> str:
        sid = f" ({self.sid})" if self.sid else ""
        policy = f" {self.policy}" if self.policy else ""
        return f"statement {self.index}{sid} of {self.kind.value}{policy}"


class Decision(Struct, frozen=True):
    """One outcome, the kind of policy it comes from and, unless implicit, the statement.

    `reason` is a sentence for operators. `bypass` matters for an Allow of a resource policy only:
    which implicit denies of the caller's own account it makes harmless.
    """

    effect: Effect
    kind: PolicyKind
    statement: StatementRef | None
    reason: str
    bypass: Bypass = Bypass.NOTHING

    @property
    def allowed(self) -> bool:
        """Whether the request may go on."""
        return self.effect is Effect.ALLOW


def allow(statement: StatementRef, bypass: Bypass = Bypass.NOTHING) -> Decision:
    """Make the decision of a statement that allows."""
    return Decision(Effect.ALLOW, statement.kind, statement, f"Allowed by {statement}.", bypass)


def explicit_deny(statement: StatementRef) -> Decision:
    """Make the decision of a statement that denies."""
    return Decision(Effect.EXPLICIT_DENY, statement.kind, statement, f"Denied by {statement}.")


@lru_cache(maxsize=256)
def silent(kind: PolicyKind, policy: str = "") -> Decision:
    """Make the decision of policies that neither allow nor deny."""
    named = f"{kind.value} {policy}".strip()
    return Decision(Effect.IMPLICIT_DENY, kind, None, f"No statement of {named} allows it.")


def suffix(decision: Decision, action: str) -> str:
    """Say why, in the words that end AWS's access-denied messages (apigw-errors §2)."""
    match decision.effect:
        case Effect.ALLOW:
            return ""
        case Effect.EXPLICIT_DENY:
            return f"with an explicit deny in {decision.kind.with_article}"
        case Effect.IMPLICIT_DENY:
            return f"because no {decision.kind.value} allows the {action} action"


def same_account(identity: Decision, resource: Decision) -> Decision:
    """Combine a caller's and a resource's policies of one account: the union.

    AWS [D] apigw-evaluation §2, Table A.
    """
    return _explicit_deny(identity, resource) or (resource if resource.allowed else identity)


def cross_account(identity: Decision, resource: Decision) -> Decision:
    """Combine policies of two accounts: both must allow.

    AWS [D] apigw-evaluation §2, Table B.
    """
    return _explicit_deny(identity, resource) or (resource if identity.allowed else identity)


def _explicit_deny(*decisions: Decision) -> Decision | None:
    return next((d for d in decisions if d.effect is Effect.EXPLICIT_DENY), None)
