"""Who signed a call to the control plane, with `--dev` and without."""

from __future__ import annotations

from collections.abc import Iterator

import botocore.exceptions
import pytest

from endpoint import ACCOUNT, Answered, Endpoint

FORM = [("content-type", "application/x-www-form-urlencoded"), ("host", "127.0.0.1:4566")]
WHO = b"Action=GetCallerIdentity&Version=2011-06-15"


def claimed(key: str, scope: str = "20260101/us-east-1/sts/aws4_request") -> tuple[str, str]:
    """Claim a key without a signature that anybody could check."""
    return (
        "authorization",
        f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders=host, Signature={'0' * 64}",
    )


@pytest.fixture(scope="module")
def strict() -> Iterator[Endpoint]:
    with Endpoint() as running:
        yield running


@pytest.fixture(scope="module")
def dev() -> Iterator[Endpoint]:
    with Endpoint(dev=True) as running:
        yield running


def ask(endpoint: Endpoint, *headers: tuple[str, str], body: bytes = WHO) -> Answered:
    return endpoint.send("POST", "/", [*FORM, *headers], body)


@pytest.mark.parametrize("key", ["test", "AKIAIOSFODNN7EXAMPLE", ACCOUNT, "", "/", "\xff"])
def test_a_claim_without_a_signature_is_worth_nothing(key: str, strict: Endpoint) -> None:
    assert ask(strict, claimed(key)).status in {400, 403}
    assert ask(strict, claimed(strict.root.id)).status in {400, 403}


def test_twelve_digits_are_no_key_without_dev(strict: Endpoint) -> None:
    with pytest.raises(botocore.exceptions.ClientError, match="InvalidClientTokenId"):
        strict.client("sts", ACCOUNT, "test").get_caller_identity()


def test_a_wrong_secret_and_a_wrong_key_are_told_apart_as_aws_does(strict: Endpoint) -> None:
    with pytest.raises(botocore.exceptions.ClientError, match="SignatureDoesNotMatch"):
        strict.client("sts", strict.root.id, "wrong").get_caller_identity()
    with pytest.raises(botocore.exceptions.ClientError, match="InvalidClientTokenId"):
        strict.client("sts", "AKIAIOSFODNN7EXAMPLE", "wrong").get_caller_identity()


def test_a_signature_for_one_service_opens_no_other(strict: Endpoint) -> None:
    answers = []

    def resend(request: object, **_: object) -> None:
        headers = [
            (k, v.decode() if isinstance(v, bytes) else v) for k, v in request.headers.items()
        ]  # type: ignore[attr-defined]
        body = b"Action=ListUsers&Version=2010-05-08"
        answers.append(strict.send("POST", "/", [("host", "127.0.0.1:4566"), *headers], body))

    client = strict.client("sts")
    client.meta.events.register_first("before-send", resend)
    assert client.get_caller_identity()["Account"] == ACCOUNT
    assert [answer.status in {400, 403, 404} for answer in answers] == [True]


def test_with_dev_a_key_says_whose_account(dev: Endpoint) -> None:
    def account(key: str) -> str:
        return str(dev.client("sts", key, "any").get_caller_identity()["Account"])

    assert account("999988887777") == "999988887777"
    for other in ("test", "99998888777", "9999888877776", "٩٩٩٩٨٨٨٨٧٧٧٧", "AKIAIOSFODNN7EXAMPLE"):
        assert account(other) == ACCOUNT


def test_with_dev_a_key_that_exists_is_still_its_owners(dev: Endpoint) -> None:
    iam = dev.client("iam", "test", "test")
    iam.create_user(UserName="alice")
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    sts = dev.client("sts", key["AccessKeyId"], "any secret")
    assert sts.get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/alice"


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("authorization", "Bearer token")],
        [("authorization", "AWS4-HMAC-SHA256 Credential=")],
        [("authorization", "AWS4-HMAC-SHA256")],
        [("authorization", "\xff\xfe")],
    ],
)
def test_with_dev_a_call_that_claims_no_key_is_refused(
    headers: list[tuple[str, str]], dev: Endpoint
) -> None:
    answer = ask(dev, *headers)
    assert answer.status == 403
    assert b"MissingAuthenticationToken" in answer.body


@pytest.mark.parametrize("token", ["", "x", "\xff", "A" * 10_000])
def test_a_session_token_that_nobody_sealed_is_a_refusal_and_with_dev_nothing(
    token: str, strict: Endpoint, dev: Endpoint
) -> None:
    headers = (claimed("test"), ("x-amz-security-token", token))
    assert ask(strict, *headers).status in {400, 403}
    assert ask(dev, *headers).status == 200
