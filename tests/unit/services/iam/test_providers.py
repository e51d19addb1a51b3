from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from calling import ACCOUNT, Calling

HEAD = (
    '<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"'
    ' xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="https://idp" {}>'
)
BODY = (
    "<IDPSSODescriptor><KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>"
    + "A" * 900
    + "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>"
    '<SingleSignOnService Location="https://idp/sso"/></IDPSSODescriptor></EntityDescriptor>'
)
METADATA = HEAD.format("") + BODY
BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)


def pem(key: Any) -> str:
    text: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return text.decode()


def test_a_saml_provider_is_made_and_found(iam: Calling) -> None:
    arn = iam("CreateSAMLProvider", Name="idp", SAMLMetadataDocument=METADATA)["SAMLProviderArn"]
    assert arn == f"arn:aws:iam::{ACCOUNT}:saml-provider/idp"
    found = iam("GetSAMLProvider", SAMLProviderArn=arn)
    assert found["SAMLMetadataDocument"] == METADATA
    assert found["ValidUntil"].year >= 2125
    error = iam.refused("CreateSAMLProvider", Name="IDP", SAMLMetadataDocument=METADATA)
    assert error.code == "EntityAlreadyExists"
    dated = HEAD.format('validUntil="2030-01-02T03:04:05Z"') + BODY
    iam("UpdateSAMLProvider", SAMLProviderArn=arn, SAMLMetadataDocument=dated)
    assert iam("GetSAMLProvider", SAMLProviderArn=arn)["ValidUntil"].year == 2030
    iam("DeleteSAMLProvider", SAMLProviderArn=arn)
    assert iam("ListSAMLProviders")["SAMLProviderList"] == []


@pytest.mark.parametrize(
    "document",
    [
        BOMB + METADATA.replace("https://idp/sso", "&c;"),
        '<!DOCTYPE x SYSTEM "file:///etc/passwd">' + METADATA,
        '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1/">%p;]>' + METADATA,
        '<?xml-stylesheet href="file:///etc/passwd"?>' + METADATA,
        METADATA.replace("</EntityDescriptor>", ""),
        METADATA.replace("SAML:2.0:metadata", "SAML:1.0:metadata"),
        METADATA.replace("X509Certificate", "X509Certificat"),
        METADATA.replace('entityID="https://idp"', ""),
        METADATA.replace("IDPSSODescriptor", "SPSSODescriptor"),
        HEAD.format('validUntil="soon"') + BODY,
        "<a>" * 2_000,
        HEAD.format("") + "<a>" * 500 + "</a>" * 500 + BODY,
        "\ud800" * 2_000,
        "\0" * 2_000,
        "not xml at all" * 200,
    ],
)
def test_metadata_that_is_none(iam: Calling, document: str) -> None:
    error = iam.refused("CreateSAMLProvider", Name="idp", SAMLMetadataDocument=document)
    assert (error.code, error.message) == ("InvalidInput", "Could not parse metadata")


def test_assertions_that_must_be_encrypted_need_a_key(iam: Calling) -> None:
    request = {"Name": "idp", "SAMLMetadataDocument": METADATA}
    error = iam.refused("CreateSAMLProvider", AssertionEncryptionMode="Required", **request)
    assert error.code == "InvalidInput"
    for key in ("x", pem(ec.generate_private_key(ec.SECP256R1()))):
        assert iam.refused("CreateSAMLProvider", AddPrivateKey=key, **request).code == (
            "InvalidInput"
        )
    key = pem(rsa.generate_private_key(65537, 2048))
    made = iam(
        "CreateSAMLProvider", AssertionEncryptionMode="Required", AddPrivateKey=key, **request
    )
    arn = made["SAMLProviderArn"]
    found = iam("GetSAMLProvider", SAMLProviderArn=arn)
    (listed,) = found["PrivateKeyList"]
    assert "PRIVATE" not in str(found)
    error = iam.refused("UpdateSAMLProvider", SAMLProviderArn=arn, RemovePrivateKey=listed["KeyId"])
    assert error.code == "InvalidInput"


def test_an_oidc_provider_is_made_and_found(iam: Calling) -> None:
    arn = iam(
        "CreateOpenIDConnectProvider",
        Url="https://token.actions.example.com/x/",
        ClientIDList=["a", "a"],
        ThumbprintList=["0" * 40],
    )["OpenIDConnectProviderArn"]
    assert arn == f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.example.com/x"
    iam("AddClientIDToOpenIDConnectProvider", OpenIDConnectProviderArn=arn, ClientID="b")
    found = iam("GetOpenIDConnectProvider", OpenIDConnectProviderArn=arn)
    assert found["ClientIDList"] == ["a", "b"]
    iam("RemoveClientIDFromOpenIDConnectProvider", OpenIDConnectProviderArn=arn, ClientID="a")
    iam(
        "UpdateOpenIDConnectProviderThumbprint",
        OpenIDConnectProviderArn=arn,
        ThumbprintList=["F" * 40],
    )
    found = iam("GetOpenIDConnectProvider", OpenIDConnectProviderArn=arn)
    assert (found["ClientIDList"], found["ThumbprintList"]) == (["b"], ["F" * 40])
    error = iam.refused("CreateOpenIDConnectProvider", Url="https://token.actions.example.com/x")
    assert error.code == "EntityAlreadyExists"
    iam("DeleteOpenIDConnectProvider", OpenIDConnectProviderArn=arn)
    assert iam.refused("GetOpenIDConnectProvider", OpenIDConnectProviderArn=arn).code == (
        "NoSuchEntity"
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://a.b",
        "a.b",
        "https://",
        "https://a.b:8443",
        "https://a.b/?x=1",
        "https://a.b/#x",
        "https://user@a.b",
        "https://a.b/ x",
        "https://é.b",
        "https://a.b\n",
        "https://" + "a" * 250,
    ],
)
def test_urls_that_are_none(iam: Calling, url: str) -> None:
    if len(url) <= 255:
        assert iam.refused("CreateOpenIDConnectProvider", Url=url).code == "ValidationError"


@pytest.mark.parametrize("thumbprint", ["g" * 40, "é" * 40])
def test_thumbprints_are_hexadecimal(iam: Calling, thumbprint: str) -> None:
    error = iam.refused(
        "CreateOpenIDConnectProvider", Url="https://a.b", ThumbprintList=[thumbprint]
    )
    assert error.code == "InvalidInput"
