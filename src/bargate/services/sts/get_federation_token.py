"""GetFederationToken: some of a user's powers for somebody that the user vouches for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.services.operation import OperationCall, Params, Target, operation
from bargate.services.sts.credentials import issue, packed_size_percent
from bargate.services.sts.get_session_token import duration_s, require_long_term
from bargate.services.sts.session_policies import session_policies, session_tags, tag_context
from bargate.tokens.session import Session
from bargate.tokens.session_key import secret_access_key, session_key_id

if TYPE_CHECKING:
    from collections.abc import Iterable


def _targets(call: OperationCall, request: Params) -> Iterable[Target]:
    arn = _federated_arn(call, request["Name"])
    context = tag_context(session_tags(request))
    yield Target(action="sts:GetFederationToken", resource=arn, context=context)
    if request.get("Tags"):
        yield Target(action="sts:TagSession", resource=arn, context=context)


@operation(targets=_targets)
def get_federation_token(call: OperationCall, request: Params) -> Params:
    """Give credentials whose powers are the caller's as far as the session policies allow.

    Without session policies they have none (AWS [D] iam-sts §1).
    """
    require_long_term(call, "GetFederationToken")
    caller, name = call.caller, request["Name"]
    policies, tags = session_policies(call, request, caller.account_id), session_tags(request)
    issued_at = int(call.now.timestamp())
    session = Session(
        kind="GetFederationToken",
        access_key_id=session_key_id(caller.account_id),
        secret=secret_access_key(),
        account_id=caller.account_id,
        arn=_federated_arn(call, name),
        user_id=f"{caller.account_id}:{name}",
        issuer_arn=caller.arn,
        issuer_id=caller.user_id,
        issued_at=issued_at,
        expires_at=issued_at + duration_s(call, request),
        policies=policies,
        tags=tags,
    )
    output: Params = {
        "Credentials": issue(call, session),
        "FederatedUser": {"FederatedUserId": session.user_id, "Arn": session.arn},
    }
    size_percent = packed_size_percent(policies, tags)
    if size_percent is not None:
        output["PackedPolicySize"] = size_percent
    return output


def _federated_arn(call: OperationCall, name: str) -> str:
    return call.arn("sts", f"federated-user/{name}", region="")
