"""Issue temporary credentials: an ASIA key, its secret, and the token that holds both, sealed.

The id of an access key holds its account, as at AWS [O], so that GetAccessKeyInfo can tell it
without a record: 40 bits of account and 40 random ones, in Base32.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params
    from bargate.tokens.session import Session

PREFIX = "ASIA"
MAX_TOKEN_CHARACTERS = 4_096
_ACCOUNT_BYTES = 5
_ID_CHARACTERS = 20


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


def issue(call: OperationCall, session: Session) -> Params:
    """Give a session's `Credentials`; raises AwsError PackedPolicyTooLarge."""
    token = call.environment.sealer.seal(session)
    if len(token) > MAX_TOKEN_CHARACTERS:
        percent = 100 * len(token) // MAX_TOKEN_CHARACTERS
        raise AwsError(
            "PackedPolicyTooLarge",
            f"Packed policy consumes {percent}% of allotted space, please use smaller policy.",
        )
    return {
        "AccessKeyId": session.access_key_id,
        "SecretAccessKey": session.secret.reveal(),
        "SessionToken": token,
        "Expiration": datetime.fromtimestamp(session.expires_at, UTC),
    }


def packed_size_percent(policies: tuple[str, ...] | None, tags: dict[str, str]) -> int | None:
    """Give `PackedPolicySize`: how much of a session's room policies and tags take, in percent.

    None when there are none. AWS does not publish its packing; this is their plain size [I].
    """
    size_bytes = sum(len(policy.encode()) for policy in policies or ())
    size_bytes += sum(len(f"{key}{value}".encode()) for key, value in tags.items())
    if not size_bytes:
        return None
    return max(1, 100 * size_bytes // MAX_TOKEN_CHARACTERS)
