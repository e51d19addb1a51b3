"""From a sign-in that is complete, or a refresh token, to tokens.

PreTokenGeneration ──► in one transaction: is the user still good? family ──► ID and access token
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from bargate.random_ids import new_uuid
from bargate.records.pool_refresh_token import REFRESH_FAMILY
from bargate.records.pool_user import POOL_USER
from bargate.tokens.signing import sign
from bargate.userpool import first_sign_in, refresh
from bargate.userpool.claims import API_SCOPE, Subject, access_claims, id_claims
from bargate.userpool.devices import note_use
from bargate.userpool.groups import groups_of
from bargate.userpool.progress import Authenticated, NewDevice
from bargate.userpool.prove import check_password_is
from bargate.userpool.triggers.pre_token_generation import (
    NO_OVERRIDES,
    SHAPE,
    Overrides,
    overrides_of,
    pre_token_generation,
)
from bargate.userpool.user_sessions import make_room, note_renewal
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bargate.records.pool_refresh_token import RefreshFamily
    from bargate.records.pool_user import PoolUser
    from bargate.store.interface import Reader, Transaction
    from bargate.userpool.keys import LoadedKey, PoolKeys
    from bargate.userpool.pools import Pools
    from bargate.userpool.progress import Asked, Progress


class Done(Struct, frozen=True, kw_only=True):
    """A sign-in that is complete; `source` is the trigger's (`TokenGeneration_…`)."""

    progress: Progress
    source: str


class Issued(Struct, frozen=True, kw_only=True):
    """What a transaction found out for tokens: the user as they are now, and their family."""

    subject: Subject
    keys: PoolKeys


async def issue(
    pools: Pools, asked: Asked, user: PoolUser, done: Done, device: NewDevice | str | None = None
) -> Authenticated:
    """Give the tokens of a sign-in that is complete.

    `device` is a new one, or the key of one that is known. Raises AwsError when the user was
    deleted or disabled, has another password, or the device was forgotten, meanwhile.
    """
    overrides = await _ask_trigger(pools, asked, user, done.source, API_SCOPE)
    token = refresh.new_token()
    device_key = device.key if isinstance(device, NewDevice) else device

    def work(tx: Transaction) -> Issued:
        current = _current(tx, user)
        # INVARIANT: a password that was taken away while this sign-in waited gives no tokens.
        if current.status != "CONFIRMED":
            raise AwsError("NotAuthorizedException", "Incorrect username or password.")
        check_password_is(tx, current, done.progress)
        current = first_sign_in.end(tx, asked.pool, current)
        if isinstance(device, str):
            note_use(tx, current, device, asked.now, asked.source_ip)
        make_room(tx, asked.pool, current, asked.now)
        family = refresh.begin(
            tx, current, asked.client, token, asked.now,
            scope=API_SCOPE, device_key=device_key, source_ip=asked.source_ip,
        )  # fmt: skip
        return _issued(pools, tx, asked, current, family)

    issued = await pools.store.submit(work)
    signed = await _signed(pools, issued, overrides, token)
    return replace(signed, new_device=device if isinstance(device, NewDevice) else None)


async def renew(
    pools: Pools, asked: Asked, held: Callable[[Reader], tuple[RefreshFamily, PoolUser]]
) -> Authenticated:
    """Give the tokens that a refresh token is good for; it stays the one that it is.

    `held` finds whose it is, as they are now; raises what it raises.
    """
    if asked.pool.trigger_arn(SHAPE.name) is None and not asked.pool.session_tracking:

        def work(tx: Reader) -> Issued:
            family, user = held(tx)
            return _issued(pools, tx, asked, user, family)

        # Nothing is waited for, so one view tells all.
        return await _signed(pools, pools.store.read(work), NO_OVERRIDES, None)
    family, user = pools.store.read(held)
    overrides = await ask_before_renewal(pools, asked, user, family)
    return await renewed(pools, asked, user, family, overrides)


async def ask_before_renewal(
    pools: Pools, asked: Asked, user: PoolUser, family: RefreshFamily
) -> Overrides:
    """Ask what becomes of tokens that are renewed."""
    return await _ask_trigger(pools, asked, user, "TokenGeneration_RefreshTokens", family.scope)


async def renewed(
    pools: Pools,
    asked: Asked,
    user: PoolUser,
    family: RefreshFamily,
    overrides: Overrides,
    rotated: str | None = None,
) -> Authenticated:
    """Give renewed tokens; `rotated` is the next refresh token, stored already.

    Raises NotAuthorizedException when user or family were ended while a function was asked.
    """

    def work(tx: Reader) -> Issued:
        current = tx.find(REFRESH_FAMILY, REFRESH_FAMILY.key_of(family))
        if current is None or current.revoked_at is not None:
            raise AwsError("NotAuthorizedException", "Refresh Token has been revoked")
        return _issued(pools, tx, asked, _current(tx, user), family)

    def noted(tx: Transaction) -> Issued:
        issued = work(tx)
        note_renewal(tx, family, asked.source_ip, asked.now)
        return issued

    if asked.pool.session_tracking:
        return await _signed(pools, await pools.store.submit(noted), overrides, rotated)
    return await _signed(pools, pools.store.read(work), overrides, rotated)


async def _ask_trigger(
    pools: Pools, asked: Asked, user: PoolUser, source: str, scope: str
) -> Overrides:
    if asked.pool.trigger_arn(SHAPE.name) is None:
        return NO_OVERRIDES
    groups = pools.store.read(lambda tx: groups_of(tx, user.pool_id, user.sub))
    call = pre_token_generation(asked, user, groups, source, scope)
    return overrides_of(asked, await pools.triggers.run(call))


def _current(tx: Reader, user: PoolUser) -> PoolUser:
    """Give a user as they are now; raises NotAuthorizedException."""
    current = tx.find(POOL_USER, (user.pool_id, user.sub))
    if current is None:
        raise AwsError("NotAuthorizedException", "Incorrect username or password.")
    if not current.enabled:
        raise AwsError("NotAuthorizedException", "User is disabled.")
    return current


def _issued(
    pools: Pools, tx: Reader, asked: Asked, user: PoolUser, family: RefreshFamily
) -> Issued:
    subject = Subject(
        issuer=pools.issuer_of(asked.pool),
        client=asked.client,
        user=user,
        groups=groups_of(tx, user.pool_id, user.sub),
        auth_time=int(family.authenticated_at.timestamp()),
        issued_at=int(asked.now.timestamp()),
        event_id=new_uuid(),
        origin_jti=family.id,
        scope=family.scope,
        device_key=family.device_key,
    )
    return Issued(subject=subject, keys=pools.keyring.of(tx, user.pool_id))


async def _signed(
    pools: Pools, issued: Issued, overrides: Overrides, refresh_token: str | None
) -> Authenticated:
    subject, signing = issued.subject, issued.keys.signing
    access_said = overrides.of_access_token(access_claims(subject, new_uuid()))
    id_said = overrides.of_id_token(id_claims(subject, new_uuid()))
    # RSA takes most of a refresh, and lets go of the interpreter: others are answered meanwhile.
    both = partial(_both, signing, access_said, id_said)
    access_token, id_token = await pools.threads.run(both)
    return Authenticated(
        access_token=access_token,
        id_token=id_token,
        expires_in_s=subject.client.access_s,
        refresh_token=refresh_token,
    )


def _both(
    signing: Mapping[str, LoadedKey], access_said: Mapping[str, Any], id_said: Mapping[str, Any]
) -> tuple[str, str]:
    access, identity = signing["access"], signing["id"]
    return (
        sign(access_said, access.record.kid, access.private),
        sign(id_said, identity.record.kid, identity.private),
    )
