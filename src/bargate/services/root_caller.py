"""The root user of an account as the caller of an operation."""

from bargate.policy import AccountRoot
from bargate.services.operation import Caller


def root_caller(account_id: str, partition: str, access_key_id: str = "") -> Caller:
    """Give the root user; without an access key when nobody signed, as for the operator's files."""
    return Caller(
        account_id=account_id,
        arn=f"arn:{partition}:iam::{account_id}:root",
        user_id=account_id,
        principal=AccountRoot(account=account_id, partition=partition),
        access_key_id=access_key_id,
    )
