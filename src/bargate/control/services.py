"""The AWS APIs that are served. An API more is a line more."""

from types import MappingProxyType

from bargate.services import acm, apigateway, apigatewayv2, cognito_idp, ec2, iam, lambda_, sts

SERVICES = MappingProxyType(
    {
        each.SERVICE.name: each.SERVICE
        for each in (
            acm,
            apigateway,
            apigatewayv2,
            cognito_idp,
            iam,
            sts,
            lambda_,
            ec2,  # last, so that its large model is read for its own callers alone
        )
    }
)
