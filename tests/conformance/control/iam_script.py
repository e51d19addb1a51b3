"""The script's part of IAM and STS. The user `agent` is there before it begins."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from tests.endpoint import ACCOUNT

from bargate.identity.totp import code_of, step_at
from bargate.secret import Secret
from conformance.control.script import Step, steps_of

step = steps_of("iam")
sts = steps_of("sts")

AGENT = "agent"
MANAGED = "arn:aws:iam::aws:policy/ReadOnlyAccess"
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "s3:GetObject",
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:username": "a"}},
            }
        ],
    }
)
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
SAML = (
    '<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"'
    ' xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="https://idp">'
    "<IDPSSODescriptor><KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>"
    + "A"
    * 900
    + "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>"
    '<SingleSignOnService Location="https://idp/sso"/></IDPSSODescriptor></EntityDescriptor>'
)
TAGS = [{"Key": "a", "Value": "b"}]
THUMBPRINT = "a" * 40


@cache
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def key_pem() -> str:
    return key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def ssh_key() -> str:
    return key().public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


@cache
def certificate() -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key().public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2126, 1, 1, tzinfo=UTC))
        .sign(key(), SHA256())
    )
    return built.public_bytes(Encoding.PEM).decode()


def codes(k: Any, first: int) -> dict[str, str]:
    """Give two consecutive codes of the device, `first` steps from now."""
    seed = k.seed.decode() if isinstance(k.seed, bytes) else k.seed
    at = step_at(datetime.now(UTC).timestamp()) + first
    return {
        "AuthenticationCode1": code_of(Secret(seed), at),
        "AuthenticationCode2": code_of(Secret(seed), at + 1),
    }


def user(_k: Any, **more: Any) -> dict[str, Any]:
    return {"UserName": "alice", **more}


def group(_k: Any, **more: Any) -> dict[str, Any]:
    return {"GroupName": "team", **more}


def role(_k: Any, **more: Any) -> dict[str, Any]:
    return {"RoleName": "reader", **more}


def inline(given: Any, **more: Any) -> Any:
    return lambda k: given(k, PolicyName="inline", **more)


def attached(given: Any) -> Any:
    return lambda k: given(k, PolicyArn=MANAGED)


def policy(k: Any, **more: Any) -> dict[str, Any]:
    return {"PolicyArn": k.policy, **more}


def profile(_k: Any, **more: Any) -> dict[str, Any]:
    return {"InstanceProfileName": "machine", **more}


def oidc(k: Any, **more: Any) -> dict[str, Any]:
    return {"OpenIDConnectProviderArn": k.oidc, **more}


def saml(k: Any, **more: Any) -> dict[str, Any]:
    return {"SAMLProviderArn": k.saml, **more}


def server(_k: Any, **more: Any) -> dict[str, Any]:
    return {"ServerCertificateName": "server", **more}


def device(k: Any, **more: Any) -> dict[str, Any]:
    return {"SerialNumber": k.device, **more}


def signing(k: Any, **more: Any) -> dict[str, Any]:
    return user(k, CertificateId=k.signing, **more)


def ssh(k: Any, **more: Any) -> dict[str, Any]:
    return user(k, SSHPublicKeyId=k.ssh, **more)


def credential(k: Any, **more: Any) -> dict[str, Any]:
    return user(k, ServiceSpecificCredentialId=k.credential, **more)


def access_key(k: Any, **more: Any) -> dict[str, Any]:
    return user(k, AccessKeyId=k.access_key, **more)


def tagging(noun: str, given: Any, *, list_name: str | None = None) -> tuple[Step, ...]:
    return (
        step(f"Tag{noun}", lambda k: given(k, Tags=TAGS)),
        step(f"List{list_name or noun}Tags", given),
        step(f"Untag{noun}", lambda k: given(k, TagKeys=["a"])),
    )


USERS = (
    step("CreateUser", user),
    step("GetUser", user),
    step("ListUsers"),
    step("UpdateUser", lambda k: user(k, NewPath="/people/")),
    step("PutUserPolicy", inline(user, PolicyDocument=POLICY)),
    step("GetUserPolicy", inline(user)),
    step("ListUserPolicies", user),
    step("AttachUserPolicy", attached(user)),
    step("ListAttachedUserPolicies", user),
    step("PutUserPermissionsBoundary", lambda k: user(k, PermissionsBoundary=MANAGED)),
    *tagging("User", user),
    step("CreateAccessKey", user, access_key="AccessKey.AccessKeyId"),
    step("ListAccessKeys", user),
    step("UpdateAccessKey", lambda k: access_key(k, Status="Inactive")),
    step("GetAccessKeyLastUsed", lambda k: {"AccessKeyId": k.access_key}),
    step("CreateLoginProfile", lambda _: {"UserName": AGENT, "Password": "Old-password-1!"}),
    step("GetLoginProfile", lambda _: {"UserName": AGENT}),
    step("UpdateLoginProfile", lambda _: {"UserName": AGENT, "Password": "Old-password-2!"}),
    step(
        "ChangePassword",
        lambda _: {"OldPassword": "Old-password-2!", "NewPassword": "New-password-3!"},
        by_agent=True,
    ),
    step(
        "CreateServiceSpecificCredential",
        lambda k: user(k, ServiceName="codecommit.amazonaws.com"),
        credential="ServiceSpecificCredential.ServiceSpecificCredentialId",
    ),
    step("ListServiceSpecificCredentials", user),
    step("ResetServiceSpecificCredential", credential),
    step("UpdateServiceSpecificCredential", lambda k: credential(k, Status="Inactive")),
    step(
        "UploadSigningCertificate",
        lambda k: user(k, CertificateBody=certificate()),
        signing="Certificate.CertificateId",
    ),
    step("ListSigningCertificates", user),
    step("UpdateSigningCertificate", lambda k: signing(k, Status="Inactive")),
    step(
        "UploadSSHPublicKey",
        lambda k: user(k, SSHPublicKeyBody=ssh_key()),
        ssh="SSHPublicKey.SSHPublicKeyId",
    ),
    step("GetSSHPublicKey", lambda k: ssh(k, Encoding="SSH")),
    step("ListSSHPublicKeys", user),
    step("UpdateSSHPublicKey", lambda k: ssh(k, Status="Inactive")),
    step(
        "CreateVirtualMFADevice",
        lambda _: {"VirtualMFADeviceName": "phone"},
        device="VirtualMFADevice.SerialNumber",
        seed="VirtualMFADevice.Base32StringSeed",
    ),
    step("EnableMFADevice", lambda k: user(k, **device(k), **codes(k, -2))),
    step("ListMFADevices", user),
    step("GetMFADevice", device),
    step("ListVirtualMFADevices"),
    step("ResyncMFADevice", lambda k: user(k, **device(k), **codes(k, 0))),
    *tagging("MFADevice", device),
)
GROUPS = (
    step("CreateGroup", group),
    step("GetGroup", group),
    step("ListGroups"),
    step("UpdateGroup", lambda k: group(k, NewPath="/teams/")),
    step("AddUserToGroup", lambda k: group(k, **user(k))),
    step("ListGroupsForUser", user),
    step("PutGroupPolicy", inline(group, PolicyDocument=POLICY)),
    step("GetGroupPolicy", inline(group)),
    step("ListGroupPolicies", group),
    step("AttachGroupPolicy", attached(group)),
    step("ListAttachedGroupPolicies", group),
)
ROLES = (
    step("CreateRole", lambda k: role(k, AssumeRolePolicyDocument=TRUST), role="Role.Arn"),
    step("GetRole", role),
    step("ListRoles"),
    step("UpdateRole", lambda k: role(k, MaxSessionDuration=7200)),
    step("UpdateRoleDescription", lambda k: role(k, Description="reads")),
    step("UpdateAssumeRolePolicy", lambda k: role(k, PolicyDocument=TRUST)),
    step("PutRolePolicy", inline(role, PolicyDocument=POLICY)),
    step("GetRolePolicy", inline(role)),
    step("ListRolePolicies", role),
    step("AttachRolePolicy", attached(role)),
    step("ListAttachedRolePolicies", role),
    step("PutRolePermissionsBoundary", lambda k: role(k, PermissionsBoundary=MANAGED)),
    *tagging("Role", role),
    step(
        "CreateServiceLinkedRole",
        lambda _: {"AWSServiceName": "ops.apigateway.amazonaws.com"},
        linked_role="Role.RoleName",
    ),
    step("CreateInstanceProfile", profile),
    step("GetInstanceProfile", profile),
    step("ListInstanceProfiles"),
    step("AddRoleToInstanceProfile", lambda k: profile(k, **role(k))),
    step("ListInstanceProfilesForRole", role),
    *tagging("InstanceProfile", profile),
)
POLICIES = (
    step(
        "CreatePolicy",
        lambda _: {"PolicyName": "own", "PolicyDocument": POLICY},
        policy="Policy.Arn",
    ),
    step("GetPolicy", policy),
    step("ListPolicies"),
    step("CreatePolicyVersion", lambda k: policy(k, PolicyDocument=POLICY)),
    step("GetPolicyVersion", lambda k: policy(k, VersionId="v2")),
    step("ListPolicyVersions", policy),
    step("SetDefaultPolicyVersion", lambda k: policy(k, VersionId="v2")),
    step("ListEntitiesForPolicy", policy),
    *tagging("Policy", policy),
    step(
        "ListPoliciesGrantingServiceAccess",
        lambda _: {"Arn": f"arn:aws:iam::{ACCOUNT}:user/people/alice", "ServiceNamespaces": ["s3"]},
    ),
    step("GetContextKeysForCustomPolicy", lambda _: {"PolicyInputList": [POLICY]}),
    step("GetContextKeysForPrincipalPolicy", lambda k: {"PolicySourceArn": k.role}),
    step(
        "SimulateCustomPolicy",
        lambda _: {"PolicyInputList": [POLICY], "ActionNames": ["s3:GetObject"]},
    ),
    step(
        "SimulatePrincipalPolicy",
        lambda k: {"PolicySourceArn": k.role, "ActionNames": ["s3:GetObject"]},
    ),
)
PROVIDERS = (
    step(
        "CreateOpenIDConnectProvider",
        lambda _: {"Url": "https://oidc.example.com", "ThumbprintList": [THUMBPRINT]},
        oidc="OpenIDConnectProviderArn",
    ),
    step("GetOpenIDConnectProvider", oidc),
    step("ListOpenIDConnectProviders"),
    step("AddClientIDToOpenIDConnectProvider", lambda k: oidc(k, ClientID="c")),
    step("RemoveClientIDFromOpenIDConnectProvider", lambda k: oidc(k, ClientID="c")),
    step("UpdateOpenIDConnectProviderThumbprint", lambda k: oidc(k, ThumbprintList=[THUMBPRINT])),
    *tagging("OpenIDConnectProvider", oidc),
    step(
        "CreateSAMLProvider",
        lambda _: {"Name": "idp", "SAMLMetadataDocument": SAML},
        saml="SAMLProviderArn",
    ),
    step("GetSAMLProvider", saml),
    step("ListSAMLProviders"),
    step("UpdateSAMLProvider", lambda k: saml(k, SAMLMetadataDocument=SAML)),
    *tagging("SAMLProvider", saml),
    step(
        "UploadServerCertificate",
        lambda k: server(k, CertificateBody=certificate(), PrivateKey=key_pem()),
    ),
    step("GetServerCertificate", server),
    step("ListServerCertificates"),
    step("UpdateServerCertificate", lambda k: server(k, NewPath="/servers/")),
    *tagging("ServerCertificate", server),
)
ACCOUNT_WIDE = (
    step("CreateAccountAlias", lambda _: {"AccountAlias": "bargate-test"}),
    step("ListAccountAliases"),
    step("GetAccountSummary"),
    step("UpdateAccountPasswordPolicy", lambda _: {"MinimumPasswordLength": 10}),
    step("GetAccountPasswordPolicy"),
    step("GetAccountAuthorizationDetails"),
)
STS = (
    sts("GetCallerIdentity"),
    sts("GetAccessKeyInfo", lambda k: {"AccessKeyId": k.access_key}),
    sts("GetSessionToken", by_agent=True),
    sts("GetFederationToken", lambda _: {"Name": "guest"}, by_agent=True),
    sts("AssumeRole", lambda k: {"RoleArn": k.role, "RoleSessionName": "work"}, by_agent=True),
    sts("DecodeAuthorizationMessage", lambda k: {"EncodedMessage": k.message}),
)
BUILD: tuple[Step, ...] = (
    *USERS, *GROUPS, *ROLES, *POLICIES, *PROVIDERS, *ACCOUNT_WIDE, *STS,
)  # fmt: skip

TEAR_DOWN: tuple[Step, ...] = (
    step("DeleteAccountPasswordPolicy"),
    step("DeleteAccountAlias", lambda _: {"AccountAlias": "bargate-test"}),
    step("DeleteServerCertificate", server),
    step("DeleteSAMLProvider", saml),
    step("DeleteOpenIDConnectProvider", oidc),
    step("SetDefaultPolicyVersion", lambda k: policy(k, VersionId="v1")),
    step("DeletePolicyVersion", lambda k: policy(k, VersionId="v2")),
    step("DeletePolicy", policy),
    step("RemoveRoleFromInstanceProfile", lambda k: profile(k, **role(k))),
    step("DeleteInstanceProfile", profile),
    step("DeleteServiceLinkedRole", lambda k: {"RoleName": k.linked_role}, task="DeletionTaskId"),
    step("GetServiceLinkedRoleDeletionStatus", lambda k: {"DeletionTaskId": k.task}),
    step("DeleteRolePermissionsBoundary", role),
    step("DetachRolePolicy", attached(role)),
    step("DeleteRolePolicy", inline(role)),
    step("DeleteRole", role),
    step("RemoveUserFromGroup", lambda k: group(k, **user(k))),
    step("DetachGroupPolicy", attached(group)),
    step("DeleteGroupPolicy", inline(group)),
    step("DeleteGroup", group),
    step("DeactivateMFADevice", lambda k: user(k, **device(k))),
    step("DeleteVirtualMFADevice", device),
    step("DeleteSSHPublicKey", ssh),
    step("DeleteSigningCertificate", signing),
    step("DeleteServiceSpecificCredential", credential),
    step("DeleteLoginProfile", lambda _: {"UserName": AGENT}),
    step("DeleteAccessKey", access_key),
    step("DeleteUserPermissionsBoundary", user),
    step("DetachUserPolicy", attached(user)),
    step("DeleteUserPolicy", inline(user)),
    step("DeleteUser", user),
)
