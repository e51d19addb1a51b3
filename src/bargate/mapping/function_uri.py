"""Which Lambda function an integration invokes, and as whom: known when the stage is compiled.

    uri ──stage variables──► arn:…:apigateway:…:lambda:path/2015-03-31/functions/FUNCTION/invocations
                              └─► FUNCTION: arn:…:lambda:…:function:NAME[:QUALIFIER]
    credentials: a role ─► ByRole, none ─► ByService with the ARN of the method or route

INVARIANT: nothing of a call can choose the function or the role.
"""

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from msgspec import Struct

from bargate.access.call import Call
from bargate.mapping.uri import fill_stage_variables
from bargate.model.installation import Installation
from bargate.model.invalid import InvalidConfiguration
from bargate.model.invocation import ByRole, ByService

InvokerOf: TypeAlias = Callable[[Call], ByService | ByRole]

# AWS [D] apigw-objects: the caller's own credentials.
CALLER_CREDENTIALS = "arn:aws:iam::*:user/*"
_FUNCTION = re.compile(
    r"arn:[a-z][a-z-]{0,31}:lambda:[a-z0-9-]{1,32}:[0-9]{12}:function:[A-Za-z0-9_-]{1,140}"
    r"(?::(?:\$LATEST|[A-Za-z0-9_-]{1,128}))?"
)
_SERVICE = re.compile(
    r"arn:[a-z][a-z-]{0,31}:apigateway:[a-z0-9-]{1,32}:([A-Za-z0-9.-]+):(?:path|action)/.*",
    re.DOTALL,
)
_PATH = re.compile(
    r"arn:[a-z-]+:apigateway:[a-z0-9-]+:lambda:path/+2015-03-31/functions/(.+)/invocations"
)
_ROLE = re.compile(r"arn:[a-z][a-z-]{0,31}:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]{1,576}")


class Invoked(Struct, frozen=True):
    """A function, by its ARN, and who invokes it."""

    function: str
    invoker: InvokerOf


class OtherService(Exception):
    """An integration's URI leads to an AWS service that is not served; the text says which."""


def function_of(uri: str | None, variables: Mapping[str, str], path: tuple[str, ...]) -> str:
    """Give the ARN of the function that a REST integration's URI names.

    Raises OtherService, and InvalidConfiguration where the URI is none or a stage variable is
    not set.
    """
    filled = fill_stage_variables(uri or "", variables, path)
    match = _PATH.fullmatch(filled)
    if match is not None and _FUNCTION.fullmatch(match[1]):
        return match[1]
    service = _SERVICE.fullmatch(filled)
    if service is None:
        raise InvalidConfiguration(path, "Invalid ARN specified in the request")
    if service[1] != "lambda":
        raise OtherService(f"the AWS service {service[1]!r}")
    if filled.endswith("/response-streaming-invocations"):
        raise OtherService("a Lambda function that streams its response")
    raise InvalidConfiguration(
        path,
        "Invalid ARN specified in the request: it names no function; write"
        " arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/FUNCTION-ARN/invocations",
    )


def route_function_of(uri: str, variables: Mapping[str, str], path: tuple[str, ...]) -> str:
    """Give the ARN of the function that an HTTP API's integration names, barely or in a URI."""
    filled = fill_stage_variables(uri, variables, path)
    return filled if _FUNCTION.fullmatch(filled) else function_of(filled, {}, path)


def invoker_of(
    credentials: str | None, source: Callable[[Call], str], account_id: str, path: tuple[str, ...]
) -> InvokerOf:
    """Give who invokes: a role where one is written, else API Gateway for a method or route."""
    if credentials is None:
        return lambda call: ByService(source_arn=source(call), source_account=account_id)
    if not _ROLE.fullmatch(credentials):
        raise InvalidConfiguration(path, "Invalid ARN specified in the request: it is no role's")
    role = credentials
    return lambda call: ByRole(role_arn=role, source_arn=source(call), source_account=account_id)


def source_arn(
    installation: Installation, api_id: str, stage: str, method: str, path: str
) -> Callable[[Call], str]:
    """Give the ARN that a function's policy is asked about: the path is the API's, not the call's.

    AWS [O]: `{api}/{stage}/{VERB}{/resource/{path}}`, and what tools grant for ANY is `*`; [I] there
    it is the call's own verb, so that a permission for one verb is not one for all.
    """
    start = (
        f"arn:{installation.partition}:execute-api:{installation.region}"
        f":{installation.account_id}:{api_id}/{stage}/"
    )
    if method == "ANY":
        return lambda call: f"{start}{call.method}{path}"
    fixed = f"{start}{method}{path}"
    return lambda _call: fixed


def described(invoker: ByService | ByRole | object) -> str:
    """Say who invokes, for an explanation."""
    if isinstance(invoker, ByRole):
        return f"the role {invoker.role_arn}"
    if isinstance(invoker, ByService):
        return f"{invoker.service} for {invoker.source_arn}"
    return "whoever was permitted before"
