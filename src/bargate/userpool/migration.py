"""Migration at sign-in (UserMigration): a user who is not in the pool yet comes from a directory that the function asks.

    sign-in with a password ──► function: is it theirs? ──► user stored, with that password
    ForgotPassword          ──► function: who is it?    ──► user stored, RESET_REQUIRED, a code follows

No welcome message is sent: it would hold the user's own password [I].
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from bargate.userpool.aliases import aliases_of
from bargate.userpool.attributes import check_new
from bargate.userpool.pools import TriggerCall
from bargate.userpool.triggers.user_migration import UserMigrationResponse, empty_response
from bargate.userpool.users import create_user, new_name, new_user, with_name
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bargate.records.pool_user import PoolUser
    from bargate.records.user_pool import UserPool
    from bargate.records.user_pool_client import UserPoolClient
    from bargate.userpool.pools import Pools

NAME: Final = "UserMigration"
_log = logging.getLogger("bargate.userpool")


class Newcomer(Struct, frozen=True, kw_only=True):
    """Somebody whom no user is known by; `password` is None in ForgotPassword.

    `validation` is the ClientMetadata of a sign-in, `metadata` that of ForgotPassword (AWS [D]).
    """

    pool: UserPool
    client: UserPoolClient
    name: str
    password: str | None = None
    validation: Mapping[str, str] = {}
    metadata: Mapping[str, str] = {}
    now: datetime

    def __repr__(self) -> str:
        return f"Newcomer({self.pool.id}, {self.client.id})"


async def migrate(pools: Pools, newcomer: Newcomer) -> PoolUser | None:
    """Store the user whom the function knows; None without a function, or one that knows nobody.

    Why a user did not come is logged and not told: it is what strangers ask for.
    """
    if newcomer.pool.trigger_arn(NAME) is None:
        return None
    try:
        said = await pools.triggers.run(_call(newcomer))
        return await _stored(pools, newcomer, msgspec.convert(said, UserMigrationResponse))
    except AwsError as refused:
        _log.info("nobody was migrated to %s: %s", newcomer.pool.id, refused.code)
        return None


def _call(newcomer: Newcomer) -> TriggerCall:
    is_sign_in = newcomer.password is not None
    request: dict[str, Any] = {
        "validationData": dict(newcomer.validation),
        "clientMetadata": dict(newcomer.metadata),
    }
    return TriggerCall(
        pool=newcomer.pool,
        trigger=NAME,
        source="UserMigration_Authentication" if is_sign_in else "UserMigration_ForgotPassword",
        client_id=newcomer.client.id,
        user_name=newcomer.name,
        request={"password": newcomer.password} | request if is_sign_in else request,
        response=empty_response(),
    )


async def _stored(pools: Pools, newcomer: Newcomer, said: UserMigrationResponse) -> PoolUser:
    """Store the user; the pool's password policy is not asked (AWS [D]), all other rules are."""
    pool = newcomer.pool
    user = _user(newcomer, said)
    proofs = None
    if newcomer.password is not None:
        proofs = await pools.hasher.proofs(pool, user.username, newcomer.password)
    moves = said.force_alias_creation is True
    return await pools.store.submit(
        lambda tx: create_user(tx, pool, user, proofs, moves_aliases=moves)
    )


def _user(newcomer: Newcomer, said: UserMigrationResponse) -> PoolUser:
    pool = newcomer.pool
    attributes = {k: v for k, v in said.user_attributes.items() if k not in ("sub", "username")}
    # AWS [O]: who came by an alias is named by the function.
    named = None if pool.username_attributes else said.user_attributes.get("username")
    name = new_name(pool, named or newcomer.name)
    attributes = with_name(name, attributes)
    check_new(pool, attributes, by_admin=True)
    status = said.final_user_status or ("RESET_REQUIRED" if newcomer.password is None else None)
    user = new_user(pool, name, attributes, status or "CONFIRMED", newcomer.now)
    user = replace(user, aliases=aliases_of(pool, attributes))
    if said.enable_sms_mfa and attributes.get("phone_number"):
        return replace(user, mfa=("SMS_MFA",), preferred_mfa="SMS_MFA")
    return user
