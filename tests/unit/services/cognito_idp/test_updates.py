"""What an update leaves, sets back and refuses: pools, their schema and plan, clients, tags."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.endpoint import Endpoint

from e2e.userpools.directory import refusal

INVALID = "InvalidParameterException"
NO_PLAN = "FeatureUnavailableInTierException"
LOG_GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:people"
NOTIFY = {
    "SourceArn": "arn:aws:ses:us-east-1:123456789012:identity/a@example.org",
    "BlockEmail": {"Subject": "No", "TextBody": "Blocked"},
}
BLOCK = {"Notify": True, "EventAction": "BLOCK"}
COMPROMISED = {"Actions": {"EventAction": "BLOCK"}}


@pytest.fixture(scope="module")
def idp() -> Iterator[Any]:
    with Endpoint() as endpoint:
        yield endpoint.client("cognito-idp")


class Pool:
    """A pool with a client."""

    def __init__(self, idp: Any, **more: Any) -> None:
        self.idp = idp
        made = idp.create_user_pool(PoolName="p", **more)["UserPool"]
        self.id, self.arn = made["Id"], made["Arn"]
        self.client_id = self.make_client()["ClientId"]

    def make_client(self, **more: Any) -> Any:
        given = {"UserPoolId": self.id, "ClientName": "c", **more}
        return self.idp.create_user_pool_client(**given)["UserPoolClient"]

    def update(self, **more: Any) -> Any:
        self.idp.update_user_pool(UserPoolId=self.id, **more)
        return self.idp.describe_user_pool(UserPoolId=self.id)["UserPool"]

    def update_client(self, **more: Any) -> Any:
        where = {"UserPoolId": self.id, "ClientId": self.client_id}
        return self.idp.update_user_pool_client(**where, **more)["UserPoolClient"]

    def set_mfa(self, **more: Any) -> Any:
        return self.idp.set_user_pool_mfa_config(UserPoolId=self.id, **more)

    def add_attributes(self, *given: dict[str, Any]) -> None:
        self.idp.add_custom_attributes(UserPoolId=self.id, CustomAttributes=list(given))

    def set_risk(self, **more: Any) -> Any:
        found = self.idp.set_risk_configuration(UserPoolId=self.id, **more)
        return found["RiskConfiguration"]

    def risk(self, **more: Any) -> Any:
        found = self.idp.describe_risk_configuration(UserPoolId=self.id, **more)
        return found["RiskConfiguration"]

    def log(self, *given: dict[str, Any]) -> Any:
        self.idp.set_log_delivery_configuration(UserPoolId=self.id, LogConfigurations=list(given))
        found = self.idp.get_log_delivery_configuration(UserPoolId=self.id)
        return found["LogDeliveryConfiguration"]["LogConfigurations"]


@pytest.fixture
def pool(idp: Any) -> Pool:
    return Pool(idp)


def test_every_setting_that_is_not_said_again_is_the_default(pool: Pool) -> None:
    plain = pool.update()
    changed = pool.update(
        Policies={"PasswordPolicy": {"MinimumLength": 99}},
        DeletionProtection="ACTIVE",
        AutoVerifiedAttributes=["email"],
        UserAttributeUpdateSettings={"AttributesRequireVerificationBeforeUpdate": ["email"]},
        DeviceConfiguration={"ChallengeRequiredOnNewDevice": True},
        AccountRecoverySetting={"RecoveryMechanisms": [{"Priority": 1, "Name": "verified_email"}]},
        VerificationMessageTemplate={"EmailMessage": "Code {####}", "EmailSubject": "Code"},
        SmsAuthenticationMessage="Code {####}",
        AdminCreateUserConfig={"AllowAdminCreateUserOnly": True},
        EmailConfiguration={
            "EmailSendingAccount": "COGNITO_DEFAULT",
            "ReplyToEmailAddress": "a@x.org",
        },
        UserPoolTags={"a": "b"},
        UserPoolTier="PLUS",
        UserPoolAddOns={"AdvancedSecurityMode": "AUDIT"},
        LambdaConfig={"PreSignUp": "arn:aws:lambda:us-east-1:123456789012:function:f"},
        PoolName="q",
    )
    assert sum(changed.get(name) != plain.get(name) for name in changed) >= 14
    after = pool.update()
    assert (after.pop("Name"), plain.pop("Name")) == ("q", "p")  # a name has no default
    for told in (after, plain):
        told.pop("LastModifiedDate")
    assert after == plain


def test_mfa_ends_with_an_update_that_does_not_say_it(pool: Pool) -> None:
    refused = refusal(pool.update, MfaConfiguration="OPTIONAL")
    assert refused[0] == INVALID
    pool.set_mfa(SoftwareTokenMfaConfiguration={"Enabled": True}, MfaConfiguration="ON")
    assert pool.update(MfaConfiguration="OPTIONAL")["MfaConfiguration"] == "OPTIONAL"
    assert pool.update()["MfaConfiguration"] == "OFF"
    found = pool.idp.get_user_pool_mfa_config(UserPoolId=pool.id)
    assert found["SoftwareTokenMfaConfiguration"] == {"Enabled": True}
    alone = refusal(
        pool.set_mfa, SoftwareTokenMfaConfiguration={"Enabled": False}, MfaConfiguration="ON"
    )
    assert alone[0] == INVALID


def test_a_schema_only_grows(pool: Pool) -> None:
    pool.add_attributes({"Name": "team", "AttributeDataType": "String"})
    for wrong in (
        {"Name": "team"},
        {"Name": "a:b"},
        {"Name": "must", "Required": True},
        {"Name": "n", "StringAttributeConstraints": {"MinLength": "9", "MaxLength": "1"}},
    ):
        assert refusal(pool.add_attributes, wrong)[0] == INVALID
    twice = ({"Name": "x"}, {"Name": "x"})
    assert refusal(pool.add_attributes, *twice)[0] == INVALID
    told = pool.update()["SchemaAttributes"]
    assert [each["Name"] for each in told[20:]] == ["custom:team"]
    assert told[20]["Mutable"] is True


@pytest.mark.parametrize("length", [5, 100])
def test_passwords_have_6_to_99_characters_at_least(pool: Pool, length: int) -> None:
    policy = {"Policies": {"PasswordPolicy": {"MinimumLength": length}}}
    assert refusal(pool.update, **policy)[0] in (INVALID, "ValidationException")


def test_a_temporary_password_has_one_validity(pool: Pool) -> None:
    days = {"PasswordPolicy": {"MinimumLength": 8, "TemporaryPasswordValidityDays": 3}}
    old = {"UnusedAccountValidityDays": 4}
    assert refusal(pool.update, Policies=days, AdminCreateUserConfig=old)[0] == INVALID
    assert pool.update(Policies=days)["AdminCreateUserConfig"]["UnusedAccountValidityDays"] == 3


@pytest.mark.parametrize(
    ("given", "needed"),
    [
        ({"Policies": {"PasswordPolicy": {"PasswordHistorySize": 1}}}, "ESSENTIALS"),
        (
            {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}},
            "ESSENTIALS",
        ),
        (
            {
                "LambdaConfig": {
                    "PreTokenGenerationConfig": {
                        "LambdaVersion": "V2_0",
                        "LambdaArn": "arn:aws:lambda:us-east-1:123456789012:function:f",
                    }
                }
            },
            "ESSENTIALS",
        ),
        ({"UserPoolAddOns": {"AdvancedSecurityMode": "ENFORCED"}}, "PLUS"),
    ],
)
def test_a_feature_needs_its_plan(pool: Pool, given: dict[str, Any], needed: str) -> None:
    too_small = "LITE" if needed == "ESSENTIALS" else "ESSENTIALS"
    assert refusal(pool.update, UserPoolTier=too_small, **given)[0] == NO_PLAN
    assert refusal(pool.idp.create_user_pool, PoolName="q", UserPoolTier=too_small, **given)[0] == (
        NO_PLAN
    )
    assert pool.update(UserPoolTier=needed, **given)["UserPoolTier"] == needed


def test_a_plan_that_is_too_small_for_what_is_used_is_refused(pool: Pool) -> None:
    pool.update_client(ExplicitAuthFlows=["ALLOW_USER_AUTH"])
    refused = "TierChangeNotAllowedException"
    assert refusal(pool.update, UserPoolTier="LITE")[0] == refused
    pool.update_client()
    pool.set_mfa(EmailMfaConfiguration={"Message": "{####}", "Subject": "s"})
    assert refusal(pool.update, UserPoolTier="LITE")[0] == refused
    small = Pool(pool.idp, UserPoolTier="LITE")
    told = refusal(small.update_client, ExplicitAuthFlows=["ALLOW_USER_AUTH"])
    assert told[0] == NO_PLAN
    told = refusal(small.set_mfa, EmailMfaConfiguration={"Message": "{####}", "Subject": "s"})
    assert told[0] == NO_PLAN


def test_a_client_is_set_back_as_a_whole(pool: Pool) -> None:
    plain = pool.update_client()
    changed = pool.update_client(
        RefreshTokenValidity=2,
        AccessTokenValidity=10,
        IdTokenValidity=10,
        TokenValidityUnits={
            "AccessToken": "minutes",
            "IdToken": "minutes",
            "RefreshToken": "hours",
        },
        ReadAttributes=["email"],
        WriteAttributes=["email"],
        ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH"],
        CallbackURLs=["https://example.org/"],
        PreventUserExistenceErrors="ENABLED",
        EnableTokenRevocation=False,
        AuthSessionValidity=15,
        RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 60},
        ClientName="d",
    )
    assert changed["TokenValidityUnits"]["RefreshToken"] == "hours"
    assert changed["RefreshTokenRotation"]["RetryGracePeriodSeconds"] == 60
    after = pool.update_client()
    assert (after.pop("ClientName"), plain.pop("ClientName")) == ("d", "c")
    for told in (after, plain):
        told.pop("LastModifiedDate")
    assert after == plain
    assert after["RefreshTokenValidity"] == 30
    assert after["EnableTokenRevocation"] is True


@pytest.mark.parametrize(
    ("member", "unit", "value", "is_good"),
    [
        ("AccessToken", "minutes", 4, False),
        ("AccessToken", "minutes", 5, True),
        ("IdToken", "seconds", 299, False),
        ("IdToken", "hours", 24, True),
        ("IdToken", "hours", 25, False),
        ("AccessToken", "days", 1, True),
        ("RefreshToken", "minutes", 59, False),
        ("RefreshToken", "minutes", 60, True),
        ("RefreshToken", "days", 3650, True),
        ("RefreshToken", "hours", 87_601, False),
    ],
)
def test_tokens_are_valid_within_bounds(
    pool: Pool, member: str, unit: str, value: int, is_good: bool
) -> None:
    given = {f"{member}Validity": value, "TokenValidityUnits": {member: unit}}
    if is_good:
        assert pool.update_client(**given)[f"{member}Validity"] == value
    else:
        assert refusal(pool.update_client, **given)[0] == INVALID


@pytest.mark.parametrize(
    "flows",
    [
        ["ALLOW_USER_SRP_AUTH", "ADMIN_NO_SRP_AUTH"],
        ["CUSTOM_AUTH_FLOW_ONLY", "ALLOW_CUSTOM_AUTH"],
        ["USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    ],
)
def test_flows_of_both_kinds_are_not_mixed(pool: Pool, flows: list[str]) -> None:
    assert refusal(pool.update_client, ExplicitAuthFlows=flows)[0] == INVALID
    assert pool.update_client(ExplicitAuthFlows=flows[:1])["ExplicitAuthFlows"] == flows[:1]


def test_clients_name_attributes_that_there_are(pool: Pool) -> None:
    for kind in ("ReadAttributes", "WriteAttributes"):
        assert refusal(pool.update_client, **{kind: ["custom:team"]})[0] == INVALID
    pool.add_attributes({"Name": "team"})
    for kind in ("ReadAttributes", "WriteAttributes"):
        assert pool.update_client(**{kind: ["custom:team"]})[kind] == ["custom:team"]
    for flag in ("email_verified", "phone_number_verified", "sub"):
        assert refusal(pool.update_client, WriteAttributes=[flag])[0] == INVALID


def test_tags_come_and_go(pool: Pool) -> None:
    where = {"ResourceArn": pool.arn}
    pool.idp.tag_resource(**where, Tags={"a": "1", "b": "2"})
    pool.idp.tag_resource(**where, Tags={"a": "3"})
    pool.idp.untag_resource(**where, TagKeys=["b", "none"])
    assert pool.idp.list_tags_for_resource(**where)["Tags"] == {"a": "3"}
    assert refusal(pool.idp.tag_resource, **where, Tags={"AWS:a": "1"})[0] == INVALID
    many = {f"t{number}": "" for number in range(50)}
    assert refusal(pool.idp.tag_resource, **where, Tags=many)[0] == INVALID


def test_risks_are_answered_by_a_client_or_by_its_pool(pool: Pool) -> None:
    off = refusal(pool.set_risk, CompromisedCredentialsRiskConfiguration=COMPROMISED)
    assert off[0] == "UserPoolAddOnNotEnabledException"
    pool.update(UserPoolTier="PLUS", UserPoolAddOns={"AdvancedSecurityMode": "ENFORCED"})
    client = {"ClientId": pool.client_id}
    assert pool.risk() == pool.risk(**client) == {"UserPoolId": pool.id}
    pool.set_risk(CompromisedCredentialsRiskConfiguration=COMPROMISED)
    told = pool.risk(**client)
    assert told["CompromisedCredentialsRiskConfiguration"] == COMPROMISED
    assert "ClientId" not in told
    ranges = {"BlockedIPRangeList": ["192.0.2.0/24", "2001:db8::/32"]}
    pool.set_risk(**client, RiskExceptionConfiguration=ranges)
    told = pool.risk(**client)
    assert told["RiskExceptionConfiguration"] == ranges
    assert told["ClientId"] == pool.client_id
    assert "CompromisedCredentialsRiskConfiguration" not in told
    pool.set_risk(**client)  # inherited from the pool again
    assert "ClientId" not in pool.risk(**client)
    pool.set_risk()
    assert pool.risk() == {"UserPoolId": pool.id}
    for wrong in (
        {"RiskExceptionConfiguration": {"SkippedIPRangeList": ["192.0.2.0/33"]}},
        {"AccountTakeoverRiskConfiguration": {"Actions": {"LowAction": BLOCK}}},
    ):
        assert refusal(pool.set_risk, **wrong)[0] == INVALID
    takeover = {"Actions": {"LowAction": BLOCK}, "NotifyConfiguration": NOTIFY}
    told = pool.set_risk(AccountTakeoverRiskConfiguration=takeover)
    assert told["AccountTakeoverRiskConfiguration"] == takeover


def test_what_was_set_for_a_client_goes_with_it(pool: Pool) -> None:
    pool.update(UserPoolTier="PLUS", UserPoolAddOns={"AdvancedSecurityMode": "AUDIT"})
    gone = {"ClientId": pool.make_client()["ClientId"]}
    pool.set_risk(**gone, CompromisedCredentialsRiskConfiguration=COMPROMISED)
    pool.idp.delete_user_pool_client(UserPoolId=pool.id, **gone)
    assert refusal(pool.risk, **gone)[0] == "ResourceNotFoundException"


def test_logs_go_where_their_source_may_go(pool: Pool) -> None:
    group = {"CloudWatchLogsConfiguration": {"LogGroupArn": LOG_GROUP}}
    bucket = {"S3Configuration": {"BucketArn": "arn:aws:s3:::bucket"}}
    notices = {"LogLevel": "ERROR", "EventSource": "userNotification"}
    events = {"LogLevel": "INFO", "EventSource": "userAuthEvents"}
    other = {"CloudWatchLogsConfiguration": {"LogGroupArn": LOG_GROUP.replace("123", "999")}}
    assert pool.log(notices | group) == [notices | group]
    for wrong in (
        [notices],
        [notices | bucket],
        [notices | group | bucket],
        [notices | other],
        [notices | group | {"LogLevel": "INFO"}],
        [notices | group, notices | group],
    ):
        assert refusal(pool.log, *wrong)[0] == INVALID
    assert refusal(pool.log, events | bucket)[0] == NO_PLAN
    pool.update(UserPoolTier="PLUS")
    assert pool.log(notices | group, events | bucket) == [notices | group, events | bucket]
    assert pool.log() == []
