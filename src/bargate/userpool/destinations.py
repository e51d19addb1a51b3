"""Where codes go: which address of a user, by which medium, and how that is shown to strangers."""

from __future__ import annotations

import hmac
import string
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from bargate.userpool.attributes import is_email, is_phone
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.records.pool_user import PoolUser
    from bargate.records.user_pool import UserPool
    from bargate.userpool.pools import Medium, Pools

Address = Literal["email", "phone_number"]
_MEDIA: Final[dict[Address, Medium]] = {"email": "EMAIL", "phone_number": "SMS"}
_RECOVERY: Final[dict[str, Address]] = {
    "verified_email": "email",
    "verified_phone_number": "phone_number",
}
# AWS [D] cognito-userpools §8: phone first, then email, where the pool says nothing.
_DEFAULT_RECOVERY: Final = ("verified_phone_number", "verified_email")
# AWS [D] §8: a second factor's address does not bring back the first factor, too.
_SECOND_FACTOR: Final[dict[Address, str]] = {"email": "EMAIL_OTP", "phone_number": "SMS_MFA"}


class Destination(Struct, frozen=True, kw_only=True):
    """An address of a user."""

    attribute: Address
    value: str

    @property
    def medium(self) -> Medium:
        """How one reaches it."""
        return _MEDIA[self.attribute]

    def details(self) -> dict[str, str]:
        """Write it as AWS's CodeDeliveryDetails, the address masked."""
        return {
            "Destination": masked(self.value),
            "DeliveryMedium": self.medium,
            "AttributeName": self.attribute,
        }


def masked(destination: str) -> str:
    """Show an address to whoever owns it, and hardly to others (AWS [R] §2)."""
    name, at, host = destination.partition("@")
    if at:
        return f"{name[:1]}***@{host[:1]}***"
    return f"+{'*' * max(len(destination) - 5, 0)}{destination[-4:]}"


def as_address(name: str) -> Address | None:
    """Give an attribute's name if it is that of an address."""
    return "email" if name == "email" else "phone_number" if name == "phone_number" else None


def to_confirm(pool: UserPool, user: PoolUser) -> Destination | None:
    """Give where a sign-up's code goes (AWS [D]: to the phone, if both are to be verified)."""
    for attribute in _confirmed_by(pool):
        if value := user.attributes.get(attribute):
            return Destination(attribute=attribute, value=value)
    return None


def to_recover(pool: UserPool, user: PoolUser) -> Destination | None:
    """Give where the code for a new password goes: a verified address, in the pool's order."""
    for attribute in _recovered_by(pool):
        is_verified = user.attributes.get(f"{attribute}_verified") == "true"
        value = user.attributes.get(attribute)
        if value and is_verified and _SECOND_FACTOR[attribute] not in user.mfa:
            return Destination(attribute=attribute, value=value)
    return None


def check_recovery(pool: UserPool) -> None:
    """Raise NotAuthorizedException where users cannot recover their accounts by themselves."""
    if pool.recovery is not None and "admin_only" in pool.recovery:
        message = "Contact administrator to reset password."  # AWS [O]
        raise AwsError("NotAuthorizedException", message)


def check_confirmation(pool: UserPool) -> None:
    """Raise InvalidParameterException in a pool that sends no codes at sign-up (AWS [O])."""
    if not pool.auto_verified:
        message = "Cannot resend codes. Auto verification not turned on."
        raise AwsError("InvalidParameterException", message)


def pretended_to_confirm(pools: Pools, pool: UserPool, name: str) -> Destination:
    """Give where a sign-up's code would go for a user who does not exist: always the same."""
    return pretended(pools, pool, name, _confirmed_by(pool))


def pretended_to_recover(pools: Pools, pool: UserPool, name: str) -> Destination:
    """Give where a recovery's code would go for a user who does not exist: always the same."""
    return pretended(pools, pool, name, _recovered_by(pool))


def _confirmed_by(pool: UserPool) -> tuple[Address, ...]:
    both: tuple[Address, ...] = ("phone_number", "email")
    return tuple(each for each in both if each in pool.auto_verified)


def _recovered_by(pool: UserPool) -> tuple[Address, ...]:
    named = _DEFAULT_RECOVERY if pool.recovery is None else pool.recovery
    return tuple(_RECOVERY[each] for each in named if each in _RECOVERY)


def pretended(pools: Pools, pool: UserPool, name: str, wanted: tuple[Address, ...]) -> Destination:
    """Give the name where it is an address that is wanted; else one that the pool's secret draws for the name.

    Most users have a mail address and few a phone, so a mail address it is where that may be.
    """
    if is_email(name) and "email" in wanted:
        return Destination(attribute="email", value=name)
    if is_phone(name) and "phone_number" in wanted:
        return Destination(attribute="phone_number", value=name)
    secret = pools.store.read(lambda tx: pools.keyring.of(tx, pool.id).secret)
    text = f"destination\0{name}".encode("utf-8", "surrogatepass")
    drawn = hmac.digest(secret.encode(), text, "sha256")
    if "email" not in wanted and wanted:
        digits = int.from_bytes(drawn[:8]) % 10**10
        return Destination(attribute="phone_number", value=f"+1{digits:010d}")
    letters = [string.ascii_lowercase[each % 26] for each in drawn[:2]]
    return Destination(attribute="email", value="@".join(letters))
