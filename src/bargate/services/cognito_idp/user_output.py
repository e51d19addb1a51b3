"""Users as AWS writes them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bargate.userpool import attributes

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from bargate.records.pool_user import LinkedIdentity, PoolUser


def user_output(user: PoolUser, wanted: Collection[str] | None = None) -> dict[str, Any]:
    """Write a user as lists and AdminCreateUser do; of the attributes only those wanted, if any."""
    written = _written(user, user.attributes)
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
        "UserAttributes": _written(user, shown),
    }
    if user.mfa_options:
        output["MFAOptions"] = list(user.mfa_options)
    if user.preferred_mfa is not None:
        output["PreferredMfaSetting"] = user.preferred_mfa
    if user.mfa:
        output["UserMFASettingList"] = list(user.mfa)
    return output


def _written(user: PoolUser, shown: Mapping[str, str]) -> list[dict[str, str]]:
    """Write attributes, and after them the identities that lead to the user (AWS [O])."""
    written = attributes.output(user.sub, shown)
    if user.identities:
        told = [_identity(each) for each in user.identities]
        written.append({"Name": "identities", "Value": json.dumps(told, separators=(",", ":"))})
    return written


def _identity(linked: LinkedIdentity) -> dict[str, Any]:
    return {
        "userId": linked.user_id,
        "providerName": linked.provider_name,
        "providerType": linked.provider_type,
        "issuer": linked.issuer,
        "primary": linked.is_primary,
        "dateCreated": int(linked.linked_at.timestamp() * 1000),
    }
