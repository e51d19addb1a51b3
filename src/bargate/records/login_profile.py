"""Passwords of users, as argon2id hashes."""

from datetime import datetime

from msgspec import Struct

from bargate.secret import Secret
from bargate.store.kind import Kind


class LoginProfile(Struct, frozen=True, kw_only=True):
    """A user's password; `former` are hashes of those before it, newest first."""

    account_id: str
    user_id: str
    hash: Secret
    created_at: datetime
    changed_at: datetime
    reset_required: bool = False
    former: tuple[Secret, ...] = ()


LOGIN_PROFILE: Kind[LoginProfile] = Kind(
    "iam_login_profile", LoginProfile, lambda each: (each.account_id, each.user_id)
)
