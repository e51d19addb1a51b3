"""What custom senders get of codes: sealed so that AWS's own SDK opens it, with their key alone."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import aws_encryption_sdk
import click
import pytest
from aws_encryption_sdk.exceptions import AWSEncryptionSDKClientError
from aws_encryption_sdk.identifiers import EncryptionKeyType, WrappingAlgorithm
from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
from aws_encryption_sdk.key_providers.raw import RawMasterKey
from cryptography.hazmat.primitives import serialization as pem
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from bargate.cli.pool_options import _sender_keys, check_sender_keys
from bargate.records.user_pool import UserPool
from bargate.settings import PoolSettings
from bargate.userpool.triggers.sender_codes import (
    NAMESPACE,
    ClearCodes,
    NoCodes,
    SealedCodes,
    UnusableKey,
    check_key,
)

ARN = "arn:aws:kms:us-east-1:111111111111:key/one"
OTHER = "arn:aws:kms:us-east-1:111111111111:key/two"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def public_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    encoded = key.public_key().public_bytes(pem.Encoding.PEM, pem.PublicFormat.SubjectPublicKeyInfo)
    return encoded.decode()


def private_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption())


@pytest.fixture(scope="module")
def keys() -> tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey]:
    return rsa.generate_private_key(65_537, 2_048), rsa.generate_private_key(65_537, 2_048)


def pool(arn: str | None = ARN) -> UserPool:
    config = {} if arn is None else {"KMSKeyID": arn}
    return UserPool(
        account_id="1" * 12, region="us-east-1", id="us-east-1_a", name="p",
        created_at=NOW, modified_at=NOW, schema=(), lambda_config=config,
    )  # fmt: skip


def opened(sealed: str, key: rsa.RSAPrivateKey, name: str = ARN) -> tuple[str, dict[str, str]]:
    wrapping = WrappingKey(
        wrapping_algorithm=WrappingAlgorithm.RSA_OAEP_SHA256_MGF1,
        wrapping_key=private_pem(key),
        wrapping_key_type=EncryptionKeyType.PRIVATE,
    )
    master = RawMasterKey(key_id=name, provider_id=NAMESPACE, wrapping_key=wrapping)
    client = aws_encryption_sdk.EncryptionSDKClient()
    text, header = client.decrypt(source=base64.b64decode(sealed), key_provider=master)
    return text.decode(), header.encryption_context


def test_the_key_of_a_pool_alone_opens_its_codes(
    keys: tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey],
) -> None:
    one, two = keys
    codes = SealedCodes({ARN: public_pem(one), "": public_pem(two)})
    sealed = codes.given(pool(), "123456")
    assert sealed is not None
    assert b"123456" not in base64.b64decode(sealed)
    assert opened(sealed, one) == ("123456", {"userpool-id": "us-east-1_a"})
    with pytest.raises(AWSEncryptionSDKClientError):
        opened(sealed, two)
    with pytest.raises(AWSEncryptionSDKClientError):
        opened(sealed, one, OTHER)
    assert sealed != codes.given(pool(), "123456")
    rest = codes.given(pool(OTHER), "Tëmporary-1")
    assert rest is not None
    assert opened(rest, two, OTHER)[0] == "Tëmporary-1"


@pytest.fixture
def noisy(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Keep all that is logged, and leave the library's logger as it was."""
    logger = logging.getLogger(aws_encryption_sdk.__name__)
    level = logger.level
    logger.setLevel(logging.NOTSET)
    caplog.set_level(logging.DEBUG)
    yield caplog
    logger.setLevel(level)


def test_the_library_logs_nothing_of_codes(
    keys: tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey], noisy: pytest.LogCaptureFixture
) -> None:
    assert SealedCodes({"": public_pem(keys[0])}).given(pool(), "123456") is not None
    assert noisy.records == []


def test_a_pool_without_a_key_gets_nothing(
    keys: tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey],
) -> None:
    codes = SealedCodes({ARN: public_pem(keys[0])})
    assert codes.given(pool(OTHER), "123456") is None
    assert SealedCodes({"": public_pem(keys[0])}).given(pool(None), "123456") is None
    assert NoCodes().given(pool(), "123456") is None
    assert ClearCodes().given(pool(), "123456") == "123456"


def test_keys_that_would_not_do_are_refused(
    keys: tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey],
) -> None:
    check_key(public_pem(keys[0]))
    weak = rsa.generate_private_key(65_537, 1_024)
    unusable = {
        private_pem(keys[0]).decode(): "private key",
        "": "no public key",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----": "no public key",
        public_pem(ec.generate_private_key(ec.SECP256R1())): "no RSA key",
        public_pem(weak): "1024 bits",
    }
    for text, told in unusable.items():
        with pytest.raises(UnusableKey, match=told):
            check_key(text)


def test_options_name_keys_by_file_and_arn(
    keys: tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey], tmp_path: Path
) -> None:
    context, option = click.Context(click.Command("x")), click.Option(["--custom-sender-key"])
    path = tmp_path / "key=1.pem"
    path.write_text(public_pem(keys[0]))
    assert _sender_keys(context, option, (str(path),)) == {"": path.read_text()}
    assert _sender_keys(context, option, (f"{ARN}={path}",)) == {ARN: path.read_text()}
    (tmp_path / "private.pem").write_bytes(private_pem(keys[0]))
    (tmp_path / "binary").write_bytes(b"\xff\x00")
    wrong = [
        (str(tmp_path / "none"),),
        (str(tmp_path / "private.pem"),),
        (str(tmp_path / "binary"),),
        (ARN,),
        (str(path), str(path)),
    ]
    for values in wrong:
        with pytest.raises(click.BadParameter):
            _sender_keys(context, option, values)


@pytest.mark.parametrize(
    ("codes", "keys"), [("encrypted", {}), ("clear", {"": "pem"}), ("refuse", {"": "pem"})]
)
def test_keys_and_what_they_are_for_go_together(codes: str, keys: dict[str, str]) -> None:
    with pytest.raises(click.UsageError, match="wants"):
        check_sender_keys(PoolSettings(sender_codes=codes, sender_keys=keys))  # type: ignore[arg-type]
