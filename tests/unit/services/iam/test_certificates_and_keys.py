from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from calling import Calling

KEY = rsa.generate_private_key(65537, 2048)
OTHER_KEY = rsa.generate_private_key(65537, 2048)


def certificate(key: Any = KEY) -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
        .sign(key, SHA256())
    )
    return built.public_bytes(Encoding.PEM).decode()


def pem(key: Any) -> str:
    text: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return text.decode()


def ssh(key: Any) -> str:
    text: bytes = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return text.decode()


def test_a_server_certificate_comes_without_its_key(iam: Calling) -> None:
    body = certificate()
    made = iam(
        "UploadServerCertificate",
        ServerCertificateName="c",
        CertificateBody=body,
        PrivateKey=pem(KEY),
        CertificateChain=body,
    )["ServerCertificateMetadata"]
    assert made["ServerCertificateId"].startswith("ASCA")
    assert made["Expiration"] == datetime(2027, 1, 1, tzinfo=UTC)
    iam("UpdateServerCertificate", ServerCertificateName="c", NewServerCertificateName="C")
    found = iam("GetServerCertificate", ServerCertificateName="C")
    assert "PRIVATE" not in str(found)
    assert found["ServerCertificate"]["CertificateBody"] == body
    assert iam.refused("GetServerCertificate", ServerCertificateName="c").code == "NoSuchEntity"
    iam("DeleteServerCertificate", ServerCertificateName="C")
    assert iam("ListServerCertificates")["ServerCertificateMetadataList"] == []


@pytest.mark.parametrize(
    ("body", "key", "code"),
    [
        ("x", pem(KEY), "MalformedCertificate"),
        (certificate(), "x", "MalformedCertificate"),
        (certificate(), pem(OTHER_KEY), "KeyPairMismatch"),
    ],
)
def test_certificates_that_are_none(iam: Calling, body: str, key: str, code: str) -> None:
    error = iam.refused(
        "UploadServerCertificate", ServerCertificateName="c", CertificateBody=body, PrivateKey=key
    )
    assert error.code == code


def test_signing_certificates_are_two_and_different(iam: Calling) -> None:
    iam("CreateUser", UserName="u")
    body = certificate()
    made = iam("UploadSigningCertificate", UserName="u", CertificateBody=body)["Certificate"]
    again = iam.refused("UploadSigningCertificate", UserName="u", CertificateBody=body)
    assert again.code == "DuplicateCertificate"
    iam("UploadSigningCertificate", UserName="u", CertificateBody=certificate())
    third = iam.refused("UploadSigningCertificate", UserName="u", CertificateBody=certificate())
    assert third.code == "LimitExceeded"
    identified = {"UserName": "u", "CertificateId": made["CertificateId"]}
    iam("UpdateSigningCertificate", Status="Inactive", **identified)
    listed = iam("ListSigningCertificates", UserName="u")["Certificates"]
    assert sorted(each["Status"] for each in listed) == ["Active", "Inactive"]
    assert iam.refused("DeleteUser", UserName="u").code == "DeleteConflict"
    iam("DeleteSigningCertificate", **identified)
    assert iam.refused("DeleteSigningCertificate", **identified).code == "NoSuchEntity"


def test_ssh_keys_are_rsa_and_given_in_both_forms(iam: Calling) -> None:
    iam("CreateUser", UserName="u")
    made = iam("UploadSSHPublicKey", UserName="u", SSHPublicKeyBody=ssh(KEY))["SSHPublicKey"]
    identified = {"UserName": "u", "SSHPublicKeyId": made["SSHPublicKeyId"]}
    assert len(made["Fingerprint"]) == 47
    as_pem = iam("GetSSHPublicKey", Encoding="PEM", **identified)["SSHPublicKey"]
    body = as_pem["SSHPublicKeyBody"]
    assert body.startswith("-----BEGIN PUBLIC KEY-----")
    for again in (ssh(KEY), body):
        error = iam.refused("UploadSSHPublicKey", UserName="u", SSHPublicKeyBody=again)
        assert error.code == "DuplicateSSHPublicKey"
    weak = (ssh(ed25519.Ed25519PrivateKey.generate()), "ssh-rsa AAAA", "x")
    for other in weak:
        error = iam.refused("UploadSSHPublicKey", UserName="u", SSHPublicKeyBody=other)
        assert error.code == "InvalidPublicKey"
    iam("UpdateSSHPublicKey", Status="Inactive", **identified)
    assert iam("ListSSHPublicKeys", UserName="u")["SSHPublicKeys"][0]["Status"] == "Inactive"
    iam("DeleteSSHPublicKey", **identified)
    assert iam("ListSSHPublicKeys", UserName="u")["SSHPublicKeys"] == []


def test_credentials_of_a_service_give_their_password_once(iam: Calling) -> None:
    iam("CreateUser", UserName="u")
    asked = {"UserName": "u", "ServiceName": "codecommit.amazonaws.com"}
    made = iam("CreateServiceSpecificCredential", **asked)["ServiceSpecificCredential"]
    iam("CreateServiceSpecificCredential", **asked)
    assert iam.refused("CreateServiceSpecificCredential", **asked).code == "LimitExceeded"
    error = iam.refused("CreateServiceSpecificCredential", UserName="u", ServiceName="s3")
    assert error.code == "NotSupportedService"
    listed = iam("ListServiceSpecificCredentials", UserName="u")["ServiceSpecificCredentials"]
    assert len({each["ServiceUserName"] for each in listed}) == 2
    assert all("ServicePassword" not in each for each in listed)
    everyone = iam("ListServiceSpecificCredentials", AllUsers=True)["ServiceSpecificCredentials"]
    assert everyone == listed
    identified = {
        "UserName": "u",
        "ServiceSpecificCredentialId": made["ServiceSpecificCredentialId"],
    }
    reset = iam("ResetServiceSpecificCredential", **identified)["ServiceSpecificCredential"]
    assert reset["ServicePassword"] != made["ServicePassword"]
    iam("UpdateServiceSpecificCredential", Status="Inactive", **identified)
    iam("DeleteServiceSpecificCredential", **identified)
    assert iam.refused("DeleteServiceSpecificCredential", **identified).code == "NoSuchEntity"
