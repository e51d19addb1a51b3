"""Who may call, as workers need it: access keys, users and roles with all that bears on them.

The control plane resolves groups and attached policies; what comes here is flat, so that a
decision needs no look-up but by access key and by principal.
"""

from __future__ import annotations

from msgspec import Struct

from bargate.secret import Secret  # noqa: TC001  msgspec looks it up


class AccessKey(Struct, frozen=True, kw_only=True, tag="key"):
    """A long-term key. `user_arn` None means the root user of the account.

    Keys that are inactive or deleted are not published at all.
    """

    id: str
    secret: Secret
    account_id: str
    user_arn: str | None = None


class User(Struct, frozen=True, kw_only=True, tag="user"):
    """An IAM user. `policies` are documents as JSON text: inline, attached, and the groups'."""

    arn: str
    user_id: str
    account_id: str
    tags: dict[str, str] = {}
    policies: tuple[str, ...] = ()
    boundary: str | None = None


class Role(Struct, frozen=True, kw_only=True, tag="role"):
    """An IAM role; fields as in `User`. A role made again under its name has another `role_id`.

    `trust_policy` says who may assume it, as JSON text; nobody may when it is empty.
    """

    arn: str
    role_id: str
    account_id: str
    tags: dict[str, str] = {}
    policies: tuple[str, ...] = ()
    boundary: str | None = None
    trust_policy: str = ""
