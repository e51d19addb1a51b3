"""A session of a role: who it is, and its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.identity.session_key import session_key_id
from bargate.identity.unique_id import secret_access_key
from bargate.tokens.session import Session

if TYPE_CHECKING:
    from bargate.records.iam_role import Role


def role_session(role: Role, session_name: str, issued_at: int, duration_s: int) -> Session:
    """Make a session with new keys; `issued_at` is seconds since the epoch."""
    account = role.account_id
    return Session(
        kind="AssumeRole",
        access_key_id=session_key_id(account),
        secret=secret_access_key(),
        account_id=account,
        arn=f"arn:{role.partition}:sts::{account}:assumed-role/{role.name}/{session_name}",
        user_id=f"{role.id}:{session_name}",
        issuer_arn=role.arn,
        issuer_id=role.id,
        issued_at=issued_at,
        expires_at=issued_at + duration_s,
    )
