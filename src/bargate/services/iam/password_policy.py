"""The account's password policy."""

from msgspec import structs

from bargate.records.account import PasswordPolicy
from bargate.services.iam.accounts import account_of, change_account
from bargate.services.iam.errors import no_such_entity, validation_error
from bargate.services.operation import OperationCall, Params, operation
from bargate.wire.error import AwsError

_DEFAULT = PasswordPolicy()
_BOUNDS = {
    "MinimumPasswordLength": (6, 128),
    "MaxPasswordAge": (1, 1095),
    "PasswordReusePrevention": (1, 24),
}


@operation(writes=True)
def update_account_password_policy(call: OperationCall, request: Params) -> Params:
    """Replace the whole policy: what is not given goes back to its default."""
    for member, (low, high) in _BOUNDS.items():
        value = request.get(member)
        if value is not None and not low <= value <= high:
            raise validation_error(
                f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy"
                f" constraint: Member must have value between {low} and {high}"
            )
    policy = PasswordPolicy(
        minimum_length=request.get("MinimumPasswordLength") or _DEFAULT.minimum_length,
        require_symbols=bool(request.get("RequireSymbols")),
        require_numbers=bool(request.get("RequireNumbers")),
        require_uppercase=bool(request.get("RequireUppercaseCharacters")),
        require_lowercase=bool(request.get("RequireLowercaseCharacters")),
        allow_users_to_change=bool(request.get("AllowUsersToChangePassword")),
        max_age_days=request.get("MaxPasswordAge"),
        reuse_prevention=request.get("PasswordReusePrevention"),
        hard_expiry=bool(request.get("HardExpiry")),
    )
    change_account(call, lambda account: structs.replace(account, password_policy=policy))
    return {}


@operation()
def get_account_password_policy(call: OperationCall, _request: Params) -> Params:
    """Give the policy, if one was set."""
    policy = password_policy_of(call)
    if policy is None:
        raise _not_found(call)
    shape: Params = {
        "MinimumPasswordLength": policy.minimum_length,
        "RequireSymbols": policy.require_symbols,
        "RequireNumbers": policy.require_numbers,
        "RequireUppercaseCharacters": policy.require_uppercase,
        "RequireLowercaseCharacters": policy.require_lowercase,
        "AllowUsersToChangePassword": policy.allow_users_to_change,
        "ExpirePasswords": policy.max_age_days is not None,
        "HardExpiry": policy.hard_expiry,
    }
    if policy.max_age_days is not None:
        shape["MaxPasswordAge"] = policy.max_age_days
    if policy.reuse_prevention is not None:
        shape["PasswordReusePrevention"] = policy.reuse_prevention
    return {"PasswordPolicy": shape}


@operation(writes=True)
def delete_account_password_policy(call: OperationCall, _request: Params) -> Params:
    """Take the policy away: AWS's default one holds again."""
    if password_policy_of(call) is None:
        raise _not_found(call)
    change_account(call, lambda account: structs.replace(account, password_policy=None))
    return {}


def password_policy_of(call: OperationCall) -> PasswordPolicy | None:
    """Give the policy of the caller's account."""
    account = account_of(call)
    return None if account is None else account.password_policy


def _not_found(call: OperationCall) -> AwsError:
    return no_such_entity(
        f"The Password Policy with domain name {call.account_id} cannot be found."
    )
