"""The lines of our own file of users, as they are written and read (`bargate_file`)."""

from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from bargate.records.pool_user import MfaKind, UserStatus
from bargate.secret import Secret

VERSION: Final = 1
MAX_LINE_BYTES: Final = 1_048_576  # attributes alone have at most 70 times 2,048 characters
Line = TypeVar("Line", bound=Struct)


class Header(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first line."""

    bargate_users: int
    pool_id: str
    exported_at: datetime
    has_hashes: bool


class ExportedUser(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A user. Hashes, verifier and seed are there if they were asked for."""

    username: str
    sub: str
    status: UserStatus
    enabled: bool
    created_at: datetime
    attributes: dict[str, str]
    groups: tuple[str, ...] = ()
    mfa: tuple[MfaKind, ...] = ()
    preferred_mfa: MfaKind | None = None
    temporary_until: datetime | None = None
    hash: Secret | None = None
    former: tuple[Secret, ...] = ()
    srp_salt: str | None = None
    srp_verifier: Secret | None = None
    totp_seed: Secret | None = None
    totp_name: str | None = None


class Footer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The last line: how many users stand before it."""

    end: int


def _revealed(secret: Any) -> str:
    if not isinstance(secret, Secret):
        raise TypeError(type(secret).__name__)
    return secret.reveal()


_ENCODER: Final = msgspec.json.Encoder(enc_hook=_revealed)


def line_of(part: Header | ExportedUser | Footer) -> bytes:
    """Write a line, without its end; it holds secrets in clear."""
    return _ENCODER.encode(part)


def decoded(line: bytes, kind: type[Line]) -> Line:
    """Read a line; raises msgspec.DecodeError."""
    try:
        return msgspec.json.decode(line, type=kind, dec_hook=_secret)
    except (UnicodeDecodeError, RecursionError) as error:
        raise msgspec.DecodeError(type(error).__name__) from None


def _secret(_: type, text: Any) -> Secret:
    if not isinstance(text, str):
        raise msgspec.ValidationError("a secret is no text")
    return Secret(text)
