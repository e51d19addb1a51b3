"""Second factors: which a pool offers, which a user has, and which a sign-in must ask for. Pure.

    pool OFF ──► none    OPTIONAL ──► what the user chose    ON ──► that, or whatever they have, or
                                                                    they must set one up

INVARIANT: what a user chose and the pool offers is never passed over because it cannot be used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.records.pool_user import MfaKind, PoolCredentials, PoolUser
    from bargate.records.user_pool import UserPool

KINDS: Final[tuple[MfaKind, ...]] = ("SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP")
# What stands in `Progress.factors` as soon as a second factor, or what replaces it, was proven.
PASSED: Final = "MFA"
MFA_SETUP: Final = "MFA_SETUP"
_ADDRESS: Final[Mapping[MfaKind, str]] = {"SMS_MFA": "phone_number", "EMAIL_OTP": "email"}


class Due(Struct, frozen=True, kw_only=True):
    """What a sign-in must ask for: nothing, one of `kinds`, or that a factor is set up first.

    `is_chosen` says that the user wants it, not the pool alone.
    """

    is_required: bool = False
    is_chosen: bool = False
    kinds: tuple[MfaKind, ...] = ()
    may_set_up: bool = False


class Preference(Struct, frozen=True, kw_only=True):
    """What is said of one kind in SetUserMFAPreference."""

    is_enabled: bool
    is_preferred: bool


_NOTHING: Final = Due()


def offered(pool: UserPool) -> tuple[MfaKind, ...]:
    """Give the kinds that a pool offers, whether or not it demands one."""
    are = {
        "SMS_MFA": pool.sms_mfa,
        "SOFTWARE_TOKEN_MFA": pool.software_token_mfa,
        "EMAIL_OTP": pool.email_mfa is not None,
    }
    return tuple(kind for kind in KINDS if are[kind])


def due(pool: UserPool, user: PoolUser, credentials: PoolCredentials) -> Due:
    """Say what a sign-in of this user must ask for, after the first factor (AWS [D] §8)."""
    if pool.mfa == "OFF":
        return _NOTHING
    chosen = tuple(kind for kind in offered(pool) if kind in user.mfa)
    if chosen:
        usable = tuple(kind for kind in chosen if _is_set_up(user, credentials, kind))
        is_one = user.preferred_mfa in usable and user.preferred_mfa is not None
        kinds = (user.preferred_mfa,) if is_one else usable
        return Due(is_required=True, is_chosen=True, kinds=kinds)  # type: ignore[arg-type]
    if pool.mfa == "OPTIONAL":
        return _NOTHING
    # AWS [D]: with ON an address that nobody verified will do, since nobody may get in without.
    had = tuple(
        kind for kind in offered(pool) if _is_set_up(user, credentials, kind, needs_proof=False)
    )
    return Due(is_required=True, kinds=had, may_set_up=not had)


def with_preferences(
    pool: UserPool,
    user: PoolUser,
    credentials: PoolCredentials,
    given: Mapping[MfaKind, Preference],
) -> tuple[tuple[MfaKind, ...], MfaKind | None]:
    """Give the kinds that a user has after SetUserMFAPreference, and the preferred one.

    Raises InvalidParameterException.
    """
    for kind, said in given.items():
        _check(pool, user, credentials, kind, said)
    enabled = {kind for kind in user.mfa if kind not in given}
    enabled |= {kind for kind, said in given.items() if said.is_enabled}
    preferred = [kind for kind, said in given.items() if said.is_preferred]
    if len(preferred) > 1:
        raise _invalid("Only one MFA method can be preferred.")
    kept = user.preferred_mfa if user.preferred_mfa not in given else None
    chosen = preferred[0] if preferred else kept
    return tuple(kind for kind in KINDS if kind in enabled), chosen if chosen in enabled else None


def _check(
    pool: UserPool,
    user: PoolUser,
    credentials: PoolCredentials,
    kind: MfaKind,
    said: Preference,
) -> None:
    if said.is_preferred and not said.is_enabled:
        raise _invalid(f"{kind} cannot be preferred without being enabled.")
    if not said.is_enabled:
        return
    if kind not in offered(pool):
        raise _invalid(f"{kind} is not enabled for the user pool.")
    if _is_set_up(user, credentials, kind):
        return
    if kind == "SOFTWARE_TOKEN_MFA":
        raise _invalid("User has not verified software token mfa")
    raise _invalid(f"User does not have delivery config set to turn on {kind}")


def _is_set_up(
    user: PoolUser, credentials: PoolCredentials, kind: MfaKind, *, needs_proof: bool = True
) -> bool:
    if kind == "SOFTWARE_TOKEN_MFA":
        return credentials.totp_seed is not None
    name = _ADDRESS[kind]
    is_verified = user.attributes.get(f"{name}_verified") == "true"
    return name in user.attributes and (is_verified or not needs_proof)


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
