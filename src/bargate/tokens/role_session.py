"""A session of a role: who it is, and its keys."""

from __future__ import annotations

from typing import Protocol

from bargate.tokens.session import Session
from bargate.tokens.session_key import secret_access_key, session_key_id


class RoleNamed(Protocol):
    """What a session needs to know of its role; `id` is AROA…."""

    @property
    def arn(self) -> str:
        """Its ARN, with its path."""

    @property
    def id(self) -> str:
        """Its unique id."""

    @property
    def account_id(self) -> str:
        """The account it belongs to."""


def role_session(role: RoleNamed, session_name: str, issued_at: int, duration_s: int) -> Session:
    """Make a session with new keys; `issued_at` is seconds since the epoch."""
    account = role.account_id
    partition, name = role.arn.split(":")[1], role.arn.rpartition("/")[2]
    return Session(
        kind="AssumeRole",
        access_key_id=session_key_id(account),
        secret=secret_access_key(),
        account_id=account,
        arn=f"arn:{partition}:sts::{account}:assumed-role/{name}/{session_name}",
        user_id=f"{role.id}:{session_name}",
        issuer_arn=role.arn,
        issuer_id=role.id,
        issued_at=issued_at,
        expires_at=issued_at + duration_s,
    )
