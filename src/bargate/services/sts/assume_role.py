"""AssumeRole: the role's trust policy and the caller's own policies decide together.

role ──► may the caller assume it (and tag, and name a source)? ──► duration ──► session
          trust policy, and identity, boundary, session (iam-sts §1)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from bargate.arn import MalformedArn, parse_arn
from bargate.identity.find import role_of_arn
from bargate.identity.last_used import note_role_use
from bargate.policy import AccountRoot, PolicyKind, compile_policy, parse_policy
from bargate.services.decide import access_denied, decide
from bargate.services.operation import OperationCall, Params, Target, operation
from bargate.services.sts.credentials import issue, packed_size_percent
from bargate.services.sts.mfa import authenticated_at
from bargate.services.sts.session_policies import session_policies, session_tags, tag_context
from bargate.tokens.role_session import role_session
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bargate.records.iam_role import Role
    from bargate.tokens.session import Session

DEFAULT_DURATION_S = 3_600
CHAINED_MAX_S = 3_600  # AWS [D] iam-sts §7
MAX_TAGS = 50
_ROLE = re.compile(r"role/.+")


class _Asked(Struct, frozen=True, kw_only=True):
    """What a session shall have, by the request and by the session it is asked with."""

    role_arn: str
    name: str
    tags: dict[str, str]
    transitive: tuple[str, ...]
    source_identity: str | None
    mfa_at: int | None
    external_id: str | None


def _decided_below(call: OperationCall, request: Params) -> Iterable[Target]:  # noqa: ARG001
    """Ask for nothing here: the operation asks all policies itself, the trust policy too."""
    return ()


@operation(writes=True, targets=_decided_below)  # a one-time code is used up
def assume_role(call: OperationCall, request: Params) -> Params:
    """Give credentials for a session of a role."""
    asked = _asked(call, request)
    role = _role(call, asked)
    duration_s = _duration_s(call, request, role)
    policies = session_policies(call, request, role.account_id)
    session = _session(call, asked, role, policies, duration_s)
    note_role_use(call.tx, role, call.region, call.now)
    output: Params = {
        "Credentials": issue(call, session),
        "AssumedRoleUser": {"AssumedRoleId": session.user_id, "Arn": session.arn},
    }
    size_percent = packed_size_percent(policies, asked.tags)
    if size_percent is not None:
        output["PackedPolicySize"] = size_percent
    if asked.source_identity is not None:
        output["SourceIdentity"] = asked.source_identity
    return output


def _asked(call: OperationCall, request: Params) -> _Asked:
    if isinstance(call.caller.principal, AccountRoot) and call.identity is not None:
        raise AwsError("AccessDenied", "Roles may not be assumed by root accounts.", 403)
    if not _is_role(request["RoleArn"]):
        raise AwsError("ValidationError", f"{request['RoleArn']} is invalid")
    if request.get("ProvidedContexts"):
        raise AwsError(
            "ValidationError",
            "ProvidedContexts need IAM Identity Center, which Bargate is without.",
        )
    tags = session_tags(request)
    transitive = tuple(request.get("TransitiveTagKeys", ()))
    unknown = [key for key in transitive if key not in tags]
    if unknown:
        raise AwsError(
            "InvalidParameterValue",
            f"The transitive tag key {unknown[0]!r} is not among the session tags.",
        )
    tags, transitive = _inherited(call, tags, transitive)
    return _Asked(
        role_arn=request["RoleArn"],
        name=request["RoleSessionName"],
        tags=tags,
        transitive=transitive,
        source_identity=_source_identity(call, request),
        mfa_at=authenticated_at(call, request),
        external_id=request.get("ExternalId"),
    )


def _is_role(arn: str) -> bool:
    try:
        parsed = parse_arn(arn)
    except MalformedArn:
        return False
    return parsed.service == "iam" and _ROLE.fullmatch(parsed.resource) is not None


def _inherited(
    call: OperationCall, tags: dict[str, str], transitive: tuple[str, ...]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Add the transitive tags of the calling session, which nobody may set anew (AWS [D])."""
    calling = call.caller.session
    if calling is None or not calling.transitive_tag_keys:
        return tags, transitive
    kept = {key.lower() for key in calling.transitive_tag_keys}
    if any(key.lower() in kept for key in tags):
        raise AwsError(
            "InvalidParameterValue",
            "One of the specified transitive tag keys can't be set because it conflicts with a"
            " transitive tag key from the calling session.",
        )
    inherited = {key: calling.tags[key] for key in calling.transitive_tag_keys}
    if len(tags) + len(inherited) > MAX_TAGS:
        raise AwsError("InvalidParameterValue", f"A session has at most {MAX_TAGS} tags.")
    return {**inherited, **tags}, (*calling.transitive_tag_keys, *transitive)


def _source_identity(call: OperationCall, request: Params) -> str | None:
    """Give the source identity, which stays the same through a chain of roles (AWS [D])."""
    asked = request.get("SourceIdentity")
    calling = call.caller.session
    kept = None if calling is None else calling.source_identity
    if kept is not None and asked not in {None, kept}:
        raise AwsError(
            "AccessDenied", "The source identity of a session cannot be changed by chaining.", 403
        )
    return kept if asked is None else asked


def _role(call: OperationCall, asked: _Asked) -> Role:
    """Find the role, if the caller may assume it.

    A role that does not exist is refused with the text of one that may not be assumed (AWS [D]).
    """
    role = role_of_arn(call.tx, asked.role_arn)
    actions = ["sts:AssumeRole"]
    if asked.tags:
        actions.append("sts:TagSession")
    if asked.source_identity is not None:
        actions.append("sts:SetSourceIdentity")
    context = _context(call, asked, role)
    for action in actions:
        _demand(call, role, Target(action=action, resource=asked.role_arn, context=context))
    if role is None:
        raise access_denied(call.caller, Target(action=actions[0], resource=asked.role_arn), None)
    return role


def _demand(call: OperationCall, role: Role | None, target: Target) -> None:
    """Raise AccessDenied unless both sides allow; the caller of `--dev` needs no leave."""
    if call.identity is None:
        return
    if role is None:
        raise access_denied(call.caller, target, None)
    trust = compile_policy(parse_policy(role.trust_policy, PolicyKind.TRUST))
    decision = decide(
        call, call.identity, target, resource_policy=trust, resource_account=role.account_id
    )
    if not decision.allowed:
        # AWS [D] iam-sts §7: nothing tells the caller what it is that the role lacks.
        raise access_denied(call.caller, target, None)


def _context(
    call: OperationCall, asked: _Asked, role: Role | None
) -> dict[str, str | tuple[str, ...]]:
    context = tag_context(asked.tags, asked.transitive)
    context["sts:RoleSessionName"] = asked.name
    if asked.external_id is not None:
        context["sts:ExternalId"] = asked.external_id
    if asked.source_identity is not None:
        context["sts:SourceIdentity"] = asked.source_identity
    if asked.mfa_at is not None:
        context["aws:MultiFactorAuthPresent"] = "true"
        context["aws:MultiFactorAuthAge"] = str(int(call.now.timestamp()) - asked.mfa_at)
    if role is not None:
        context |= {f"aws:ResourceTag/{key}": value for key, value in role.tags.items()}
        context |= {f"iam:ResourceTag/{key}": value for key, value in role.tags.items()}
    return context


def _duration_s(call: OperationCall, request: Params, role: Role) -> int:
    asked_s = request.get("DurationSeconds")
    if _is_chained(call):
        if asked_s is not None and asked_s > CHAINED_MAX_S:
            raise AwsError(
                "ValidationError",
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed"
                " by role chaining.",
            )
        return CHAINED_MAX_S if asked_s is None else int(asked_s)
    if asked_s is not None and asked_s > role.max_session_duration_s:
        raise AwsError(
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        )
    return DEFAULT_DURATION_S if asked_s is None else int(asked_s)


def _is_chained(call: OperationCall) -> bool:
    return call.caller.session is not None and call.caller.session.kind == "AssumeRole"


def _session(
    call: OperationCall,
    asked: _Asked,
    role: Role,
    policies: tuple[str, ...] | None,
    duration_s: int,
) -> Session:
    issued_at = int(call.now.timestamp())
    return structs.replace(
        role_session(role.arn, role.id, asked.name, issued_at, duration_s),
        policies=policies,
        tags=asked.tags,
        transitive_tag_keys=asked.transitive,
        source_identity=asked.source_identity,
        mfa_at=asked.mfa_at,
        chained=_is_chained(call),
    )
