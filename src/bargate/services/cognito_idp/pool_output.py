"""A user pool as AWS writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bargate.userpool.schema import attribute_output

if TYPE_CHECKING:
    from bargate.records.user_pool import PoolPasswordPolicy, UserPool, VerificationTemplate


def pool_output(pool: UserPool, users: int) -> dict[str, Any]:
    """Write a pool; members that were never said are left out."""
    output = {
        "Id": pool.id,
        "Name": pool.name,
        "Arn": pool.arn,
        "Policies": {
            "PasswordPolicy": _password_policy(pool.password_policy),
            "SignInPolicy": {"AllowedFirstAuthFactors": list(pool.first_factors)},
        },
        "DeletionProtection": "ACTIVE" if pool.is_protected else "INACTIVE",
        "LambdaConfig": pool.lambda_config,
        "CreationDate": pool.created_at,
        "LastModifiedDate": pool.modified_at,
        "SchemaAttributes": [attribute_output(each) for each in pool.schema],
        "VerificationMessageTemplate": _template(pool.verification),
        "MfaConfiguration": pool.mfa,
        "EstimatedNumberOfUsers": users,
        "EmailConfiguration": {"EmailSendingAccount": "COGNITO_DEFAULT"},
        "UserPoolTags": pool.tags,
        "AdminCreateUserConfig": _invitation(pool),
        "UserPoolTier": "ESSENTIALS",  # AWS [M]: the default
    }
    return output | _said(pool) | pool.stored


def _said(pool: UserPool) -> dict[str, Any]:
    """Give the members that are there only when they were set."""
    template = pool.verification
    said: dict[str, Any] = {
        "AutoVerifiedAttributes": list(pool.auto_verified) or None,
        "AliasAttributes": list(pool.alias_attributes) or None,
        "UsernameAttributes": list(pool.username_attributes) or None,
        "SmsVerificationMessage": template.sms_message,
        "EmailVerificationMessage": template.email_message,
        "EmailVerificationSubject": template.email_subject,
        "SmsAuthenticationMessage": pool.sms_authentication_message,
    }
    if pool.verified_before_update:
        names = list(pool.verified_before_update)
        said["UserAttributeUpdateSettings"] = {"AttributesRequireVerificationBeforeUpdate": names}
    if pool.case_sensitive is not None:
        said["UsernameConfiguration"] = {"CaseSensitive": pool.case_sensitive}
    if pool.devices is not None:
        said["DeviceConfiguration"] = {
            "ChallengeRequiredOnNewDevice": pool.devices.challenge_required_on_new_device,
            "DeviceOnlyRememberedOnUserPrompt": pool.devices.only_remembered_on_user_prompt,
        }
    if pool.recovery is not None:
        mechanisms = [{"Priority": at, "Name": name} for at, name in enumerate(pool.recovery, 1)]
        said["AccountRecoverySetting"] = {"RecoveryMechanisms": mechanisms}
    return {name: value for name, value in said.items() if value is not None}


def _password_policy(policy: PoolPasswordPolicy) -> dict[str, Any]:
    output: dict[str, Any] = {
        "MinimumLength": policy.minimum_length,
        "RequireUppercase": policy.require_uppercase,
        "RequireLowercase": policy.require_lowercase,
        "RequireNumbers": policy.require_numbers,
        "RequireSymbols": policy.require_symbols,
        "TemporaryPasswordValidityDays": policy.temporary_validity_days,
    }
    if policy.history_size:
        output["PasswordHistorySize"] = policy.history_size
    return output


def _template(template: VerificationTemplate) -> dict[str, Any]:
    output = {
        "SmsMessage": template.sms_message,
        "EmailMessage": template.email_message,
        "EmailSubject": template.email_subject,
        "EmailMessageByLink": template.email_message_by_link,
        "EmailSubjectByLink": template.email_subject_by_link,
        "DefaultEmailOption": template.default_email_option,
    }
    return {name: value for name, value in output.items() if value is not None}


def _invitation(pool: UserPool) -> dict[str, Any]:
    invitation = pool.invitation
    days = pool.password_policy.temporary_validity_days
    output: dict[str, Any] = {
        "AllowAdminCreateUserOnly": invitation.admin_only,
        "UnusedAccountValidityDays": invitation.unused_account_validity_days or days,
    }
    texts = {
        "SMSMessage": invitation.sms_message,
        "EmailMessage": invitation.email_message,
        "EmailSubject": invitation.email_subject,
    }
    said = {name: value for name, value in texts.items() if value is not None}
    return output | ({"InviteMessageTemplate": said} if said else {})
