"""The AWS API `cognito-idp`: user pools.

    signed, by administrators:  the caller's account and region; the pool by UserPoolId
    unsigned, by users:         the pool by ClientId or access token, never by who calls

Operations are thin: request ──► userpool ──► output. Reads run in the call's transaction; what
hashes, sends or calls functions is `Later(work)` on `call.environment.pools`. Nobody is asked what
an unsigned operation may: a client id, a password, a token say that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.services.cognito_idp import (
    auth_events,
    authentication,
    client_secrets,
    clients,
    configurations,
    current_user,
    devices,
    groups,
    identity_providers,
    import_jobs,
    linked_identities,
    mfa_configuration,
    mfa_preference,
    own_attributes,
    passkeys,
    passwords,
    resource_servers,
    session_configuration,
    sign_up,
    software_token,
    tags,
    tokens,
    user_pools,
    user_sessions,
    users,
)
from bargate.services.cognito_idp.audited import AUDITING
from bargate.services.operation import OperationCall, Params, Service, Target, collect

if TYPE_CHECKING:
    from collections.abc import Iterable

MODULES = (
    auth_events,
    authentication,
    client_secrets,
    clients,
    configurations,
    current_user,
    devices,
    groups,
    import_jobs,
    identity_providers,
    linked_identities,
    mfa_configuration,
    mfa_preference,
    own_attributes,
    passkeys,
    passwords,
    resource_servers,
    session_configuration,
    sign_up,
    software_token,
    tags,
    tokens,
    user_pools,
    user_sessions,
    users,
)


def _targets(operation: str, call: OperationCall, request: Params) -> Iterable[Target]:
    pool_id, arn = request.get("UserPoolId"), request.get("ResourceArn")
    if pool_id is not None:
        arn = call.arn("cognito-idp", f"userpool/{pool_id}")
    tags = request.get("UserPoolTags") or request.get("Tags") or {}
    context: dict[str, str | tuple[str, ...]] = {
        f"aws:RequestTag/{key}": value for key, value in tags.items()
    }
    if tags or request.get("TagKeys"):
        context["aws:TagKeys"] = tuple(tags) or tuple(request["TagKeys"])
    yield Target(action=f"cognito-idp:{operation}", resource=arn or "*", context=context)


SERVICE = Service(
    name="cognito-idp",
    operations=collect(MODULES),
    targets=_targets,
    denied_code="AccessDeniedException",
    auditing=AUDITING,
)
