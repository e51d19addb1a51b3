"""Issue temporary credentials: an ASIA key, its secret, and the token that holds both, sealed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params
    from bargate.tokens.session import Session

MAX_TOKEN_CHARACTERS = 4_096


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
