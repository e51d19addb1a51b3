"""Controls whose other half is not there yet: they refuse, they never let through."""

import pytest

from bargate.access import method_arn, unsupported_authorizer
from bargate.access.call import Facts
from bargate.access.verdict import Denial
from building import call, guarded, method, policy, rest_api


def test_methods_with_an_unsupported_authorizer_answer_500() -> None:
    api = rest_api(("/pets", method(authorization_type="CUSTOM")))
    step = unsupported_authorizer.REST_CONTROL.compile(guarded(api))
    assert step is not None
    denial = step(call(), Facts({}))
    assert isinstance(denial, Denial)
    assert denial.response_type == "AUTHORIZER_CONFIGURATION_ERROR"
    assert "CUSTOM" in denial.detail


@pytest.mark.parametrize("kind", ["NONE", "AWS_IAM", "COGNITO_USER_POOLS"])
def test_other_methods_have_no_such_step(kind: str) -> None:
    api = rest_api(("/pets", method(authorization_type=kind)))
    assert unsupported_authorizer.REST_CONTROL.compile(guarded(api)) is None


def test_a_method_arn_that_is_too_long_is_refused() -> None:
    api = rest_api(("/{proxy+}", method()), policy=policy())
    step = method_arn.CONTROL.compile(guarded(api))
    assert step is not None
    assert step(call(path="/" + "a" * 1500), Facts({})) is None
    denial = step(call(path="/" + "a" * 1600), Facts({}))
    assert isinstance(denial, Denial)
    assert (denial.status, denial.message) == (414, "Request URI too long")


def test_the_account_is_masked_as_aws_does() -> None:
    arn = "arn:aws:execute-api:us-east-1:123456789012:api/prod/GET/a:b"
    assert method_arn.mask_account(arn) == (
        "arn:aws:execute-api:us-east-1:********9012:api/prod/GET/a:b"
    )
