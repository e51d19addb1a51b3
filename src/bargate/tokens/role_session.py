"""A session of a role: who it is, and its keys."""

from __future__ import annotations

from bargate.tokens.session import Session
from bargate.tokens.session_key import secret_access_key, session_key_id


def role_session(
    role_arn: str, role_id: str, session_name: str, issued_at: int, duration_s: int
) -> Session:
    """Make a session with new keys; `issued_at` is seconds since the epoch."""
    _, partition, _, _, account, path = role_arn.split(":", 5)
    name = path.rpartition("/")[2]
    return Session(
        kind="AssumeRole",
        access_key_id=session_key_id(account),
        secret=secret_access_key(),
        account_id=account,
        arn=f"arn:{partition}:sts::{account}:assumed-role/{name}/{session_name}",
        user_id=f"{role_id}:{session_name}",
        issuer_arn=role_arn,
        issuer_id=role_id,
        issued_at=issued_at,
        expires_at=issued_at + duration_s,
    )
