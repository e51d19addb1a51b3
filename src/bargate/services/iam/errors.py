"""IAM's refusals in IAM's words."""

from bargate.policy import MalformedPolicy
from bargate.wire.error import AwsError


def no_such_entity(message: str) -> AwsError:
    """Make the refusal of something that does not exist."""
    return AwsError("NoSuchEntity", message)


def no_such(noun: str, name: str) -> AwsError:
    """Make the refusal of a user, group, role, … that no name names."""
    return no_such_entity(f"The {noun} with name {name} cannot be found.")


def not_attachable(policy_arn: str) -> AwsError:
    """Make the refusal of a managed policy that cannot be used."""
    return no_such_entity(f"Policy {policy_arn} does not exist or is not attachable.")


def already_exists(message: str) -> AwsError:
    """Make the refusal of a second thing under one name."""
    return AwsError("EntityAlreadyExists", message)


def delete_conflict(first: str) -> AwsError:
    """Make the refusal to delete an entity before `first` was done."""
    return AwsError("DeleteConflict", f"Cannot delete entity, must {first} first.")


def limit_exceeded(quota: str, value: int) -> AwsError:
    """Make the refusal of what goes past a quota."""
    return AwsError("LimitExceeded", f"Cannot exceed quota for {quota}: {value}")


def invalid_input(message: str) -> AwsError:
    """Make the refusal of a wrong value."""
    return AwsError("InvalidInput", message)


def validation_error(message: str) -> AwsError:
    """Make the refusal of a value that breaks a constraint (AWS's common error)."""
    return AwsError("ValidationError", message, 400)


def unmodifiable(message: str) -> AwsError:
    """Make the refusal to change what belongs to an AWS service."""
    return AwsError("UnmodifiableEntity", message)


def malformed(error: MalformedPolicy) -> AwsError:
    """Turn a policy's refusal into IAM's."""
    code = error.code if error.code == "LimitExceeded" else "MalformedPolicyDocument"
    return AwsError(code, error.message)
