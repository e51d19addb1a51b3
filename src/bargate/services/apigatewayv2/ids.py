"""Ids of APIs and of their parts: small letters and digits, as AWS's."""

import hashlib
import secrets

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
API_ID_LENGTH = 10
PART_ID_LENGTH = 10


def new_id(length: int = PART_ID_LENGTH) -> str:
    """Make an id that nobody can foresee."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def derived_id(*parts: str) -> str:
    """Give the id of a part of an imported API; the same at every import."""
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()
    return "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest[:PART_ID_LENGTH])
