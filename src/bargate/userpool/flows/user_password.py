"""USER_PASSWORD_AUTH and ADMIN_USER_PASSWORD_AUTH: the password itself is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.userpool.find import Sought, credentials_of, seek
from bargate.userpool.migration import Newcomer, migrate
from bargate.userpool.proceed import proceed
from bargate.userpool.progress import Answer, Asked, Progress
from bargate.userpool.prove import announce, prove_password, required

if TYPE_CHECKING:
    from bargate.userpool.pools import Pools


async def user_password(pools: Pools, asked: Asked) -> Answer:
    """Prove a user by their password."""
    name, password = required(asked, "USERNAME"), required(asked, "PASSWORD")
    sought = pools.store.read(lambda tx: seek(tx, asked.pool, name))
    if sought.user is None and asked.pool.trigger_arn("UserMigration") is not None:
        sought = await _migrated(pools, asked, sought, name, password)
    await announce(pools, asked, sought)
    user = await prove_password(pools, asked, sought, password)
    progress = Progress(flow=asked.flow, username=user.username, sub=user.sub)
    proven = progress.with_password(sought.password_of)
    return await proceed(pools, asked, proven, user)


async def _migrated(pools: Pools, asked: Asked, sought: Sought, name: str, password: str) -> Sought:
    """Let the UserMigration trigger bring the user, whose password is then proven as any other."""
    pools.lockouts.check(asked.pool.id, sought.lock_name, asked.now.timestamp())
    user = await migrate(
        pools,
        Newcomer(
            pool=asked.pool,
            client=asked.client,
            name=name,
            password=password,
            validation=asked.metadata,
            now=asked.now,
        ),
    )
    if user is None:
        return pools.store.read(lambda tx: seek(tx, asked.pool, name))
    credentials = pools.store.read(lambda tx: credentials_of(tx, user))
    return Sought(name=sought.name, user=user, credentials=credentials)
