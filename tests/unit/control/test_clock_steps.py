"""A clock that is set back gives nobody anything twice."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import time
from collections.abc import Iterator
from typing import Any

import botocore.exceptions
import pytest

from endpoint import Endpoint

STEP_S = 30


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint(dev=False) as running:
        yield running


def code_at(seed: bytes, seconds: float) -> str:
    """RFC 6238 with SHA-1, six digits, steps of 30 s."""
    counter = struct.pack(">Q", int(seconds) // STEP_S)
    digest = hmac.new(base64.b32decode(seed), counter, hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at : at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


def test_a_one_time_code_is_not_taken_again_after_the_clock_was_set_back(
    endpoint: Endpoint,
) -> None:
    iam = endpoint.client("iam")
    iam.create_user(UserName="alice")
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="alice")["VirtualMFADevice"]
    seed, serial = device["Base32StringSeed"], device["SerialNumber"]
    now = time.time()
    iam.enable_mfa_device(
        UserName="alice",
        SerialNumber=serial,
        AuthenticationCode1=code_at(seed, now - STEP_S),
        AuthenticationCode2=code_at(seed, now),
    )
    sts = endpoint.client("sts", key["AccessKeyId"], key["SecretAccessKey"])

    def session(code: str) -> Any:
        return sts.get_session_token(SerialNumber=serial, TokenCode=code)["Credentials"]

    # No more than five wrong codes, as then none is looked at; no more than fifteen minutes, as
    # then no signature is taken.
    endpoint.skew_s = 2 * STEP_S
    later = code_at(seed, now + 2 * STEP_S)
    assert session(later)["SessionToken"]
    for skew_s in (0, 2 * STEP_S, -2 * STEP_S):
        endpoint.skew_s = skew_s
        for code in {later, code_at(seed, now + skew_s)}:
            with pytest.raises(
                botocore.exceptions.ClientError, match=r"MultiFactorAuth|AccessDenied"
            ):
                session(code)


def test_a_signature_from_before_the_clock_was_set_back_is_refused(endpoint: Endpoint) -> None:
    endpoint.skew_s = -1_000
    with pytest.raises(botocore.exceptions.ClientError, match="SignatureDoesNotMatch"):
        endpoint.client("sts").get_caller_identity()
    endpoint.skew_s = 1_000
    with pytest.raises(botocore.exceptions.ClientError, match="SignatureDoesNotMatch"):
        endpoint.client("sts").get_caller_identity()
    endpoint.skew_s = 0
    assert endpoint.client("sts").get_caller_identity()["Account"]
