"""What an authorizer may say: the checks of CreateAuthorizer and UpdateAuthorizer.

The texts are [I] where nothing else is said. What no gateway could enforce is refused here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bargate.openapi.patterns import pattern_problem
from bargate.services.apigateway.errors import bad_request, one_of
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.records.rest_authorizer import RestAuthorizer
    from bargate.services.operation import OperationCall

TYPES = ("TOKEN", "REQUEST", "COGNITO_USER_POOLS")
MAX_TTL_S = 3_600  # AWS [D] apigw-objects §2
_MAX_NAME_CHARACTERS = 128
_MAX_SOURCE_CHARACTERS = 8_192
_MAX_USER_POOLS = 1_000
_HEADER = re.compile(r"method\.request\.header\.[^\s,]+")
_ANY_SOURCE = re.compile(
    r"(?:method\.request\.(?:header|querystring)|context|stageVariables)\.[^\s,]+"
)
_USER_POOL = re.compile(
    r"arn:aws[a-z-]*:cognito-idp:[a-z0-9-]+:[0-9]{12}:userpool/[A-Za-z0-9-]+_[A-Za-z0-9]+"
)
_FUNCTION = re.compile(
    r"arn:aws[a-z-]*:apigateway:[a-z0-9-]+:lambda:path/2015-03-31/functions/[^\s]+/invocations"
)
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}):role/[^\s]+")


def check_authorizer(call: OperationCall, authorizer: RestAuthorizer) -> None:
    """Refuse an authorizer that cannot be right."""
    one_of(authorizer.type, "createAuthorizerInput.type", TYPES)
    name = authorizer.name
    if not (name.strip() and name.isprintable()) or len(name) > _MAX_NAME_CHARACTERS:
        raise bad_request("Invalid authorizer name specified")
    _check_ttl(authorizer.result_ttl_s)
    if authorizer.type == "COGNITO_USER_POOLS":
        _check_user_pools(authorizer)
    else:
        _check_function(call, authorizer)
    _check_identity_source(authorizer)
    _check_expression(authorizer)


def _check_ttl(ttl_s: int | None) -> None:
    if ttl_s is not None and not 0 <= ttl_s <= MAX_TTL_S:
        raise bad_request(f"Authorizer result TTL must be between 0 and {MAX_TTL_S}")


def _check_user_pools(authorizer: RestAuthorizer) -> None:
    if not 1 <= len(authorizer.provider_arns) <= _MAX_USER_POOLS:
        raise bad_request("Invalid request input: providerARNs must name at least one user pool")
    for arn in authorizer.provider_arns:
        if not _USER_POOL.fullmatch(arn):
            raise bad_request(f"Invalid Cognito User Pool ARN specified: {arn[:128]}")
    if authorizer.authorizer_uri or authorizer.authorizer_credentials:
        raise bad_request("authorizerUri and authorizerCredentials are of Lambda authorizers only")


def _check_function(call: OperationCall, authorizer: RestAuthorizer) -> None:
    if authorizer.provider_arns:
        raise bad_request("providerARNs is of COGNITO_USER_POOLS authorizers only")
    if not _FUNCTION.fullmatch(authorizer.authorizer_uri or ""):
        raise bad_request(  # the form is AWS's [O]
            f"Invalid Authorizer URI: {(authorizer.authorizer_uri or '')[:256]}. Authorizer URI"
            " should be a valid API Gateway ARN that represents a Lambda function invocation."
        )
    role = authorizer.authorizer_credentials
    if role is None:
        return
    found = _ROLE.fullmatch(role)
    if found is None:
        raise bad_request("Invalid ARN specified in the request")
    if found[1] != call.account_id:
        message = "Cross-account pass role is not allowed."
        raise AwsError("AccessDeniedException", message, 403)


def _check_identity_source(authorizer: RestAuthorizer) -> None:
    written = authorizer.identity_source
    if not written:
        # AWS [D] apigw-evaluation §5: a REQUEST authorizer that remembers nothing needs none.
        if authorizer.type != "REQUEST" or authorizer.result_ttl_s != 0:
            raise bad_request("Identity source must be specified")
        return
    sources = [source.strip() for source in written.split(",")]
    form = _ANY_SOURCE if authorizer.type == "REQUEST" else _HEADER
    too_many = authorizer.type != "REQUEST" and len(sources) > 1
    if too_many or len(written) > _MAX_SOURCE_CHARACTERS or not all(map(form.fullmatch, sources)):
        raise bad_request(f"Invalid identity source specified: {written[:256]}")


def _check_expression(authorizer: RestAuthorizer) -> None:
    expression = authorizer.identity_validation_expression
    if expression is None:
        return
    if authorizer.type == "REQUEST":
        # AWS [D] apigw-objects §2: it has no meaning there, so that it would guard nothing.
        raise bad_request("identityValidationExpression is not supported by REQUEST authorizers")
    problem = pattern_problem(expression)
    if problem is not None:
        raise bad_request(f"Invalid identity validation expression specified: {problem}"[:256])
