"""Find users, roles, groups and policies by name, id or ARN, each in one look-up.

Keys are folded, so that no two names of an account differ by case alone, but a name must be asked
for as it is written: a policy about `user/Bob` and a call about `bob` never mean the same user by
two spellings. [I]
"""

from bargate.arn import Arn, MalformedArn, parse_arn
from bargate.identity.aws_managed_policies import AWS_MANAGED_POLICIES
from bargate.records.iam_group import GROUP, Group
from bargate.records.iam_role import ROLE, Role
from bargate.records.iam_user import USER, User
from bargate.records.managed_policy import (
    MANAGED_POLICY,
    POLICY_VERSION,
    ManagedPolicy,
    version_key,
)
from bargate.store.interface import Reader


def user_named(tx: Reader, account_id: str, name: str) -> User | None:
    """Find a user of an account."""
    if "\0" in name:
        return None
    user = tx.find_by(USER, "name", (account_id, name.lower()))
    return user if user is not None and user.name == name else None


def group_named(tx: Reader, account_id: str, name: str) -> Group | None:
    """Find a group of an account."""
    if "\0" in name:
        return None
    group = tx.find_by(GROUP, "name", (account_id, name.lower()))
    return group if group is not None and group.name == name else None


def role_named(tx: Reader, account_id: str, name: str) -> Role | None:
    """Find a role of an account."""
    if "\0" in name:
        return None
    role = tx.find_by(ROLE, "name", (account_id, name.lower()))
    return role if role is not None and role.name == name else None


def user_of_id(tx: Reader, user_id: str) -> User | None:
    """Find a user of any account by its unique id."""
    return None if "\0" in user_id else tx.find_by(USER, "id", (user_id,))


def role_of_id(tx: Reader, role_id: str) -> Role | None:
    """Find a role of any account by its unique id."""
    return None if "\0" in role_id else tx.find_by(ROLE, "id", (role_id,))


def user_of_arn(tx: Reader, arn: str) -> User | None:
    """Find a user of any account by its whole ARN."""
    parsed = iam_arn(arn)
    if parsed is None or not parsed.resource.startswith("user/"):
        return None
    user = user_named(tx, parsed.account, parsed.resource.rpartition("/")[2])
    return user if user is not None and user.arn == arn else None


def role_of_arn(tx: Reader, arn: str) -> Role | None:
    """Find a role of any account by its whole ARN."""
    parsed = iam_arn(arn)
    if parsed is None or not parsed.resource.startswith("role/"):
        return None
    role = role_named(tx, parsed.account, parsed.resource.rpartition("/")[2])
    return role if role is not None and role.arn == arn else None


def group_of_arn(tx: Reader, arn: str) -> Group | None:
    """Find a group of any account by its whole ARN."""
    parsed = iam_arn(arn)
    if parsed is None or not parsed.resource.startswith("group/"):
        return None
    group = group_named(tx, parsed.account, parsed.resource.rpartition("/")[2])
    return group if group is not None and group.arn == arn else None


def policy_of_arn(tx: Reader, arn: str) -> ManagedPolicy | None:
    """Find a customer managed policy of any account by its whole ARN."""
    parsed = iam_arn(arn)
    if parsed is None or not parsed.resource.startswith("policy/"):
        return None
    name = parsed.resource.rpartition("/")[2]
    policy = tx.find(MANAGED_POLICY, (parsed.account, name.lower()))
    return policy if policy is not None and policy.arn == arn else None


def document_of(tx: Reader, policy_arn: str) -> str | None:
    """Give the default version's document of a managed policy, AWS's or a customer's."""
    managed = AWS_MANAGED_POLICIES.get(policy_arn)
    if managed is not None:
        return managed.document
    policy = policy_of_arn(tx, policy_arn)
    if policy is None:
        return None
    key = version_key(policy.account_id, policy.id, policy.default_version)
    return tx.get(POLICY_VERSION, key).document


def iam_arn(text: str) -> Arn | None:
    """Read the ARN of something of IAM, None when it is none."""
    if "\0" in text:
        return None
    try:
        arn = parse_arn(text)
    except MalformedArn:
        return None
    return arn if arn.service == "iam" and not arn.region else None
