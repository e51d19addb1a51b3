"""Authentication flows: how a sign-in begins. One file a flow, one line each in `FLOWS`.

    Flow = async (Pools, Asked) -> Answer          AuthParameters stand in `asked.parameters`

Whether a client may use a flow is decided by `permits`, before the flow runs.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from bargate.userpool.flows.custom_auth import custom_auth
from bargate.userpool.flows.refresh_token import refresh_token
from bargate.userpool.flows.user_auth import user_auth
from bargate.userpool.flows.user_password import user_password
from bargate.userpool.flows.user_srp import user_srp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.records.user_pool_client import UserPoolClient
    from bargate.userpool.progress import Flow


class FlowRule(Struct, frozen=True, kw_only=True):
    """A flow: the ExplicitAuthFlows that permit it, and who may call it.

    With one of the legacy values, which never stand beside ALLOW_*, `legacy` says what permits it;
    None means that every such client may.
    """

    run: Flow
    flag: str
    legacy: str | None = None
    by_users: bool = True
    by_admins: bool = True
    hashes_username: bool = True


_PASSWORD: Final = FlowRule(
    run=user_password, flag="ALLOW_USER_PASSWORD_AUTH", legacy="USER_PASSWORD_AUTH", by_admins=False
)
_ADMIN_PASSWORD: Final = FlowRule(
    run=user_password,
    flag="ALLOW_ADMIN_USER_PASSWORD_AUTH",
    legacy="ADMIN_NO_SRP_AUTH",
    by_users=False,
)
_SRP: Final = FlowRule(run=user_srp, flag="ALLOW_USER_SRP_AUTH")
# Clients of the legacy values never have it: `legacy` is none of those.
_CHOICE: Final = FlowRule(run=user_auth, flag="ALLOW_USER_AUTH", legacy="ALLOW_USER_AUTH")
# SECRET_HASH is checked against the real name, which only the token tells.
_REFRESH: Final = FlowRule(
    run=refresh_token, flag="ALLOW_REFRESH_TOKEN_AUTH", hashes_username=False
)

# AWS [D] cognito-userpools §2
FLOWS: Final[Mapping[str, FlowRule]] = MappingProxyType(
    {
        "USER_PASSWORD_AUTH": _PASSWORD,
        "ADMIN_USER_PASSWORD_AUTH": _ADMIN_PASSWORD,
        "ADMIN_NO_SRP_AUTH": _ADMIN_PASSWORD,
        "USER_SRP_AUTH": _SRP,
        "USER_AUTH": _CHOICE,
        "CUSTOM_AUTH": FlowRule(run=custom_auth, flag="ALLOW_CUSTOM_AUTH"),
        "REFRESH_TOKEN_AUTH": _REFRESH,
        "REFRESH_TOKEN": _REFRESH,
    }
)
_LEGACY: Final = frozenset({"ADMIN_NO_SRP_AUTH", "CUSTOM_AUTH_FLOW_ONLY", "USER_PASSWORD_AUTH"})


def permits(client: UserPoolClient, rule: FlowRule) -> bool:
    """Say whether a client may use a flow."""
    flows = client.flows
    if _LEGACY.isdisjoint(flows):
        return rule.flag in flows
    if rule.legacy is not None:
        return rule.legacy in flows
    is_custom_only = "CUSTOM_AUTH_FLOW_ONLY" in flows
    return not is_custom_only or rule.flag in ("ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")
