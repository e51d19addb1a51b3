"""Which function an authorizer asks, and as whom: `authorizerUri` and `authorizerCredentials`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bargate.model.invocation import ByRole, ByService

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.model.installation import Installation
    from bargate.model.invocation import Invoker

# AWS [D] apigw-objects §2.
_URI: Final = re.compile(
    r"arn:aws[a-z-]*:apigateway:[a-z0-9-]+:lambda:path/2015-03-31/functions/(.+)/invocations"
)
_VARIABLE: Final = re.compile(r"\$\{stageVariables\.([A-Za-z0-9_]+)\}")
_FUNCTION: Final = re.compile(
    r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]{1,140}"
    r"(?::(?:\$LATEST|[A-Za-z0-9_-]{1,128}))?",
    re.ASCII,
)


def function_arn(uri: str | None, variables: Mapping[str, str]) -> str | None:
    """Give the ARN of the function that `uri` names at a stage, None when it names none.

    INVARIANT: only the stage's own variables are put in; nothing of a call is.
    """
    filled = _VARIABLE.sub(lambda match: variables.get(match.group(1), ""), uri or "")
    match = _URI.fullmatch(filled)
    if match is None or _FUNCTION.fullmatch(match.group(1)) is None:
        return None
    return match.group(1)


def invoker_of(
    place: Installation, api_id: str, authorizer_id: str, credentials: str | None
) -> Invoker:
    """Say who invokes: API Gateway for this authorizer, as the role that it was given."""
    # AWS [D] apigw-objects §2
    source = (
        f"arn:{place.partition}:execute-api:{place.region}:{place.account_id}"
        f":{api_id}/authorizers/{authorizer_id}"
    )
    if credentials:
        return ByRole(role_arn=credentials, source_arn=source, source_account=place.account_id)
    return ByService(source_arn=source, source_account=place.account_id)
