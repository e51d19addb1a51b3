"""One row of a file of users, as every format gives it."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

from msgspec import Struct

from bargate.secret import Secret


class ImportedUser(Struct, frozen=True, kw_only=True):
    """A user as a file says; nothing is checked against a pool yet.

    `line` is that of the file, or the number of the record from 1 on. `attributes` are under AWS's
    names (`email`, `email_verified`, `custom:…`), values are texts. `hash` says by itself how it was
    made (`passwords.SCHEMES`); who has none must choose a password at the first sign-in. `sub`,
    `created_at` are kept where a file of ours says them.
    """

    line: int
    username: str
    attributes: dict[str, str]
    hash: Secret | None = None
    enabled: bool = True
    groups: tuple[str, ...] = ()
    totp_seed: Secret | None = None
    sub: str | None = None
    created_at: datetime | None = None


class BadRow(Struct, frozen=True, kw_only=True):
    """A row that is no user, and why, in words for whoever made the file."""

    line: int
    username: str
    reason: str


Row: TypeAlias = ImportedUser | BadRow
