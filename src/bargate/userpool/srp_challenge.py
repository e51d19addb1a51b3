"""PASSWORD_VERIFIER as it is posed: SRP_B, the salt, and all that is to be known, sealed.

The state travels in SECRET_BLOCK, which the client signs: AWS gives no session here, and clients
send none (AWS [R] cognito-userpools §3).
"""

from __future__ import annotations

import base64
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final
from uuid import UUID

from bargate.userpool import srp
from bargate.userpool.attributes import is_email, is_phone
from bargate.userpool.progress import Asked, Challenge, Progress
from bargate.userpool.prove import required
from bargate.userpool.sessions import Session, new_session_id
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.records.user_pool import UserPool
    from bargate.userpool.find import Sought
    from bargate.userpool.pools import Pools

PASSWORD_VERIFIER: Final = "PASSWORD_VERIFIER"  # noqa: S105  a challenge's name


async def srp_challenge(
    pools: Pools, asked: Asked, sought: Sought, progress: Progress
) -> Challenge:
    """Pose PASSWORD_VERIFIER to whoever sent SRP_A; raises InvalidParameterException."""
    keys = pools.store.read(lambda tx: pools.keyring.of(tx, asked.pool.id))
    salt, verifier = srp.stand_in(keys.secret, sought.name)
    user_id, changed = stand_in_id(asked.pool, keys.secret, sought.name), ""
    credentials = sought.credentials
    if sought.user is not None and credentials is not None:
        user_id, changed = sought.user.username, credentials.changed_at.isoformat()
        if credentials.salt is not None and credentials.verifier is not None:
            salt, verifier = credentials.salt, credentials.verifier.reveal()
    begun = await begin(pools, asked, verifier)
    known = progress.knowing(key=begun.key.hex(), changed=changed, user_id=user_id)
    return Challenge(
        name=PASSWORD_VERIFIER,
        parameters={
            "SALT": salt,
            "SRP_B": begun.b_hex,
            "SECRET_BLOCK": block(pools, asked, PASSWORD_VERIFIER, known),
            "USERNAME": user_id,
            "USER_ID_FOR_SRP": user_id,
        },
        progress=known,
        has_session=False,
    )


async def begin(pools: Pools, asked: Asked, verifier: str) -> srp.Begun:
    """Answer SRP_A in a thread; raises AwsError InvalidParameterException for one that is no use."""
    try:
        return await pools.threads.run(partial(srp.begin, verifier, required(asked, "SRP_A")))
    except srp.UnusableValue as error:
        raise AwsError("InvalidParameterException", f"Invalid SRP_A: {error}") from None


def block(pools: Pools, asked: Asked, name: str, progress: Progress) -> str:
    """Seal the state of a challenge as its SECRET_BLOCK."""
    validity = timedelta(minutes=asked.client.session_validity_minutes)
    session = Session(
        id=new_session_id(),
        pool_id=asked.pool.id,
        client_id=asked.client.id,
        challenge=name,
        issued_s=asked.now.timestamp(),
        expires_s=(asked.now + validity).timestamp(),
        progress=progress,
    )
    return base64.b64encode(pools.sessions.seal(session)).decode("ascii")


def stand_in_id(pool: UserPool, secret: str, name: str) -> str:
    """Give USER_ID_FOR_SRP of nobody: a UUID where a user who was named so would have one.

    AWS [D] §3 says a UUID per pool and name; where names are names it would tell that nobody has
    this one, so there it is the name [I].
    """
    is_address = is_email(name) or is_phone(name)
    if not pool.username_attributes and not (pool.alias_attributes and is_address):
        return name
    drawn, _ = srp.stand_in(secret, f"id\0{name}")
    return str(UUID(drawn, version=4))
