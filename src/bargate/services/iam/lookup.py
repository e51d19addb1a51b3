"""Find what a request names in the caller's account, or refuse."""

from datetime import UTC, datetime

from msgspec import Struct

from bargate.identity import find
from bargate.identity.aws_managed_policies import AWS_MANAGED_POLICIES, AwsManagedPolicy
from bargate.policy import AccountRoot, IamUser
from bargate.records.account import ACCOUNT
from bargate.records.iam_group import Group
from bargate.records.iam_role import Role
from bargate.records.iam_user import User
from bargate.records.managed_policy import ManagedPolicy
from bargate.services.iam.errors import (
    invalid_input,
    no_such,
    no_such_entity,
    not_attachable,
    unmodifiable,
    validation_error,
)
from bargate.services.operation import OperationCall, Params
from bargate.wire.error import AwsError

_UNKNOWN = datetime(1970, 1, 1, tzinfo=UTC)


class Owner(Struct, frozen=True, kw_only=True):
    """Who owns an access key or MFA device: a user, or the root user (id of the account)."""

    id: str
    arn: str
    name: str | None


def the_user(call: OperationCall, name: str) -> User:
    """Find a user by name. Raises AwsError."""
    user = find.user_named(call.tx, call.account_id, name)
    if user is None:
        raise no_such("user", name)
    return user


def the_group(call: OperationCall, name: str) -> Group:
    """Find a group by name. Raises AwsError."""
    group = find.group_named(call.tx, call.account_id, name)
    if group is None:
        raise no_such("group", name)
    return group


def the_role(call: OperationCall, name: str) -> Role:
    """Find a role by name. Raises AwsError."""
    role = find.role_named(call.tx, call.account_id, name)
    if role is None:
        raise no_such("role", name)
    return role


def a_changeable_role(call: OperationCall, name: str) -> Role:
    """Find a role that is not linked to a service. Raises AwsError."""
    role = the_role(call, name)
    if role.service is not None:
        raise unmodifiable(
            f"Cannot perform the operation on the protected role '{role.name}' - this role is only"
            " modifiable by AWS"
        )
    return role


def calling_user(call: OperationCall) -> User | None:
    """Find the IAM user who calls; None for anybody else."""
    principal = call.caller.principal
    if not isinstance(principal, IamUser):
        return None
    user = find.user_of_id(call.tx, principal.user_id)
    return user if user is not None and user.account_id == call.account_id else None


def owner(call: OperationCall, request: Params) -> Owner:
    """Find the user a request names, or the caller if it names none. Raises AwsError."""
    name = request.get("UserName")
    user = calling_user(call) if name is None else the_user(call, name)
    if user is not None:
        return Owner(id=user.id, arn=user.arn, name=user.name)
    if isinstance(call.caller.principal, AccountRoot):
        arn = f"arn:{call.partition}:iam::{call.account_id}:root"
        return Owner(id=call.account_id, arn=arn, name=None)
    # A session of a role, or a user that is gone.
    raise validation_error("Must specify userName when calling with non-User credentials")


def root_created_at(call: OperationCall) -> datetime:
    """Give when the account, and so its root user, was made; long ago when that is not known."""
    account = call.tx.find(ACCOUNT, (call.account_id,))
    return _UNKNOWN if account is None else account.created_at


def user_or_caller(call: OperationCall, request: Params) -> User:
    """Find the user a request names, or the user who calls. Raises AwsError."""
    found = owner(call, request)
    if found.name is None:
        raise validation_error("Must specify userName when calling with non-User credentials")
    return the_user(call, found.name)


def a_policy(call: OperationCall, arn: str) -> ManagedPolicy | AwsManagedPolicy:
    """Find a managed policy of the caller's account or of AWS. Raises AwsError."""
    _check_policy_arn(arn)
    managed = AWS_MANAGED_POLICIES.get(arn)
    if managed is not None:
        return managed
    policy = find.policy_of_arn(call.tx, arn)
    if policy is None or policy.account_id != call.account_id:
        raise no_such_entity(f"Policy {arn} was not found.")
    return policy


def a_changeable_policy(call: OperationCall, arn: str) -> ManagedPolicy:
    """Find a customer managed policy of the caller's account. Raises AwsError."""
    policy = a_policy(call, arn)
    if isinstance(policy, AwsManagedPolicy):
        # AWS [O]: AWS's own policies belong to the account `aws`.
        raise AwsError(
            "AccessDenied", f"Policy {arn} is managed by AWS and cannot be changed.", 403
        )
    return policy


def an_attachable_policy(call: OperationCall, arn: str) -> str:
    """Give the ARN of a policy that entities of the caller's account may use. Raises AwsError."""
    _check_policy_arn(arn)
    if arn in AWS_MANAGED_POLICIES:
        return arn
    policy = find.policy_of_arn(call.tx, arn)
    if policy is None or policy.account_id != call.account_id:
        raise not_attachable(arn)
    return arn


def _check_policy_arn(arn: str) -> None:
    parsed = find.iam_arn(arn)
    if parsed is None or not parsed.resource.startswith("policy/"):
        raise invalid_input(f"ARN {arn} is not valid.")
