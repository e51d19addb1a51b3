"""SetUserPoolMfaConfig, GetUserPoolMfaConfig: which second factors there are, and who needs one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from bargate.records.user_pool import USER_POOL, UserPool, WebAuthnSettings
from bargate.services.cognito_idp.lookup import the_pool
from bargate.services.operation import operation
from bargate.userpool.relying_party import check_relying_party_id
from bargate.userpool.tiers import check_tier
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params


@operation(writes=True)
def set_user_pool_mfa_config(call: OperationCall, request: Params) -> Params:
    """Set what is given, and leave the rest as it is [I]."""
    pool = the_pool(call, request)
    new = replace(pool, modified_at=call.now, **_changes(pool, request))
    if new.mfa != "OFF" and not (new.sms_mfa or new.software_token_mfa or new.email_mfa):
        message = "Invalid MFA configuration given, can't disable all MFAs and require MFA."
        raise AwsError("InvalidParameterException", message)
    call.tx.update(USER_POOL, USER_POOL.key_of(pool), lambda _: new)
    return _output(new)


@operation()
def get_user_pool_mfa_config(call: OperationCall, request: Params) -> Params:
    """Give the second factors of a pool."""
    return _output(the_pool(call, request))


def _changes(pool: UserPool, request: Params) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if request.get("MfaConfiguration") is not None:
        changes["mfa"] = request["MfaConfiguration"]
    sms = request.get("SmsMfaConfiguration")
    if sms is not None:
        configuration = sms.get("SmsConfiguration") or pool.stored.get("SmsConfiguration")
        if configuration is None:
            message = "SmsMfaConfiguration needs an SmsConfiguration."
            raise AwsError("InvalidParameterException", message)
        changes["sms_mfa"] = True
        changes["stored"] = pool.stored | {"SmsConfiguration": configuration}
        text = sms.get("SmsAuthenticationMessage")
        changes["sms_authentication_message"] = text or pool.sms_authentication_message
    if request.get("SoftwareTokenMfaConfiguration") is not None:
        is_enabled = request["SoftwareTokenMfaConfiguration"].get("Enabled", False)
        changes["software_token_mfa"] = is_enabled
    if request.get("EmailMfaConfiguration") is not None:
        check_tier(pool.stored, "ESSENTIALS", "EmailMfaConfiguration")
        changes["email_mfa"] = dict(request["EmailMfaConfiguration"])
    web_authn = request.get("WebAuthnConfiguration")
    if web_authn is not None:
        if web_authn.get("RelyingPartyId") is not None:
            check_relying_party_id(web_authn["RelyingPartyId"])
        changes["web_authn"] = WebAuthnSettings(
            relying_party_id=web_authn.get("RelyingPartyId"),
            user_verification=web_authn.get("UserVerification"),
            factor_configuration=web_authn.get("FactorConfiguration"),
        )
    return changes


def _output(pool: UserPool) -> Params:
    output: Params = {"MfaConfiguration": pool.mfa}
    if pool.sms_mfa:
        sms: Params = {"SmsConfiguration": pool.stored.get("SmsConfiguration", {})}
        if pool.sms_authentication_message is not None:
            sms["SmsAuthenticationMessage"] = pool.sms_authentication_message
        output["SmsMfaConfiguration"] = sms
    output["SoftwareTokenMfaConfiguration"] = {"Enabled": pool.software_token_mfa}
    if pool.email_mfa is not None:
        output["EmailMfaConfiguration"] = pool.email_mfa
    if pool.web_authn is not None:
        said = {
            "RelyingPartyId": pool.web_authn.relying_party_id,
            "UserVerification": pool.web_authn.user_verification,
            "FactorConfiguration": pool.web_authn.factor_configuration,
        }
        output["WebAuthnConfiguration"] = {k: v for k, v in said.items() if v is not None}
    return output
