"""The IAM policy language: read strictly, compiled to closures, decided with reasons.

    JSON or mapping ──parse_policy──► Policy ──compile_policy──► CompiledPolicy
                    (MalformedPolicy)  ▲ │                             │
                                       └─┴ render     AccessRequest ──►├─ decide ──► Decision
                                                                       ├─ trace  ──► why, for people
                                                                       └─ narrow ──► for one action

    one policy          CompiledPolicy.decide(request)
    caller + resource   same_account(identity, resource) | cross_account(identity, resource)
    all kinds           evaluate(PolicySet, request, resource_account=…)
    AWS's words         suffix(decision, "execute-api:Invoke")

Where things are: `parse*` the grammar, `conditions/` one file an operator family, `variables`
`${…}`, `principals` who calls, `compile*` the closures, `decision` and `evaluate` the outcomes.
Behaviour follows AWS as in iam-sts §1-5 and apigw-evaluation §2.
"""

from bargate.policy.compile import CompiledPolicy, StatementTrace, compile_policy
from bargate.policy.decision import (
    Decision,
    Effect,
    StatementRef,
    cross_account,
    same_account,
    silent,
    suffix,
)
from bargate.policy.document import Policy, Statement
from bargate.policy.evaluate import PolicySet, combine, evaluate
from bargate.policy.kind import PolicyKind
from bargate.policy.malformed import MalformedPolicy
from bargate.policy.parse import parse_policy
from bargate.policy.principals import (
    AccountRoot,
    Anonymous,
    Bypass,
    FederatedUser,
    IamUser,
    Principal,
    RoleSession,
    Service,
    WebIdentity,
)
from bargate.policy.render import render
from bargate.policy.request import AccessRequest, Context

__all__ = [
    "AccessRequest",
    "AccountRoot",
    "Anonymous",
    "Bypass",
    "CompiledPolicy",
    "Context",
    "Decision",
    "Effect",
    "FederatedUser",
    "IamUser",
    "MalformedPolicy",
    "Policy",
    "PolicyKind",
    "PolicySet",
    "Principal",
    "RoleSession",
    "Service",
    "Statement",
    "StatementRef",
    "StatementTrace",
    "WebIdentity",
    "combine",
    "compile_policy",
    "cross_account",
    "evaluate",
    "parse_policy",
    "render",
    "same_account",
    "silent",
    "suffix",
]
