"""Truststores as `CreateDomainName` takes them: what is refused, what is kept."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from bargate.records.domain_name import DOMAIN_NAME
from bargate.services.apigatewayv2 import SERVICE
from bargate.services.truststore import MAX_BUNDLE_BYTES
from calling import ACCOUNT, NOW, REGION, Calling
from objects import Issued, authority, environment, put

ARN = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/none"
CA = authority()
DAY = timedelta(days=1)


@pytest.fixture
def api(tmp_path: Path) -> Calling:
    return Calling(SERVICE, environment=environment(tmp_path))


def given(uri: str = "s3://bucket/ca.pem", **more: str) -> dict[str, object]:
    return {
        "DomainName": "api.example.com",
        "DomainNameConfigurations": [{"CertificateArn": ARN}],
        "MutualTlsAuthentication": {"TruststoreUri": uri, **more},
    }


def bundle(api: Calling) -> str | None:
    key = (ACCOUNT, REGION, "api.example.com")
    record = api.store.read(lambda tx: tx.get(DOMAIN_NAME, key))
    return None if record.mutual_tls is None else record.mutual_tls.bundle


def refusal(api: Calling, **more: str) -> str:
    refused = api.refused("CreateDomainName", **given(**more))
    assert refused.code == "BadRequestException"
    assert api("GetDomainNames")["Items"] == []
    return refused.message


def weak(**more: object) -> Issued:
    return Issued("weak", is_ca=True, **more)  # type: ignore[arg-type]


def test_a_bundle_is_kept_as_it_was_read(api: Calling, tmp_path: Path) -> None:
    other = Issued("other", is_ca=True, key=rsa.generate_private_key(65_537, 2_048))
    put(tmp_path, "bucket", "ca.pem", CA.pem + other.pem)
    made = api("CreateDomainName", **given())
    assert made["MutualTlsAuthentication"] == {"TruststoreUri": "s3://bucket/ca.pem"}
    assert bundle(api) == (CA.pem + other.pem).decode()
    put(tmp_path, "bucket", "ca.pem", CA.pem)
    api("UpdateDomainName", DomainName="api.example.com", DomainNameConfigurations=[{"CertificateArn": ARN}])  # fmt: skip
    assert bundle(api) == (CA.pem + other.pem).decode()  # read when it is named, not again


def test_a_version_is_an_object_of_its_own(api: Calling, tmp_path: Path) -> None:
    put(tmp_path, "bucket", "ca.pem", CA.pem)
    assert "cannot be read" in refusal(api, TruststoreVersion="2")
    put(tmp_path, "bucket", "ca.pem@2", authority("second").pem)
    api("CreateDomainName", **given(TruststoreVersion="2"))
    assert bundle(api) != CA.pem.decode()


def test_an_expired_certificate_is_warned_of(api: Calling, tmp_path: Path) -> None:
    old = weak(begins=NOW - 2 * DAY, ends=NOW - DAY)
    put(tmp_path, "bucket", "ca.pem", CA.pem + old.pem)
    made = api("CreateDomainName", **given())
    (warning,) = made["MutualTlsAuthentication"]["TruststoreWarnings"]
    assert warning == "The certificate of CN=weak has expired"


@pytest.mark.parametrize(
    "data",
    [b"", b"x", CA.key_pem, CA.pem[:90], CA.pem + CA.pem[:90]],
    ids=["nothing", "no PEM", "a key", "cut", "one cut"],
)
def test_what_holds_no_certificates_is_refused(api: Calling, tmp_path: Path, data: bytes) -> None:
    put(tmp_path, "bucket", "ca.pem", data)
    message = refusal(api)
    assert "PEM" in message
    assert CA.key_pem.decode()[40:80] not in message


def test_weak_certificates_are_refused(api: Calling, tmp_path: Path) -> None:
    for data, text in (
        (weak(hashed=hashes.SHA224()).pem, "SHA-256 or better"),
        (weak(key=rsa.generate_private_key(65_537, 1_024)).pem, "RSA of 2,048"),
        (weak(key=ec.generate_private_key(ec.SECP192R1())).pem, "ECDSA of 256"),
        (CA.pem + authority().pem, "two certificates of CN=Test CA"),
    ):
        put(tmp_path, "bucket", "ca.pem", data)
        assert text in refusal(api)
        put(tmp_path, "bucket", "ca.pem", authority("good").pem + data)
        assert text in refusal(api)


def test_what_is_too_large_is_refused(api: Calling, tmp_path: Path) -> None:
    put(tmp_path, "bucket", "ca.pem", CA.pem + b"\n" * MAX_BUNDLE_BYTES)
    assert "more than" in refusal(api)
    put(tmp_path, "bucket", "ca.pem", CA.pem * 1_001)
    assert "more than 1000 certificates" in refusal(api)


def test_what_cannot_be_read_is_refused(api: Calling, tmp_path: Path) -> None:
    put(tmp_path, "bucket", "ca.pem", CA.pem + b"\xe9")
    assert "cannot be read" in refusal(api)
    for uri in (
        "s3://bucket/none.pem",
        "s3://bucket/../ca.pem",
        "s3://bucket/x/../../../etc/passwd",
    ):
        refused = api.refused("CreateDomainName", **given(uri))
        assert refused.code == "BadRequestException"
    put(tmp_path, "bucket", "ca.pem", CA.pem)
    without = Calling(SERVICE)
    assert "--s3" in without.refused("CreateDomainName", **given()).message
