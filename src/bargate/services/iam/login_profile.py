"""Passwords of users."""

from datetime import timedelta

from msgspec import structs

from bargate.identity.passwords import defect_of, hash_password, is_password
from bargate.records.account import PasswordPolicy
from bargate.records.iam_user import USER, User
from bargate.records.login_profile import LOGIN_PROFILE, LoginProfile
from bargate.services.iam.errors import already_exists, invalid_input, no_such_entity
from bargate.services.iam.lookup import calling_user, the_user, user_or_caller
from bargate.services.iam.password_policy import password_policy_of
from bargate.services.operation import OperationCall, Params, operation
from bargate.wire.error import AwsError

_MOST_REMEMBERED = 24


@operation(writes=True)
def create_login_profile(call: OperationCall, request: Params) -> Params:
    """Give a user a password."""
    user = user_or_caller(call, request)
    if call.tx.find(LOGIN_PROFILE, USER.key_of(user)) is not None:
        raise already_exists(f"Login Profile for user {user.name} already exists.")
    if request.get("Password") is None:
        # AWS [M]: without a password the call is a root session's of another account.
        raise invalid_input("Password is required.")
    password: str = request["Password"]
    _check(password, password_policy_of(call), user)
    profile = call.tx.create(
        LOGIN_PROFILE,
        LoginProfile(
            account_id=user.account_id,
            user_id=user.id,
            hash=hash_password(password),
            created_at=call.now,
            changed_at=call.now,
            reset_required=bool(request.get("PasswordResetRequired")),
        ),
    )
    return {"LoginProfile": _shape(profile, user)}


@operation()
def get_login_profile(call: OperationCall, request: Params) -> Params:
    """Say that a user has a password, and since when."""
    user = user_or_caller(call, request)
    return {"LoginProfile": _shape(_profile(call, user), user)}


@operation(writes=True)
def update_login_profile(call: OperationCall, request: Params) -> Params:
    """Set a user's password as an administrator does."""
    user = the_user(call, request["UserName"])
    profile = _profile(call, user)
    password = request.get("Password")
    if password is not None:
        profile = _changed(call, profile, user, password)
    if request.get("PasswordResetRequired") is not None:
        profile = structs.replace(profile, reset_required=request["PasswordResetRequired"])
    call.tx.update(LOGIN_PROFILE, USER.key_of(user), lambda _: profile)
    return {}


@operation(writes=True)
def delete_login_profile(call: OperationCall, request: Params) -> Params:
    """Take a user's password away."""
    user = user_or_caller(call, request)
    _profile(call, user)
    call.tx.delete(LOGIN_PROFILE, USER.key_of(user))
    return {}


@operation(writes=True)
def change_password(call: OperationCall, request: Params) -> Params:
    """Change the caller's own password."""
    user = calling_user(call)
    if user is None:
        raise AwsError("InvalidUserType", "Only IAM Users can change their own password.")
    profile = _profile(call, user)
    policy = password_policy_of(call)
    if policy is not None and policy.hard_expiry and _is_expired(call, profile, policy):
        # AWS [D]: with hard expiry only an administrator sets a new password.
        raise AwsError("AccessDenied", "The password has expired.", 403)
    if not is_password(profile.hash, request["OldPassword"]):
        raise AwsError("AccessDenied", "The old password was incorrect.", 403)
    changed = structs.replace(
        _changed(call, profile, user, request["NewPassword"]), reset_required=False
    )
    call.tx.update(LOGIN_PROFILE, USER.key_of(user), lambda _: changed)
    return {}


def _changed(call: OperationCall, profile: LoginProfile, user: User, password: str) -> LoginProfile:
    policy = password_policy_of(call)
    _check(password, policy, user)
    remembered = (profile.hash, *profile.former)[:_MOST_REMEMBERED]
    forbidden = remembered[: policy.reuse_prevention or 0] if policy is not None else ()
    if any(is_password(each, password) for each in forbidden):
        raise _violation(
            "Password does not conform to the account password policy: it was used before."
        )
    return structs.replace(
        profile, hash=hash_password(password), changed_at=call.now, former=remembered
    )


def _check(password: str, policy: PasswordPolicy | None, user: User) -> None:
    defect = defect_of(password, policy, user.name)
    if defect is not None:
        raise _violation(defect)


def _violation(message: str) -> AwsError:
    return AwsError("PasswordPolicyViolation", message)


def _is_expired(call: OperationCall, profile: LoginProfile, policy: PasswordPolicy) -> bool:
    age = policy.max_age_days
    return age is not None and call.now - profile.changed_at > timedelta(days=age)


def _profile(call: OperationCall, user: User) -> LoginProfile:
    profile = call.tx.find(LOGIN_PROFILE, USER.key_of(user))
    if profile is None:
        raise no_such_entity(f"Login Profile for User {user.name} cannot be found.")
    return profile


def _shape(profile: LoginProfile, user: User) -> Params:
    return {
        "UserName": user.name,
        "CreateDate": profile.created_at,
        "PasswordResetRequired": profile.reset_required,
    }
