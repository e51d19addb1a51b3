"""The order in which the controls of a call are met. These tuples are the documentation.

AWS [D]/[R] apigw-evaluation §1 and §7. Host, stage and path are resolved first (`snapshot`): what
matches no method never gets here. The first denial ends the call; running off the end passes it
on to its integration.
"""

from bargate.access import (
    api_key,
    cognito_authorizer,
    endpoint_policy,
    iam_authorizer,
    iam_credentials,
    iam_signature,
    jwt_authorizer,
    lambda_authorizer,
    lambda_http_authorizer,
    limits,
    method_arn,
    resource_policy,
    valid_body,
    valid_parameters,
)
from bargate.access.control import HttpControl, RestControl

REST_API: tuple[RestControl, ...] = (
    method_arn.CONTROL,
    iam_credentials.REST_CONTROL,
    endpoint_policy.UNSIGNED,
    iam_signature.REST_CONTROL,
    endpoint_policy.SIGNED,
    resource_policy.EARLY,
    lambda_authorizer.CONTROL,
    iam_authorizer.REST_CONTROL,
    cognito_authorizer.CONTROL,
    resource_policy.LATE,
    api_key.CONTROL,
    limits.REST_CONTROL,
    valid_parameters.CONTROL,
    valid_body.CONTROL,
)

HTTP_API: tuple[HttpControl, ...] = (
    iam_credentials.HTTP_CONTROL,
    iam_signature.HTTP_CONTROL,
    iam_authorizer.HTTP_CONTROL,
    jwt_authorizer.CONTROL,
    lambda_http_authorizer.CONTROL,
    limits.HTTP_CONTROL,
)
