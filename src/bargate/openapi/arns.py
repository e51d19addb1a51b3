"""The form of ARNs and issuers that authorizers name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bargate.openapi.cursor import Cursor

_USER_POOL = re.compile(
    r"arn:aws[a-z-]*:cognito-idp:[a-z0-9-]+:[0-9]{12}:userpool/[A-Za-z0-9-]+_[A-Za-z0-9]+\Z"
)
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::(?:[0-9]{12}|\*):[^\s]+\Z")
_FUNCTION = re.compile(r"arn:aws[a-z-]*:apigateway:[a-z0-9-]+:[a-z0-9-]+:(?:path|action)/[^\s]+\Z")


def user_pools(extension: Cursor) -> tuple[str, ...]:
    """Read `providerARNs`."""
    found = extension.list("providerARNs")
    if not found and not extension.has("providerARNs"):
        extension.error("providerARNs is missing", "list the ARNs of the user pools")
    elif not found:
        extension.error("providerARNs is empty", "list the ARNs of the user pools", "providerARNs")
    pools = []
    for place in found:
        arn = place.as_text()
        if arn is not None and not _USER_POOL.match(arn):
            place.error(
                "this is no user pool", "write arn:aws:cognito-idp:REGION:ACCOUNT:userpool/ID"
            )
        elif arn is not None:
            pools.append(arn)
    return tuple(pools)


def function_uri(extension: Cursor) -> str | None:
    """Read `authorizerUri`."""
    uri = extension.text("authorizerUri", required=True)
    if uri is not None and not _FUNCTION.match(uri):
        extension.error(
            "Invalid ARN specified in the request",
            "write arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/ARN/invocations",
            "authorizerUri",
        )
    return uri


def role(extension: Cursor) -> str | None:
    """Read `authorizerCredentials`."""
    arn = extension.text("authorizerCredentials")
    if arn is not None and not _ROLE.match(arn):
        extension.error(
            "this is no role", "write arn:aws:iam::ACCOUNT:role/NAME", "authorizerCredentials"
        )
    return arn
