"""AssumeRole by one service of the installation for another: by the role's trust policy alone.

    role ARN, service principal ──► trust policy allows sts:AssumeRole? ──► duration ──► Session

What ECS does for tasks, Lambda for functions and API Gateway for integrations: the service is the
principal (`Principal: {"Service": …}`), and there is no caller whose own policies could decide.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec import Struct

from bargate.identity.find import role_of_arn
from bargate.identity.last_used import note_role_use
from bargate.policy import AccessRequest, PolicyKind, compile_policy, parse_policy
from bargate.policy.evaluate import PolicySet, evaluate
from bargate.policy.principals import Service
from bargate.tokens.role_session import role_session

if TYPE_CHECKING:
    from datetime import datetime

    from bargate.records.iam_role import Role
    from bargate.store.interface import Transaction
    from bargate.tokens.session import Session

DEFAULT_DURATION_S = 3_600
MIN_DURATION_S = 900  # AWS [M] sts AssumeRoleRequest.DurationSeconds


class NotAssumable(Exception):
    """A service may not assume a role; the text says what to do."""


class Asked(Struct, frozen=True, kw_only=True):
    """What a service asks for.

    `service` is its principal (`ecs-tasks.amazonaws.com`); `source_arn` and `source_account` are
    what it acts for (`aws:SourceArn`, `aws:SourceAccount`).
    """

    role_arn: str
    service: str
    session_name: str
    region: str
    duration_s: int = DEFAULT_DURATION_S
    source_arn: str | None = None
    source_account: str | None = None


def assume_as_service(tx: Transaction, asked: Asked, now: datetime) -> Session:
    """Give a session of the role; raises NotAssumable."""
    role = role_of_arn(tx, asked.role_arn)
    if role is None:
        raise NotAssumable(f"There is no role {asked.role_arn}.")
    _demand_trust(role, asked, now)
    if not MIN_DURATION_S <= asked.duration_s <= role.max_session_duration_s:
        raise NotAssumable(
            f"A session of the role {role.name} lasts {MIN_DURATION_S} to"
            f" {role.max_session_duration_s} seconds (its MaxSessionDuration), not"
            f" {asked.duration_s}."
        )
    note_role_use(tx, role, asked.region, now)
    return role_session(
        role.arn, role.id, asked.session_name, int(now.timestamp()), asked.duration_s
    )


def _demand_trust(role: Role, asked: Asked, now: datetime) -> None:
    trust = compile_policy(parse_policy(role.trust_policy, PolicyKind.TRUST))
    request = AccessRequest(
        Service(asked.service), "sts:AssumeRole", role.arn, _context(role, asked, now)
    )
    decision = evaluate(PolicySet(resource=trust), request, resource_account=role.account_id)
    if not decision.allowed:
        raise NotAssumable(
            f"The trust policy of the role {role.name} does not let {asked.service} assume it. Add"
            f" this statement (iam update-assume-role-policy): {_statement(asked.service)}"
        )


def _statement(service: str) -> str:
    return json.dumps(
        {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    )


def _context(role: Role, asked: Asked, now: datetime) -> dict[str, str | tuple[str, ...]]:
    """Give the condition keys, in lower case (AWS [D] iam-sts §4)."""
    context: dict[str, str | tuple[str, ...]] = {
        "aws:currenttime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:epochtime": str(int(now.timestamp())),
        "aws:requestedregion": asked.region,
        "aws:securetransport": "true",
        "aws:principalisawsservice": "true",
        "aws:principalservicename": asked.service,
        "sts:rolesessionname": asked.session_name,
    }
    if asked.source_arn is not None:
        context["aws:sourcearn"] = asked.source_arn
    if asked.source_account is not None:
        context["aws:sourceaccount"] = asked.source_account
    for key, value in role.tags.items():
        context[f"aws:resourcetag/{key.lower()}"] = value
        context[f"iam:resourcetag/{key.lower()}"] = value
    return context
