"""The script's part of user pools: one pool, its clients, users and groups, and users who sign in."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

from bargate.identity.totp import code_of, step_at
from bargate.secret import Secret
from bargate.userpool.user_sessions import session_id
from conformance.control.script import Given, Step, steps_of
from passkey_client import Authenticator, encoded

step = steps_of("cognito-idp")
FIRST, OWN = "Temporary-1", "Longer-than-2!"
FLOWS = [
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
]
# Operations that users call without AWS credentials: a password or a token says what they may.
UNSIGNED = frozenset(
    f"cognito-idp:{name}"
    for name in (
        "InitiateAuth",
        "RespondToAuthChallenge",
        "SignUp",
        "ConfirmSignUp",
        "ResendConfirmationCode",
        "ForgotPassword",
        "ConfirmForgotPassword",
        "ChangePassword",
        "UpdateUserAttributes",
        "DeleteUserAttributes",
        "GetUserAttributeVerificationCode",
        "VerifyUserAttribute",
        "DeleteUser",
        "RevokeToken",
        "GlobalSignOut",
        "GetTokensFromRefreshToken",
        "GetUser",
        "ConfirmDevice",
        "GetDevice",
        "ListDevices",
        "UpdateDeviceStatus",
        "ForgetDevice",
        "AssociateSoftwareToken",
        "VerifySoftwareToken",
        "SetUserMFAPreference",
        "SetUserSettings",
        "GetUserAuthFactors",
        "StartWebAuthnRegistration",
        "CompleteWebAuthnRegistration",
        "ListWebAuthnCredentials",
        "DeleteWebAuthnCredential",
        "ListUserSessions",
        "RevokeUserSession",
        "UpdateAuthEventFeedback",
    )
)


def pool(known: Any, **more: Any) -> dict[str, Any]:
    return {"UserPoolId": known.pool, **more}


def client(known: Any, **more: Any) -> dict[str, Any]:
    return pool(known, ClientId=known.pool_client, **more)


def user(known: Any, name: str = "ann", **more: Any) -> dict[str, Any]:
    return pool(known, Username=name, **more)


def job(known: Any) -> dict[str, Any]:
    return pool(known, JobId=known.import_job)


def group(known: Any, **more: Any) -> dict[str, Any]:
    return pool(known, GroupName="staff", **more)


def server(known: Any, **more: Any) -> dict[str, Any]:
    return pool(known, Identifier="https://pets", **more)


def provider(known: Any, **more: Any) -> dict[str, Any]:
    return pool(known, ProviderName="works", **more)


OIDC = {
    "client_id": "us",
    "client_secret": "long-enough-secret",
    "attributes_request_method": "GET",
    "oidc_issuer": "https://works.example.org",
    "authorize_scopes": "openid email",
}
ELSEWHERE = {
    "ProviderName": "works",
    "ProviderAttributeName": "Cognito_Subject",
    "ProviderAttributeValue": "42",
}
LOG_GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:people"
LOGS = [
    {
        "LogLevel": "ERROR",
        "EventSource": "userNotification",
        "CloudWatchLogsConfiguration": {"LogGroupArn": LOG_GROUP},
    }
]
RISK = {"Actions": {"EventAction": "BLOCK"}}


def own_device(known: Any, **more: Any) -> dict[str, Any]:
    return {"AccessToken": known.access_token, "DeviceKey": known.pool_device, **more}


def new_user(name: str) -> Given:
    return lambda known: user(
        known,
        name,
        TemporaryPassword=FIRST,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": "email", "Value": f"{name}@example.org"}],
    )


def password_of(name: str) -> dict[str, Any]:
    return {"AuthParameters": {"USERNAME": name, "PASSWORD": FIRST}}


def own_password_of(name: str) -> dict[str, Any]:
    return {
        "ChallengeName": "NEW_PASSWORD_REQUIRED",
        "ChallengeResponses": {"USERNAME": name, "NEW_PASSWORD": OWN},
    }


def first_code(known: Any) -> dict[str, Any]:
    step = step_at(datetime.now(UTC).timestamp())
    return {"AccessToken": known.access_token, "UserCode": code_of(Secret(known.totp), step)}


def of_app(known: Any, name: str, **more: Any) -> dict[str, Any]:
    return {"ClientId": known.pool_client, "Username": name, **more}


def sign_up(name: str) -> Given:
    return lambda known: of_app(
        known,
        name,
        Password=OWN,
        UserAttributes=[{"Name": "email", "Value": f"{name}@example.org"}],
    )


def coded(name: str, **more: Any) -> Given:
    """Give back the code that a user was sent."""
    return lambda known: of_app(
        known, name, ConfirmationCode=known.code_to(f"{name}@example.org"), **more
    )


def again(known: Any) -> dict[str, Any]:
    return {
        "ClientId": known.pool_client,
        "AuthFlow": "USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": "ann", "PASSWORD": OWN},
    }


def session_of(token: str) -> str:
    """Give the id of the session that an access token is of."""
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return session_id(claims["origin_jti"])


def own(known: Any, **more: Any) -> dict[str, Any]:
    return {"AccessToken": known.access_token, **more}


AUTHENTICATOR = Authenticator()


def new_passkey(known: Any) -> dict[str, Any]:
    return own(known, Credential=AUTHENTICATOR.create(known.passkey_options, "https://example.org"))


LOGS_ROLE = "arn:aws:iam::123456789012:role/logs"
DEVICES = {"ChallengeRequiredOnNewDevice": False, "DeviceOnlyRememberedOnUserPrompt": True}
VERIFIER = {"Salt": "c2FsdA==", "PasswordVerifier": "dmVyaWZpZXI="}
TOKEN_PREFERRED = {"SoftwareTokenMfaSettings": {"Enabled": True, "PreferredMfa": True}}

BUILD: tuple[Step, ...] = (
    step(
        "CreateUserPool",
        lambda _: {"PoolName": "people", "UserPoolTags": {"team": "a"}},
        pool="UserPool.Id",
        pool_arn="UserPool.Arn",
    ),
    step("DescribeUserPool", pool),
    step("ListUserPools", lambda _: {"MaxResults": 10}),
    step(
        "UpdateUserPool",
        lambda k: pool(
            k,
            AutoVerifiedAttributes=["email"],
            DeviceConfiguration=DEVICES,
            UserPoolTier="PLUS",
            UserPoolAddOns={"AdvancedSecurityMode": "AUDIT"},
            Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}},
        ),
    ),
    step("SetRiskConfiguration", lambda k: pool(k, CompromisedCredentialsRiskConfiguration=RISK)),
    step("DescribeRiskConfiguration", pool),
    step("SetLogDeliveryConfiguration", lambda k: pool(k, LogConfigurations=LOGS)),
    step("GetLogDeliveryConfiguration", pool),
    step(
        "SetUserPoolSessionConfiguration",
        lambda k: pool(k, UserSessionTracking="ENABLED", TokenSession={"MaxPerUser": 5}),
    ),
    step("GetUserPoolSessionConfiguration", pool),
    step(
        "CreateIdentityProvider",
        lambda k: provider(
            k, ProviderType="OIDC", ProviderDetails=OIDC, IdpIdentifiers=["works.example.org"]
        ),
    ),
    step("DescribeIdentityProvider", provider),
    step("UpdateIdentityProvider", lambda k: provider(k, AttributeMapping={"email": "email"})),
    step("ListIdentityProviders", pool),
    step("GetIdentityProviderByIdentifier", lambda k: pool(k, IdpIdentifier="works.example.org")),
    step(
        "AddCustomAttributes",
        lambda k: pool(k, CustomAttributes=[{"Name": "team", "AttributeDataType": "String"}]),
    ),
    step(
        "SetUserPoolMfaConfig",
        lambda k: pool(
            k,
            SoftwareTokenMfaConfiguration={"Enabled": True},
            WebAuthnConfiguration={"RelyingPartyId": "example.org"},
        ),
    ),
    step("GetUserPoolMfaConfig", pool),
    step("TagResource", lambda k: {"ResourceArn": k.pool_arn, "Tags": {"stage": "b"}}),
    step("ListTagsForResource", lambda k: {"ResourceArn": k.pool_arn}),
    step("UntagResource", lambda k: {"ResourceArn": k.pool_arn, "TagKeys": ["stage"]}),
    step("CreateResourceServer", lambda k: server(k, Name="pets")),
    step("DescribeResourceServer", server),
    step(
        "UpdateResourceServer",
        lambda k: server(
            k, Name="pets", Scopes=[{"ScopeName": "read", "ScopeDescription": "Read"}]
        ),
    ),
    step("ListResourceServers", pool),
    step(
        "CreateUserPoolClient",
        lambda k: pool(k, ClientName="server", GenerateSecret=True),
        pool_client="UserPoolClient.ClientId",
    ),
    step("AddUserPoolClientSecret", client, secret_id="ClientSecretDescriptor.ClientSecretId"),
    step("ListUserPoolClientSecrets", client),
    step("DeleteUserPoolClientSecret", lambda k: client(k, ClientSecretId=k.secret_id)),
    step("DeleteUserPoolClient", client),
    step(
        "CreateUserPoolClient",
        lambda k: pool(k, ClientName="app", ExplicitAuthFlows=FLOWS),
        pool_client="UserPoolClient.ClientId",
    ),
    step("DescribeUserPoolClient", client),
    step("UpdateUserPoolClient", lambda k: client(k, ExplicitAuthFlows=FLOWS)),
    step("ListUserPoolClients", pool),
    step(
        "SetUserPoolClientSessionConfiguration",
        lambda k: client(k, SSOSession={"MaxValidityMinutes": 5}),
    ),
    step("GetUserPoolClientSessionConfiguration", client),
    step("AdminCreateUser", new_user("ann")),
    step("AdminCreateUser", new_user("ben")),
    step("AdminGetUser", user),
    step("ListUsers", lambda k: pool(k, Filter='email ^= "ann"')),
    step(
        "AdminUpdateUserAttributes",
        lambda k: user(k, UserAttributes=[{"Name": "name", "Value": "Ann"}]),
    ),
    step(
        "AdminLinkProviderForUser",
        lambda k: pool(
            k,
            DestinationUser={"ProviderName": "Cognito", "ProviderAttributeValue": "ann"},
            SourceUser=ELSEWHERE,
        ),
    ),
    step("AdminDisableProviderForUser", lambda k: pool(k, User=ELSEWHERE)),
    step("AdminDeleteUserAttributes", lambda k: user(k, UserAttributeNames=["name"])),
    step("GetCSVHeader", pool),
    step(
        "CreateUserImportJob",
        lambda k: pool(k, JobName="people", CloudWatchLogsRoleArn=LOGS_ROLE),
        import_job="UserImportJob.JobId",
    ),
    step("DescribeUserImportJob", job),
    step("ListUserImportJobs", lambda k: pool(k, MaxResults=10)),
    step(
        "StartUserImportJob",
        job,
        refused="PreconditionNotMetException",
        why="no file was uploaded: there is no socket to upload it to",
    ),
    step(
        "StopUserImportJob",
        job,
        refused="PreconditionNotMetException",
        why="a job that did not start cannot be stopped",
    ),
    step("CreateGroup", lambda k: group(k, Precedence=1)),
    step("GetGroup", group),
    step("UpdateGroup", lambda k: group(k, Description="who works here")),
    step("ListGroups", pool),
    step("AdminAddUserToGroup", lambda k: group(k, Username="ann")),
    step("ListUsersInGroup", group),
    step("AdminListGroupsForUser", user),
    step(
        "InitiateAuth",
        lambda k: {
            "ClientId": k.pool_client,
            "AuthFlow": "USER_PASSWORD_AUTH",
            **password_of("ann"),
        },
        session="Session",
    ),
    step(
        "RespondToAuthChallenge",
        lambda k: {"ClientId": k.pool_client, "Session": k.session, **own_password_of("ann")},
        access_token="AuthenticationResult.AccessToken",
        refresh_token="AuthenticationResult.RefreshToken",
        pool_device="AuthenticationResult.NewDeviceMetadata.DeviceKey",
    ),
    step("AdminListUserSessions", user),
    step("ConfirmDevice", lambda k: own_device(k, DeviceSecretVerifierConfig=VERIFIER)),
    step("GetDevice", own_device),
    step("ListDevices", lambda k: {"AccessToken": k.access_token}),
    step("UpdateDeviceStatus", lambda k: own_device(k, DeviceRememberedStatus="remembered")),
    step("AdminGetDevice", lambda k: user(k, DeviceKey=k.pool_device)),
    step("AdminListDevices", user),
    step(
        "AdminUpdateDeviceStatus",
        lambda k: user(k, DeviceKey=k.pool_device, DeviceRememberedStatus="not_remembered"),
    ),
    step("GetUser", lambda k: {"AccessToken": k.access_token}),
    step(
        "AssociateSoftwareToken",
        lambda k: {"AccessToken": k.access_token},
        totp="SecretCode",
    ),
    step("VerifySoftwareToken", first_code),
    step("SetUserMFAPreference", lambda k: {"AccessToken": k.access_token, **TOKEN_PREFERRED}),
    step("AdminSetUserMFAPreference", lambda k: user(k, **TOKEN_PREFERRED)),
    step("SetUserSettings", lambda k: {"AccessToken": k.access_token, "MFAOptions": []}),
    step("AdminSetUserSettings", lambda k: user(k, MFAOptions=[])),
    step("GetUserAuthFactors", lambda k: {"AccessToken": k.access_token}),
    step("AdminGetUserAuthFactors", user),
    step("AdminDeleteSoftwareToken", user),
    step("StartWebAuthnRegistration", own, passkey_options="CredentialCreationOptions"),
    step("CompleteWebAuthnRegistration", new_passkey),
    step("ListWebAuthnCredentials", own),
    step(
        "DeleteWebAuthnCredential",
        lambda k: own(k, CredentialId=encoded(AUTHENTICATOR.held[-1].id)),
    ),
    step("ListUserSessions", own),
    step("InitiateAuth", again, second_token="AuthenticationResult.AccessToken"),
    step("InitiateAuth", again, third_token="AuthenticationResult.AccessToken"),
    step("RevokeUserSession", lambda k: own(k, SessionId=session_of(k.second_token))),
    step("AdminRevokeUserSession", lambda k: user(k, SessionId=session_of(k.third_token))),
    step(
        "GetTokensFromRefreshToken",
        lambda k: {
            "ClientId": k.pool_client,
            "RefreshToken": k.refresh_token,
            "DeviceKey": k.pool_device,
        },
    ),
    step(
        "AdminInitiateAuth",
        lambda k: client(k, AuthFlow="ADMIN_USER_PASSWORD_AUTH", **password_of("ben")),
        admin_session="Session",
    ),
    step(
        "AdminRespondToAuthChallenge",
        lambda k: client(k, Session=k.admin_session, **own_password_of("ben")),
        ben_token="AuthenticationResult.AccessToken",
        ben_device="AuthenticationResult.NewDeviceMetadata.DeviceKey",
    ),
    step(
        "ConfirmDevice",
        lambda k: {
            "AccessToken": k.ben_token,
            "DeviceKey": k.ben_device,
            "DeviceSecretVerifierConfig": VERIFIER,
        },
    ),
    step("AdminForgetDevice", lambda k: user(k, "ben", DeviceKey=k.ben_device)),
    step("AdminSetUserPassword", lambda k: user(k, "ben", Password=FIRST + "!")),
    step("SignUp", sign_up("cat")),
    step("ResendConfirmationCode", lambda k: of_app(k, "cat")),
    step("ConfirmSignUp", coded("cat")),
    step("ForgotPassword", lambda k: of_app(k, "cat")),
    step("ConfirmForgotPassword", coded("cat", Password=FIRST)),
    step("AdminResetUserPassword", lambda k: user(k, "cat")),
    step("SignUp", sign_up("dan")),
    step("AdminConfirmSignUp", lambda k: user(k, "dan")),
    step(
        "UpdateUserAttributes",
        lambda k: own(k, UserAttributes=[{"Name": "nickname", "Value": "A"}]),
    ),
    step("GetUserAttributeVerificationCode", lambda k: own(k, AttributeName="email")),
    step(
        "VerifyUserAttribute",
        lambda k: own(k, AttributeName="email", Code=k.code_to("ann@example.org")),
    ),
    step("DeleteUserAttributes", lambda k: own(k, UserAttributeNames=["nickname"])),
    step("ChangePassword", lambda k: own(k, PreviousPassword=OWN, ProposedPassword=OWN + "!")),
    step("AdminListUserAuthEvents", user),
    step(
        "AdminUpdateAuthEventFeedback",
        lambda k: user(k, EventId="none", FeedbackValue="Valid"),
        refused="InvalidParameterException",
        why="events get their ids a moment after the sign-in",
    ),
    step(
        "UpdateAuthEventFeedback",
        lambda k: user(k, EventId="none", FeedbackToken="none", FeedbackValue="Valid"),
        refused="NotAuthorizedException",
        why="no mail that gives a token is ever sent",
    ),
    step("ForgetDevice", own_device),
    step("GlobalSignOut", own),
    step("AdminUserGlobalSignOut", user),
    step("RevokeToken", lambda k: {"ClientId": k.pool_client, "Token": k.refresh_token}),
)

TEAR_DOWN: tuple[Step, ...] = (
    step("AdminRemoveUserFromGroup", lambda k: group(k, Username="ann")),
    step("DeleteGroup", group),
    step("AdminDisableUser", user),
    step("AdminEnableUser", user),
    step("AdminDeleteUser", user),
    step("DeleteUser", lambda k: {"AccessToken": k.ben_token}),
    step("DeleteUserPoolClient", client),
    step("DeleteIdentityProvider", provider),
    step("DeleteResourceServer", server),
    step("DeleteUserPool", pool),
)
