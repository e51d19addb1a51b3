"""What administrators say of a pool, checked: the request's members become the record's fields.

UpdateUserPool sets back to its default what is not given (AWS [M]), so both calls read alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bargate.records.user_pool import (
    DeviceSettings,
    Invitation,
    PoolPasswordPolicy,
    VerificationTemplate,
)
from bargate.userpool.tiers import check_settings
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.records.user_pool import UserPool

MAX_TAGS: Final = 50
DEFAULT_TEMPORARY_DAYS: Final = 7
# Given back as they came; nothing here enforces them.
STORED: Final = (
    "EmailConfiguration",
    "SmsConfiguration",
    "UserPoolAddOns",
    "UserPoolTier",
    "KeyConfiguration",
    "IssuerConfiguration",
    "AcrConfiguration",
    "DcrConfiguration",
)


def names_of(request: Mapping[str, Any]) -> dict[str, Any]:
    """Give what is said once, as a pool is made: what stands as a user's name."""
    usernames = tuple(request.get("UsernameAttributes") or ())
    aliases = tuple(request.get("AliasAttributes") or ())
    if usernames and aliases:
        message = "Only one of the aliasAttributes or usernameAttributes can be set in a user pool."
        raise _invalid(message)
    configuration = request.get("UsernameConfiguration") or {}
    return {
        "username_attributes": usernames,
        "alias_attributes": aliases,
        "case_sensitive": configuration.get("CaseSensitive"),
    }


def settings_of(request: Mapping[str, Any], pool: UserPool | None = None) -> dict[str, Any]:
    """Give what may be said again, as fields of a UserPool; `pool` is what is updated.

    Raises InvalidParameterException, FeatureUnavailableInTierException.
    """
    policies = request.get("Policies") or {}
    sign_in = policies.get("SignInPolicy") or {}
    updates = request.get("UserAttributeUpdateSettings") or {}
    auto_verified = tuple(request.get("AutoVerifiedAttributes") or ())
    before_update = tuple(updates.get("AttributesRequireVerificationBeforeUpdate") or ())
    if not set(before_update) <= set(auto_verified):
        message = "AttributesRequireVerificationBeforeUpdate must be AutoVerifiedAttributes, too."
        raise _invalid(message)
    invitation = _invitation(request.get("AdminCreateUserConfig") or {})
    _check_email(request.get("EmailConfiguration") or {})
    stored = {name: request[name] for name in STORED if request.get(name) is not None}
    check_settings(stored, request)
    return {
        "password_policy": _password_policy(policies.get("PasswordPolicy"), invitation),
        "first_factors": _first_factors(sign_in.get("AllowedFirstAuthFactors")),
        "is_protected": request.get("DeletionProtection") == "ACTIVE",
        "auto_verified": auto_verified,
        "verified_before_update": before_update,
        "devices": _devices(request.get("DeviceConfiguration")),
        "recovery": recovery_of(request.get("AccountRecoverySetting")),
        "verification": _verification(request),
        "sms_authentication_message": request.get("SmsAuthenticationMessage"),
        "invitation": invitation,
        "lambda_config": lambda_config_of(request.get("LambdaConfig") or {}),
        "tags": checked_tags(request.get("UserPoolTags") or {}),
        "stored": stored,
        **_mfa(request, pool),
    }


def _mfa(request: Mapping[str, Any], pool: UserPool | None) -> dict[str, Any]:
    """Read MfaConfiguration, which by these calls means MFA by SMS (AWS [M]).

    What SetUserPoolMfaConfig set up besides stays, and will do as well [I].
    """
    mfa = request.get("MfaConfiguration") or "OFF"
    has_sms = request.get("SmsConfiguration") is not None
    has_other = pool is not None and bool(pool.software_token_mfa or pool.email_mfa)
    if mfa != "OFF" and not has_sms and not has_other:
        kind = "required" if mfa == "ON" else "optional"
        message = f"SMS configuration and Auto verification for phone_number are required when MFA is {kind}"
        raise _invalid(message)
    return {"mfa": mfa, "sms_mfa": mfa != "OFF" and has_sms}


def _password_policy(given: Mapping[str, Any] | None, invitation: Invitation) -> PoolPasswordPolicy:
    days = invitation.unused_account_validity_days or DEFAULT_TEMPORARY_DAYS
    if given is None:
        return PoolPasswordPolicy(temporary_validity_days=days)
    said = given.get("TemporaryPasswordValidityDays") or None  # AWS [M]: 0 is the default
    if said is not None and invitation.unused_account_validity_days not in (None, said):
        message = "Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays"
        raise _invalid(message)
    return PoolPasswordPolicy(
        minimum_length=given.get("MinimumLength", 8),
        require_uppercase=given.get("RequireUppercase", False),
        require_lowercase=given.get("RequireLowercase", False),
        require_numbers=given.get("RequireNumbers", False),
        require_symbols=given.get("RequireSymbols", False),
        history_size=given.get("PasswordHistorySize", 0),
        temporary_validity_days=said or days,
    )


def _check_email(given: Mapping[str, Any]) -> None:
    """AWS [M] EmailConfigurationType: whoever sends as themself says from which identity."""
    if given.get("EmailSendingAccount") == "DEVELOPER" and not given.get("SourceArn"):
        raise _invalid("EmailConfiguration with EmailSendingAccount DEVELOPER needs SourceArn.")


def _first_factors(given: list[str] | None) -> tuple[str, ...]:
    if given is None:
        return ("PASSWORD",)
    if "PASSWORD" not in given:
        message = "PASSWORD must be among AllowedFirstAuthFactors."
        raise _invalid(message)
    return tuple(dict.fromkeys(given))


def _devices(given: Mapping[str, Any] | None) -> DeviceSettings | None:
    if given is None:
        return None
    return DeviceSettings(
        challenge_required_on_new_device=given.get("ChallengeRequiredOnNewDevice", False),
        only_remembered_on_user_prompt=given.get("DeviceOnlyRememberedOnUserPrompt", False),
    )


def recovery_of(given: Mapping[str, Any] | None) -> tuple[str, ...] | None:
    """Give recovery mechanisms by priority; `admin_only` stands alone (AWS [D] §8)."""
    mechanisms = (given or {}).get("RecoveryMechanisms")
    if not mechanisms:
        return None
    ordered = sorted(mechanisms, key=lambda each: int(each["Priority"]))
    names = tuple(str(each["Name"]) for each in ordered)
    if len({each["Priority"] for each in mechanisms}) != len(names) or len(set(names)) < len(names):
        raise _invalid("Recovery mechanisms must differ in name and priority.")
    if "admin_only" in names and len(names) > 1:
        raise _invalid("admin_only cannot be combined with other recovery mechanisms.")
    return names


def _verification(request: Mapping[str, Any]) -> VerificationTemplate:
    template = request.get("VerificationMessageTemplate") or {}
    return VerificationTemplate(
        sms_message=_either(request, "SmsVerificationMessage", template, "SmsMessage"),
        email_message=_either(request, "EmailVerificationMessage", template, "EmailMessage"),
        email_subject=_either(request, "EmailVerificationSubject", template, "EmailSubject"),
        email_message_by_link=template.get("EmailMessageByLink"),
        email_subject_by_link=template.get("EmailSubjectByLink"),
        default_email_option=template.get("DefaultEmailOption", "CONFIRM_WITH_CODE"),
    )


def _either(
    request: Mapping[str, Any], old: str, template: Mapping[str, Any], new: str
) -> str | None:
    first, second = template.get(new), request.get(old)
    if first is not None and second is not None and first != second:
        raise _invalid(f"{old} and VerificationMessageTemplate.{new} must be the same.")
    found: str | None = second if first is None else first
    return found


def _invitation(given: Mapping[str, Any]) -> Invitation:
    texts = given.get("InviteMessageTemplate") or {}
    return Invitation(
        admin_only=given.get("AllowAdminCreateUserOnly", False),
        unused_account_validity_days=given.get("UnusedAccountValidityDays"),
        sms_message=texts.get("SMSMessage"),
        email_message=texts.get("EmailMessage"),
        email_subject=texts.get("EmailSubject"),
    )


def lambda_config_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Check which functions a pool calls; raises InvalidParameterException."""
    plain, config = given.get("PreTokenGeneration"), given.get("PreTokenGenerationConfig")
    if plain is not None and config is not None and config["LambdaArn"] != plain:
        message = "PreTokenGeneration and PreTokenGenerationConfig must name the same function."
        raise _invalid(message)
    both = {"PreTokenGeneration": config["LambdaArn"]} if config is not None else {}
    has_sender = "CustomSMSSender" in given or "CustomEmailSender" in given
    if has_sender and not given.get("KMSKeyID"):
        raise _invalid("KMSKeyID is required with custom senders.")
    return dict(given) | both  # AWS [M]: the two have the same value


def checked_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Give tags; raises InvalidParameterException."""
    if len(tags) > MAX_TAGS:
        raise _invalid(f"A user pool has at most {MAX_TAGS} tags.")
    for key in tags:
        if key.lower().startswith("aws:"):
            raise _invalid("Tag keys must not begin with aws:.")
    return dict(tags)


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
