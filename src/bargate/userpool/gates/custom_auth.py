"""Custom sign-ins (CUSTOM_AUTH): DefineAuthChallenge says what comes next, or that it is enough.

    rounds ──► DefineAuthChallenge ──► fail: refused        issueTokens: passed, the other gates follow
                   ├── PASSWORD_VERIFIER (after SRP_A) ──► SRP's second half
                   └── CUSTOM_CHALLENGE ──► CreateAuthChallenge ──► the client's ANSWER

Who does not exist goes the same way where the client hides users, and fails at its end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace

from bargate.userpool.find import Sought, credentials_of, user_of, wrong_password
from bargate.userpool.progress import Asked, Challenge, Progress, Round
from bargate.userpool.prove import check_may_sign_in
from bargate.userpool.srp_challenge import PASSWORD_VERIFIER, srp_challenge, stand_in_id
from bargate.userpool.triggers.create_auth_challenge import (
    CreateAuthChallengeResponse,
    create_auth_challenge,
)
from bargate.userpool.triggers.define_auth_challenge import (
    DefineAuthChallengeResponse,
    define_auth_challenge,
)
from bargate.userpool.triggers.run import unrecognizable
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.records.pool_user import PoolUser
    from bargate.userpool.pools import Pools

CUSTOM_AUTH: Final = "CUSTOM_AUTH"
CUSTOM_CHALLENGE: Final = "CUSTOM_CHALLENGE"
SRP_A: Final = "SRP_A"
MAX_ROUNDS: Final = 20  # [I] a function that never ends a sign-in does not make sessions grow
_BEFORE_OTHERS: Final = frozenset({(), ("PASSWORD",), (CUSTOM_CHALLENGE,)})


async def custom_auth(
    pools: Pools, asked: Asked, progress: Progress, user: PoolUser
) -> Challenge | None:
    """Pose what DefineAuthChallenge wants; raises NotAuthorizedException when it wants no more.

    It is asked until it is content; what other gates want comes after that, and is proven last.
    """
    if progress.flow != CUSTOM_AUTH or progress.factors[-1:] not in _BEFORE_OTHERS:
        return None
    credentials = pools.store.read(lambda tx: credentials_of(tx, user))
    sought = Sought(name=user.username, user=user, credentials=credentials)
    challenge = await next_challenge(pools, asked, progress, sought)
    if challenge is None:  # functions took their time: the user as they are now
        current = pools.store.read(lambda tx: user_of(tx, asked.pool, user.sub))
        check_may_sign_in(current, asked.now)
    return challenge


async def next_challenge(
    pools: Pools, asked: Asked, progress: Progress, sought: Sought
) -> Challenge | None:
    """Give the challenge that is due, None when tokens are; `sought` may be nobody."""
    progress = _with_password(progress)
    if len(progress.rounds) > MAX_ROUNDS:
        raise wrong_password()
    call = define_auth_challenge(asked, sought, progress)
    said = msgspec.convert(await pools.triggers.run(call), DefineAuthChallengeResponse)
    if said.fail_authentication:
        raise wrong_password()
    if said.issue_tokens:
        return None
    if said.challenge_name == CUSTOM_CHALLENGE:
        return await _created(pools, asked, progress, sought)
    if said.challenge_name == PASSWORD_VERIFIER and _has_srp(asked, progress):
        pools.lockouts.check(asked.pool.id, sought.lock_name, asked.now.timestamp())
        return await srp_challenge(pools, asked, sought, progress)
    raise unrecognizable()


def _with_password(progress: Progress) -> Progress:
    """Note the password that was proven as the round that it was."""
    names = {each.challenge_name for each in progress.rounds}
    if "PASSWORD" not in progress.factors or PASSWORD_VERIFIER in names:
        return progress
    proven = Round(challenge_name=PASSWORD_VERIFIER, challenge_result=True)
    return replace(progress, rounds=(*progress.rounds, proven))


def _has_srp(asked: Asked, progress: Progress) -> bool:
    """Say whether SRP_A came just now: it is good for one proof."""
    last = progress.rounds[-1].challenge_name if progress.rounds else ""
    return last == SRP_A and SRP_A in asked.parameters


async def _created(pools: Pools, asked: Asked, progress: Progress, sought: Sought) -> Challenge:
    if asked.pool.trigger_arn("CreateAuthChallenge") is None:
        raise no_custom_auth()
    call = create_auth_challenge(asked, sought, progress)
    said = msgspec.convert(await pools.triggers.run(call), CreateAuthChallengeResponse)
    shown = _shown_id(pools, asked, sought)
    private = msgspec.json.encode(said.private_challenge_parameters or {}).decode()
    known = {"private": private, "user_id": shown}
    if said.challenge_metadata is not None:
        known["metadata"] = said.challenge_metadata
    return Challenge(
        name=CUSTOM_CHALLENGE,
        parameters={**(said.public_challenge_parameters or {}), "USERNAME": shown},
        progress=progress.knowing(**known),
    )


def _shown_id(pools: Pools, asked: Asked, sought: Sought) -> str:
    """Give the real name; of nobody, what a user who was named so would have."""
    if sought.user is not None:
        return sought.user.username
    keys = pools.store.read(lambda tx: pools.keyring.of(tx, asked.pool.id))
    return stand_in_id(asked.pool, keys.secret, sought.name)


def no_custom_auth() -> AwsError:
    """Give the refusal of a pool without the triggers of custom sign-ins."""
    message = "Custom auth lambda trigger is not configured for the user pool."
    return AwsError("InvalidParameterException", message)
