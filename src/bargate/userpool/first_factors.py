"""First factors that a user may choose from (USER_AUTH): who has which, and how each is posed.

A factor more is a line more in `FIRST_FACTORS`, and a challenge that answers it.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct

from bargate.userpool.find import Sought, refuse_unknown, wrong_password
from bargate.userpool.mfa import due
from bargate.userpool.one_time_codes import address_of, pose_code
from bargate.userpool.passkey_challenge import by_passkey, may_use_passkey
from bargate.userpool.proceed import proceed
from bargate.userpool.progress import Answer, Asked, Challenge, Progress
from bargate.userpool.prove import prove_password
from bargate.userpool.relying_party import WEB_AUTHN, is_second_factor_too
from bargate.userpool.srp_challenge import srp_challenge

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from bargate.records.pool_passkey import PoolPasskey
    from bargate.records.pool_user import PoolCredentials, PoolUser
    from bargate.records.user_pool import UserPool
    from bargate.userpool.pools import Pools

SELECT_CHALLENGE: Final = "SELECT_CHALLENGE"
Passkeys: TypeAlias = "tuple[PoolPasskey, ...]"


class FirstFactor(Struct, frozen=True, kw_only=True):
    """A factor: which of the pool's AllowedFirstAuthFactors permits it, who has it, what it asks."""

    permit: str
    has: Callable[[UserPool, PoolUser, PoolCredentials, Passkeys], bool]
    pose: Callable[[Pools, Asked, Progress, Sought], Awaitable[Answer]]


def available(pool: UserPool, sought: Sought) -> tuple[str, ...]:
    """Give what a user may choose; for one who does not exist, what most have (AWS [R] §2)."""
    permitted = {n: each for n, each in FIRST_FACTORS.items() if each.permit in pool.first_factors}
    user, credentials = sought.user, sought.credentials
    if user is None or credentials is None:
        return tuple(n for n, each in permitted.items() if _is_usual(pool, each, sought.passkeys))
    passkeys = sought.passkeys
    return tuple(n for n, each in permitted.items() if each.has(pool, user, credentials, passkeys))


def _is_usual(pool: UserPool, factor: FirstFactor, pretended: Passkeys) -> bool:
    if factor.permit == WEB_AUTHN:
        return bool(pretended) and (pool.mfa != "ON" or is_second_factor_too(pool))
    return factor.permit == "PASSWORD" or pool.mfa != "ON"


def configured(pool: UserPool, sought: Sought) -> tuple[str, ...]:
    """Give the factors that a user has, under the names of GetUserAuthFactors."""
    found = available(pool, sought)
    return tuple(dict.fromkeys(FIRST_FACTORS[name].permit for name in found))


async def choose(
    pools: Pools, asked: Asked, progress: Progress, sought: Sought, wanted: str | None
) -> Answer:
    """Ask for the factor that is wanted, or else which it shall be; raises AwsError."""
    if sought.user is None and not asked.client.hides_users:
        raise refuse_unknown(asked.client)
    names = available(asked.pool, sought)
    if not names:
        raise wrong_password()
    if wanted in names and wanted is not None:
        return await FIRST_FACTORS[wanted].pose(pools, asked, progress, sought)
    return Challenge(
        name=SELECT_CHALLENGE, parameters={}, progress=progress.knowing(), available=names
    )


async def by_password(pools: Pools, asked: Asked, progress: Progress, sought: Sought) -> Answer:
    """Prove the password that came; ask for one if none did."""
    password = asked.parameters.get("PASSWORD")
    if not password:
        return Challenge(name="PASSWORD", parameters={}, progress=progress.knowing())
    user = await prove_password(pools, asked, sought, password)
    return await proceed(pools, asked, progress.with_password(sought.password_of), user)


async def by_srp(pools: Pools, asked: Asked, progress: Progress, sought: Sought) -> Answer:
    """Answer SRP_A; ask for it if it did not come."""
    if not asked.parameters.get("SRP_A"):
        return Challenge(name="PASSWORD_SRP", parameters={}, progress=progress.knowing())
    pools.lockouts.check(asked.pool.id, sought.lock_name, asked.now.timestamp())
    return await srp_challenge(pools, asked, sought, progress)


def _by_code(name: str) -> Callable[[Pools, Asked, Progress, Sought], Awaitable[Answer]]:
    async def pose(pools: Pools, asked: Asked, progress: Progress, sought: Sought) -> Answer:
        return await pose_code(pools, asked, progress, sought.user, name, is_second=False)

    return pose


def _has_password(_: UserPool, user: PoolUser, credentials: PoolCredentials, __: Passkeys) -> bool:
    # An imported user has none yet, and is told by trying that they must reset it.
    return credentials.hash is not None or user.status == "RESET_REQUIRED"


def _receives(name: str) -> Callable[[UserPool, PoolUser, PoolCredentials, Passkeys], bool]:
    """Give who may sign in by a code alone: whose address is verified, and who has no MFA.

    AWS [D]: a code is one factor; nobody whose sign-in demands two may use it.
    """
    attribute = address_of(name)

    def has(pool: UserPool, user: PoolUser, credentials: PoolCredentials, _: Passkeys) -> bool:
        is_verified = user.attributes.get(f"{attribute}_verified") == "true"
        is_open = user.status != "FORCE_CHANGE_PASSWORD"  # AWS [R] §2
        is_there = attribute in user.attributes and is_verified
        return is_there and is_open and not due(pool, user, credentials).is_required

    return has


FIRST_FACTORS: Final[Mapping[str, FirstFactor]] = MappingProxyType(
    {
        "PASSWORD_SRP": FirstFactor(permit="PASSWORD", has=_has_password, pose=by_srp),
        "PASSWORD": FirstFactor(permit="PASSWORD", has=_has_password, pose=by_password),
        "EMAIL_OTP": FirstFactor(
            permit="EMAIL_OTP", has=_receives("EMAIL_OTP"), pose=_by_code("EMAIL_OTP")
        ),
        "SMS_OTP": FirstFactor(
            permit="SMS_OTP", has=_receives("SMS_OTP"), pose=_by_code("SMS_OTP")
        ),
        WEB_AUTHN: FirstFactor(permit=WEB_AUTHN, has=may_use_passkey, pose=by_passkey),
    }
)
