"""Accounts: their alias and password policy."""

from datetime import datetime

from msgspec import Struct

from bargate.store.kind import Index, Kind


class PasswordPolicy(Struct, frozen=True, kw_only=True):
    """What passwords of users must be; the defaults are UpdateAccountPasswordPolicy's."""

    minimum_length: int = 6
    require_symbols: bool = False
    require_numbers: bool = False
    require_uppercase: bool = False
    require_lowercase: bool = False
    allow_users_to_change: bool = False
    max_age_days: int | None = None
    reuse_prevention: int | None = None
    hard_expiry: bool = False


class Account(Struct, frozen=True, kw_only=True):
    """An AWS account of this installation."""

    id: str
    created_at: datetime
    alias: str | None = None
    password_policy: PasswordPolicy | None = None


ACCOUNT: Kind[Account] = Kind(
    "account",
    Account,
    lambda account: (account.id,),
    # An alias names one account of the whole installation, as a DNS name does.
    (Index("alias", lambda account: account.alias and (account.alias,), unique=True),),
)
