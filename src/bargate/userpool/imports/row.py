"""One row of a file of users, as every format gives it."""

from datetime import datetime
from typing import TypeAlias

from msgspec import Struct

from bargate.records.pool_user import MfaKind, UserStatus
from bargate.secret import Secret


class SrpVerifier(Struct, frozen=True, kw_only=True):
    """SRP's verifier (hex): it holds in this pool for a user called exactly `username` alone."""

    username: str
    salt: str
    verifier: Secret


class ImportedUser(Struct, frozen=True, kw_only=True):
    """A user as a file says; nothing is checked against a pool yet.

    `line` is that of the file, or the number of the record from 1 on. `username` is the name to give
    to `users.new_name`: an address where the pool names users by one. `attributes` are under AWS's
    names (`email`, `email_verified`, `custom:…`), values are texts. `hash` says by itself how it was
    made (`password_schemes`); who has none must choose a password at the first sign-in, and so must
    who `must_change_password`. `sub`, `created_at`, `status`, `srp`, `mfa`, `totp_name` are kept where
    a file of ours says them. `former` are hashes before `hash`, newest first.
    """

    line: int
    username: str
    attributes: dict[str, str]
    hash: Secret | None = None
    enabled: bool = True
    groups: tuple[str, ...] = ()
    totp_seed: Secret | None = None
    totp_name: str | None = None
    sub: str | None = None
    created_at: datetime | None = None
    status: UserStatus | None = None
    must_change_password: bool = False
    temporary_until: datetime | None = None
    srp: SrpVerifier | None = None
    former: tuple[Secret, ...] = ()
    mfa: tuple[MfaKind, ...] = ()
    preferred_mfa: MfaKind | None = None


class BadRow(Struct, frozen=True, kw_only=True):
    """A row that is no user, and why, in words for whoever made the file."""

    line: int
    username: str
    reason: str


def texts_of(row: ImportedUser) -> list[str]:
    """Give every text of a row whose length and characters nothing but its file bounds."""
    secrets = (row.hash, row.totp_seed, *row.former)
    texts = [row.username, *row.attributes, *row.attributes.values(), *row.groups]
    texts += [each.reveal() for each in secrets if each is not None]
    if row.totp_name is not None:
        texts.append(row.totp_name)
    if row.srp is not None:
        texts += (row.srp.username, row.srp.salt, row.srp.verifier.reveal())
    return texts


Row: TypeAlias = ImportedUser | BadRow
