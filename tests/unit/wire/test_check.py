import time

import pytest

from bargate.wire.check import check
from bargate.wire.error import AwsError
from bargate.wire.models import ServiceModels
from bargate.wire.pattern import Pattern

MODELS = ServiceModels(("apigateway", "apigatewayv2", "iam", "sts", "cognito-idp"))


def refused(service, operation, **params):
    with pytest.raises(AwsError) as caught:
        check(params, MODELS.operation(service, operation).input_shape, service)
    return caught.value


def test_an_enum_of_api_gateway_is_told_as_recorded():
    error = refused(
        "apigateway",
        "PutIntegration",
        restApiId="a",
        resourceId="b",
        httpMethod="GET",
        type="wrong",
    )
    assert (error.code, error.status) == ("ValidationException", 400)
    assert error.message == (
        "1 validation error detected: Value 'wrong' at 'putIntegrationInput.type' failed to "
        "satisfy constraint: Member must satisfy enum value set: "
        "[HTTP, AWS, MOCK, HTTP_PROXY, AWS_PROXY]"
    )


def test_a_member_of_the_path_is_told_by_its_own_name():
    error = refused("apigateway", "GetGatewayResponse", restApiId="a", responseType="NOPE")
    assert "Value 'NOPE' at 'responseType' failed" in error.message


def test_all_violations_are_told_at_once():
    error = refused("iam", "CreateUser", UserName="a b" * 30, Path="x")
    assert error.code == "ValidationError"
    assert error.message.startswith("3 validation errors detected: Value 'x' at 'path' failed") or (
        error.message.startswith("3 validation errors detected: Value 'a b")
    )
    assert error.message.count("; Value '") == 2
    assert "Member must have length less than or equal to 64" in error.message
    assert r"Member must satisfy regular expression pattern: [\w+=,.@-]+" in error.message


def test_a_missing_member_must_not_be_null():
    assert refused("iam", "TagUser", UserName="a").message == (
        "1 validation error detected: Value null at 'tags' failed to satisfy constraint: "
        "Member must not be null"
    )


def test_a_member_of_a_list_is_numbered():
    error = refused("iam", "TagUser", UserName="a", Tags=[{"Key": "a", "Value": ""}, {"Key": ""}])
    assert "Value null at 'tags.2.member.value' failed" in error.message
    assert "Value '' at 'tags.2.member.key' failed" in error.message


@pytest.mark.parametrize(
    ("service", "operation", "params", "secret"),
    [
        ("iam", "CreateLoginProfile", {"UserName": "a", "Password": "hunter2" * 30}, "hunter2"),
        ("sts", "AssumeRoleWithWebIdentity", {"WebIdentityToken": "abc"}, "abc"),
        ("cognito-idp", "ConfirmSignUp", {"SecretHash": "bad hash"}, "bad hash"),
    ],
)
def test_a_secret_is_not_repeated(service, operation, params, secret):
    error = refused(service, operation, **params)
    assert "Value at '" in error.message
    assert secret not in error.message


def test_apigatewayv2_refuses_with_the_one_code_its_model_has():
    assert refused("apigatewayv2", "CreateApi", Name="a").code == "BadRequestException"


def test_numbers_are_held_to_their_bounds():
    message = refused("iam", "ListUsers", MaxItems=0).message
    assert "Value '0' at 'maxItems' failed to satisfy constraint: Member must have value" in message
    check({"MaxItems": 1}, MODELS.operation("iam", "ListUsers").input_shape, "iam")


def test_an_answer_does_not_grow_with_the_request():
    tags = [{"Key": "", "Value": "x" * 5000}] * 5000
    assert len(refused("iam", "TagUser", UserName="a", Tags=tags).message) < 100_000


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        (r"[\w]+", "abc_1", True),
        (r"[\w]+", "é", False),
        (r"\d+", "٣", False),
        (r"[\p{L}\p{Z}]+", "é ü", True),
        (r"[\S]+", "é", True),
        (r"[\S]+", "a b", False),
        (r"[\w-]+", "a-b", True),
        (r"^abc$", "abc\n", False),
        (r"abc", "xabc", False),
        (r"a.c", "a\u2028c", False),
        (r"[.]", "x", False),
        (r"[a-z&&[^b]]+", "acd", True),
        (r"[a-z&&[^b]]+", "b", False),
        (r"[--/]+", "-./", True),
        (r"[\w-+]+", "a-+9_", True),
        (r"[\s-x]+", "x -\t", True),
        (r"[+--]+", "+,-", True),
        (r"\S[\D]\W", "aé ", True),
        (r"[a[b-d]]+", "abd", True),
        (r"[a|~~b]+", "a|~b", True),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*", "a😀", True),
        (r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)", "/a/", True),
    ],
)
def test_patterns_are_read_as_java_reads_them(pattern, text, matches):
    assert Pattern(pattern).matches(text) is matches


def test_a_pattern_that_takes_too_long_does_not_match():
    before = time.monotonic()
    assert not Pattern(r"(a|aa)+(b|bb)*(a|aa)+c").matches("a" * 5000)
    assert time.monotonic() - before < 2
