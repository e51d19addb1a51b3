"""Unique ids and ids of access keys, drawn from the operating system's randomness."""

import secrets
from typing import Literal

Prefix = Literal["AIDA", "AGPA", "AROA", "ANPA", "AIPA", "ASCA", "APKA", "ACCA"]

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_ENTITY_CHARACTERS = 17
_KEY_CHARACTERS = 16


def unique_id(prefix: Prefix) -> str:
    """Make the id of an entity: 21 characters (AWS [O])."""
    return prefix + random_id(_ENTITY_CHARACTERS)


def access_key_id(prefix: Literal["AKIA", "ASIA"] = "AKIA") -> str:
    """Make the id of an access key: 20 characters."""
    return prefix + random_id(_KEY_CHARACTERS)


def random_id(characters: int) -> str:
    """Draw so many upper-case letters and digits, of five bits each."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(characters))
