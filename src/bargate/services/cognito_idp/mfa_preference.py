"""Which second factors a user has chosen, and which first ones they have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from bargate.services.cognito_idp.current_user import the_holder
from bargate.services.cognito_idp.lookup import pools_of, the_user
from bargate.services.operation import operation
from bargate.userpool import mfa
from bargate.userpool.find import Sought, credentials_of
from bargate.userpool.first_factors import configured
from bargate.userpool.passkeys import with_passkeys
from bargate.userpool.relying_party import is_second_factor_too
from bargate.userpool.users import update_user
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.records.pool_user import MfaKind, PoolUser
    from bargate.records.user_pool import UserPool
    from bargate.services.operation import OperationCall, Params

_MEMBERS: Final[Mapping[str, MfaKind]] = {
    "SMSMfaSettings": "SMS_MFA",
    "SoftwareTokenMfaSettings": "SOFTWARE_TOKEN_MFA",
    "EmailMfaSettings": "EMAIL_OTP",
}
_SMS_OPTION: Final = {"DeliveryMedium": "SMS", "AttributeName": "phone_number"}


@operation(writes=True)
def set_user_mfa_preference(call: OperationCall, request: Params) -> Params:
    """Choose second factors, for oneself."""
    holder = the_holder(call, request)
    return _prefer(call, request, holder.pool, holder.user)


@operation(writes=True)
def admin_set_user_mfa_preference(call: OperationCall, request: Params) -> Params:
    """Choose a user's second factors."""
    return _prefer(call, request, *the_user(call, request))


@operation(writes=True)
def set_user_settings(call: OperationCall, request: Params) -> Params:
    """Choose MFA by SMS, or none, for oneself (older form)."""
    holder = the_holder(call, request)
    return _set_options(call, request, holder.pool, holder.user)


@operation(writes=True)
def admin_set_user_settings(call: OperationCall, request: Params) -> Params:
    """Choose MFA by SMS, or none, for a user (older form)."""
    return _set_options(call, request, *the_user(call, request))


@operation()
def get_user_auth_factors(call: OperationCall, request: Params) -> Params:
    """Give the factors that the holder of a token has."""
    holder = the_holder(call, request)
    return _factors(call, holder.pool, holder.user)


@operation()
def admin_get_user_auth_factors(call: OperationCall, request: Params) -> Params:
    """Give the factors that a user has."""
    return _factors(call, *the_user(call, request))


def _factors(call: OperationCall, pool: UserPool, user: PoolUser) -> Params:
    known = Sought(name=user.username, user=user, credentials=credentials_of(call.tx, user))
    sought = with_passkeys(pools_of(call), call.tx, pool, known)
    output: Params = {
        "Username": user.username,
        "ConfiguredUserAuthFactors": list(configured(pool, sought)),
    }
    if user.preferred_mfa is not None:
        output["PreferredMfaSetting"] = user.preferred_mfa
    if user.mfa:
        output["UserMFASettingList"] = list(user.mfa)
    return output


def _prefer(call: OperationCall, request: Params, pool: UserPool, user: PoolUser) -> Params:
    given = {
        kind: mfa.Preference(
            is_enabled=request[member].get("Enabled", False),
            is_preferred=request[member].get("PreferredMfa", False),
        )
        for member, kind in _MEMBERS.items()
        if request.get(member) is not None
    }
    kinds, preferred = mfa.with_preferences(pool, user, credentials_of(call.tx, user), given)
    options = user.mfa_options if "SMS_MFA" in kinds else ()
    new = replace(user, mfa=kinds, preferred_mfa=preferred, mfa_options=options)
    return _put(call, pool, _with_passkey_mfa(pool, new, request.get("WebAuthnMfaSettings")))


def _with_passkey_mfa(pool: UserPool, user: PoolUser, given: Params | None) -> PoolUser:
    """Let a passkey be all that MFA wants, or not (AWS [M] WebAuthnMfaSettingsType)."""
    if given is None:
        return user
    is_enabled = given.get("Enabled", False)
    if is_enabled and not is_second_factor_too(pool):
        message = "Passkey MFA needs the user pool's FactorConfiguration to be MULTI_FACTOR_WITH_USER_VERIFICATION."
        raise AwsError("InvalidParameterException", message)
    if is_enabled and not user.mfa:
        message = "Passkey MFA needs another MFA method to be enabled for the user, too."
        raise AwsError("InvalidParameterException", message)
    return replace(user, passkey_mfa=is_enabled)


def _set_options(call: OperationCall, request: Params, pool: UserPool, user: PoolUser) -> Params:
    """AWS [M]: the older form knows SMS alone; without options it is off."""
    options = request["MFAOptions"]
    if any(each != _SMS_OPTION for each in options):
        message = "MFAOptions must be SMS to phone_number: use SetUserMFAPreference for others."
        raise AwsError("InvalidParameterException", message)
    said = mfa.Preference(is_enabled=bool(options), is_preferred=False)
    credentials = credentials_of(call.tx, user)
    kinds, preferred = mfa.with_preferences(pool, user, credentials, {"SMS_MFA": said})
    kept = (dict(_SMS_OPTION),) if options else ()
    return _put(call, pool, replace(user, mfa=kinds, preferred_mfa=preferred, mfa_options=kept))


def _put(call: OperationCall, pool: UserPool, new: PoolUser) -> Params:
    update_user(call.tx, pool, new, lambda _: replace(new, modified_at=call.now))
    return {}
