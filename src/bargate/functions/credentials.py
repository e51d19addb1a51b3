"""What a function's process is told of AWS: credentials of its role, region and endpoint.

    role, trusted by lambda.amazonaws.com ──► Session ──seal──► variables of the process

A process is ended when its credentials are half used up, so that none works with old ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from bargate.functions.permission import may_assume, untrusting
from bargate.model.identity import Role
from bargate.secret import Secret
from bargate.tokens.role_session import role_session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.functions.registry import Found
    from bargate.snapshot.principals import Policies
    from bargate.tokens.sealed import Sealer

SERVICE = "lambda.amazonaws.com"
DURATION_S = 3_600
ROTATE_AFTER_S = DURATION_S // 2
MAX_SESSION_NAME = 64

# AWS [D] Lambda, "Using environment variables": what a function cannot set itself. The first three
# are ours alone as well: with others a function would work as somebody else.
_RESERVED_PREFIXES = ("AWS_LAMBDA_", "LAMBDA_")
_RESERVED = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
    }
)


class RoleUnusable(Exception):
    """A function's role cannot be assumed; the text says what to do."""


class Credentials(Struct, frozen=True, kw_only=True):
    """Variables of a process, and for how long it may have them, None for ever."""

    environment: dict[str, Secret]
    rotate_after_s: float | None = None


def environment_of(
    found: Found, roles: Mapping[str, Policies], sealer: Sealer, endpoint: str | None, now: float
) -> Credentials:
    """Give the variables of a process that starts now; raises RoleUnusable."""
    own = {
        name: value for name, value in found.version.environment.items() if not is_reserved(name)
    }
    region = Secret(found.function.region)
    own |= {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
    if endpoint is not None:
        own.setdefault("AWS_ENDPOINT_URL", Secret(endpoint))
    if found.version.role_arn is None:
        return Credentials(environment=own)
    keys = _keys(found, _role(found, roles, now), sealer, now)
    return Credentials(environment=own | keys, rotate_after_s=ROTATE_AFTER_S)


def is_reserved(name: str) -> bool:
    """Say whether a function may not set a variable itself."""
    return name in _RESERVED or name.startswith(_RESERVED_PREFIXES)


def _role(found: Found, roles: Mapping[str, Policies], now: float) -> Role:
    arn = found.version.role_arn or ""
    role = roles.get(arn)
    # AWS [D]: the role is of the function's account.
    if role is None or role.account_id != found.function.account_id:
        raise RoleUnusable(f"There is no role {arn} for {found.function.arn} to work as.")
    source = {
        "aws:sourcearn": found.function.arn,
        "aws:sourceaccount": found.function.account_id,
    }
    if not isinstance(role.record, Role) or not may_assume(role.record, SERVICE, {**source}, now):
        raise RoleUnusable(untrusting(arn, SERVICE))
    return role.record


def _keys(found: Found, role: Role, sealer: Sealer, now: float) -> dict[str, Secret]:
    name = found.function.name[:MAX_SESSION_NAME]  # AWS [O]: the session is named for the function
    session = role_session(role.arn, role.role_id, name, int(now), DURATION_S)
    try:
        token = sealer.seal(session)
    except LookupError as error:
        raise RoleUnusable("The installation has no key to seal credentials with.") from error
    return {
        "AWS_ACCESS_KEY_ID": Secret(session.access_key_id),
        "AWS_SECRET_ACCESS_KEY": session.secret,
        "AWS_SESSION_TOKEN": Secret(token),
    }
