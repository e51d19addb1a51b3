"""Which attributes lead to a user at sign-in, and what names users may have. Pure.

In a pool with UsernameAttributes the address is the name, verified or not, and the username is the
sub; in one with AliasAttributes an address is an alias as long as it is verified (AWS [D]).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.userpool.attributes import is_email, is_phone
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.records.user_pool import UserPool
    from bargate.store.interface import AlreadyExists

_INDEX = "alias_"


def aliases_of(pool: UserPool, attributes: Mapping[str, str]) -> tuple[str, ...]:
    """Give the names of the attributes by which a user with these may sign in."""
    names = [name for name in pool.username_attributes if attributes.get(name)]
    for name in pool.alias_attributes:
        is_verified = attributes.get(f"{name}_verified") == "true"
        if attributes.get(name) and (is_verified or name == "preferred_username"):
            names.append(name)
    return tuple(names)


def name_attribute(pool: UserPool, username: str) -> str | None:
    """Give the attribute that a new user's name is, None where names are names.

    Raises InvalidParameterException for one that a user of this pool cannot have.
    """
    if pool.username_attributes:
        if "email" in pool.username_attributes and is_email(username):
            return "email"
        if "phone_number" in pool.username_attributes and is_phone(username):
            return "phone_number"
        raise _invalid(_WANTED[tuple(sorted(pool.username_attributes))])
    if "email" in pool.alias_attributes and is_email(username):
        raise _invalid(_FORBIDDEN.format("email", "email"))
    if "phone_number" in pool.alias_attributes and is_phone(username):
        raise _invalid(_FORBIDDEN.format("phone number", "phone number"))
    return None


_FORBIDDEN = "Username cannot be of {} format, since user pool is configured for {} alias."
_WANTED = {
    ("email",): "Username should be an email.",
    ("phone_number",): "Username should be a phone number.",
    ("email", "phone_number"): "Username should be either an email or a phone number.",
}


def taken(pool: UserPool, error: AlreadyExists) -> AwsError:
    """Give the refusal of a name that another user has (AWS [D] cognito-userpools §9)."""
    index = error.index or ""
    if not index.startswith(_INDEX):
        return AwsError("UsernameExistsException", "User already exists")
    attribute = index.removeprefix(_INDEX)
    if attribute in pool.username_attributes:
        message = f"An account with the given {attribute} already exists."
        return AwsError("UsernameExistsException", message)
    return AwsError("AliasExistsException", f"An account with the {attribute} already exists.")


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
