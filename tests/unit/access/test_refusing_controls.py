"""The method ARN: how long it may be, and how it is shown."""

from bargate.access import method_arn
from bargate.access.call import Facts
from bargate.access.verdict import Denial
from building import call, guarded, method, policy, rest_api


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
