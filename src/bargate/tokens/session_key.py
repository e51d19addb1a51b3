"""Secret access keys, and ids of temporary ones.

Such an id holds its account, as at AWS [O], so that GetAccessKeyInfo can tell it without a record: 40 bits
of account and 40 random ones, in Base32.
"""

import base64
import binascii
import secrets

from bargate.secret import Secret

PREFIX = "ASIA"
_ACCOUNT_BYTES = 5
_ID_CHARACTERS = 20
_SECRET_BYTES = 30


def session_key_id(account_id: str) -> str:
    """Make the id of a temporary access key of an account."""
    raw = int(account_id).to_bytes(_ACCOUNT_BYTES, "big") + secrets.token_bytes(_ACCOUNT_BYTES)
    return PREFIX + base64.b32encode(raw).decode("ascii")


def account_of_session_key(access_key_id: str) -> str | None:
    """Read the account out of a temporary access key's id, None when it cannot be one."""
    if not access_key_id.startswith(PREFIX) or len(access_key_id) != _ID_CHARACTERS:
        return None
    try:
        raw = base64.b32decode(access_key_id.removeprefix(PREFIX))
    except binascii.Error:
        return None
    account_id = f"{int.from_bytes(raw[:_ACCOUNT_BYTES], 'big'):012d}"
    return account_id if len(account_id) == len("123456789012") else None


def secret_access_key() -> Secret:
    """Make a secret access key: 40 characters of Base64."""
    return Secret(base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode("ascii"))
