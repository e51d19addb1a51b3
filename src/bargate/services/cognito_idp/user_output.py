"""Users as AWS writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bargate.userpool import attributes

if TYPE_CHECKING:
    from collections.abc import Collection

    from bargate.records.pool_user import PoolUser


def user_output(user: PoolUser, wanted: Collection[str] | None = None) -> dict[str, Any]:
    """Write a user as lists and AdminCreateUser do; of the attributes only those wanted, if any."""
    written = attributes.output(user.sub, user.attributes)
    output: dict[str, Any] = {
        "Username": user.username,
        "Attributes": [each for each in written if wanted is None or each["Name"] in wanted],
        "UserCreateDate": user.created_at,
        "UserLastModifiedDate": user.modified_at,
        "Enabled": user.enabled,
        "UserStatus": user.status,
    }
    if user.mfa_options:
        output["MFAOptions"] = list(user.mfa_options)
    return output


def profile_output(user: PoolUser, shown: dict[str, str]) -> dict[str, Any]:
    """Write what GetUser and AdminGetUser have in common; `shown` are the attributes."""
    output: dict[str, Any] = {
        "Username": user.username,
        "UserAttributes": attributes.output(user.sub, shown),
    }
    if user.mfa_options:
        output["MFAOptions"] = list(user.mfa_options)
    if user.preferred_mfa is not None:
        output["PreferredMfaSetting"] = user.preferred_mfa
    if user.mfa:
        output["UserMFASettingList"] = list(user.mfa)
    return output
