"""What a pool's passwords must be (AWS [D] cognito-userpools §8), in AWS's words."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.records.user_pool import PoolPasswordPolicy

MAX_CHARACTERS: Final = 256
SYMBOLS: Final = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+-"
_UPPER, _LOWER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
_DIGITS: Final = "0123456789"


def check_password(policy: PoolPasswordPolicy, password: str) -> None:
    """Raise InvalidPasswordException unless a password is as the policy wants it."""
    defect = defect_of(policy, password)
    if defect is not None:
        message = f"Password did not conform with policy: {defect}"
        raise AwsError("InvalidPasswordException", message)


def defect_of(policy: PoolPasswordPolicy, password: str) -> str | None:
    """Say what is wrong with a password, None when nothing is."""
    if len(password) < policy.minimum_length:
        return "Password not long enough"
    if len(password) > MAX_CHARACTERS:
        return f"Password must not be longer than {MAX_CHARACTERS} characters"
    if password != password.strip():  # AWS [D] §8: a space counts inside only
        return "Password must not begin or end with a space"
    for is_required, characters, name in (
        (policy.require_uppercase, _UPPER, "uppercase"),
        (policy.require_lowercase, _LOWER, "lowercase"),
        (policy.require_numbers, _DIGITS, "numeric"),
        (policy.require_symbols, SYMBOLS + " ", "symbol"),
    ):
        if is_required and not any(each in characters for each in password):
            return f"Password must have {name} characters"
    return None


def draw_password(policy: PoolPasswordPolicy) -> str:
    """Draw a temporary password that conforms: one of each kind, then any of them."""
    kinds = (_UPPER, _LOWER, _DIGITS, "!#%&*+-=?@^_~")
    drawn = [secrets.choice(kind) for kind in kinds]
    everything = "".join(kinds)
    while len(drawn) < max(policy.minimum_length, 12):
        drawn.append(secrets.choice(everything))
    secrets.SystemRandom().shuffle(drawn)
    return "".join(drawn)
