"""WEB_AUTHN as it is posed: a fresh challenge, and the passkeys that may answer it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

import msgspec

from bargate.userpool.credential_json import base64url
from bargate.userpool.find import wrong_password
from bargate.userpool.mfa import due
from bargate.userpool.passkey_registration import TIMEOUT_MS
from bargate.userpool.passkeys import described
from bargate.userpool.progress import Asked, Challenge, Progress
from bargate.userpool.relying_party import (
    WEB_AUTHN,
    is_second_factor_too,
    must_verify_user,
    relying_party_of,
)

if TYPE_CHECKING:
    from bargate.records.pool_passkey import PoolPasskey
    from bargate.records.pool_user import PoolCredentials, PoolUser
    from bargate.records.user_pool import UserPool
    from bargate.userpool.find import Sought
    from bargate.userpool.pools import Pools

CHALLENGE: Final = "challenge"
RELYING_PARTY: Final = "rp"
_CHALLENGE_BYTES: Final = 32


async def by_passkey(pools: Pools, asked: Asked, progress: Progress, sought: Sought) -> Challenge:  # noqa: ARG001  a factor's signature
    """Ask for a passkey (PublicKeyCredentialRequestOptionsJSON)."""
    rp_id = relying_party_of(asked.pool)
    if rp_id is None:
        raise wrong_password()
    challenge = base64url(secrets.token_bytes(_CHALLENGE_BYTES))
    options = {
        "challenge": challenge,
        "timeout": TIMEOUT_MS,
        "rpId": rp_id,
        "allowCredentials": described(sought.passkeys),
        "userVerification": "required" if must_verify_user(asked.pool) else "preferred",
    }
    return Challenge(
        name=WEB_AUTHN,
        parameters={"CREDENTIAL_REQUEST_OPTIONS": msgspec.json.encode(options).decode()},
        progress=progress.knowing(**{CHALLENGE: challenge, RELYING_PARTY: rp_id}),
    )


def may_use_passkey(
    pool: UserPool,
    user: PoolUser,
    credentials: PoolCredentials,
    passkeys: tuple[PoolPasskey, ...],
) -> bool:
    """Say whether a user may sign in by passkey: alone, it is one factor, unless it counts as two.

    AWS [D]: nobody who must replace a temporary password, as with codes.
    """
    if not passkeys or user.status == "FORCE_CHANGE_PASSWORD":
        return False
    return not due(pool, user, credentials).is_required or counts_as_two(pool, user)


def counts_as_two(pool: UserPool, user: PoolUser) -> bool:
    """Say whether a passkey is this user's MFA: the pool allows it and they chose it (AWS [M])."""
    return is_second_factor_too(pool) and user.passkey_mfa
