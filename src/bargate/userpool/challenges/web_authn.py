"""WEB_AUTHN: a passkey's signature over the challenge that was posed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bargate.records.pool_passkey import POOL_PASSKEY
from bargate.userpool.ceremonies import STAND_IN_KEY, Expected, Shown, verify_assertion
from bargate.userpool.credential_json import assertion_of, bytes_of
from bargate.userpool.find import user_of
from bargate.userpool.mfa import PASSED
from bargate.userpool.passkey_challenge import CHALLENGE, RELYING_PARTY, counts_as_two
from bargate.userpool.passkeys import note_use
from bargate.userpool.proceed import proceed
from bargate.userpool.prove import check_may_sign_in, required
from bargate.userpool.relying_party import WEB_AUTHN, must_verify_user, relying_party_of
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.records.pool_passkey import PoolPasskey
    from bargate.records.pool_user import PoolUser
    from bargate.store.interface import Transaction
    from bargate.userpool.credential_json import Assertion
    from bargate.userpool.pools import Pools
    from bargate.userpool.progress import Answer, Asked, Progress

_log = logging.getLogger("bargate.userpool")


async def web_authn(pools: Pools, asked: Asked, progress: Progress) -> Answer:
    """Prove the user by CREDENTIAL; a signature that is not good uses the challenge up."""
    given = assertion_of(required(asked, "CREDENTIAL"))
    passkey = _passkey(pools, asked, progress, given)
    shown = await _shown(pools, asked, progress, given, passkey)
    if passkey is None or shown is None:
        raise _refused()

    def work(tx: Transaction) -> PoolUser | None:
        user = user_of(tx, asked.pool, progress.sub)
        check_may_sign_in(user, asked.now)
        return user if note_use(tx, passkey, shown.sign_count, asked.now) else None

    user = await pools.store.submit(work)
    if user is None:
        message = "a passkey of user %s in pool %s came with an old count, or is gone"
        _log.warning(message, progress.sub, asked.pool.id)
        raise _refused()
    is_mfa = shown.is_user_verified and counts_as_two(asked.pool, user)
    proven = (WEB_AUTHN, PASSED) if is_mfa else (WEB_AUTHN,)
    return await proceed(pools, asked, progress.proven(*proven), user)


def _passkey(
    pools: Pools, asked: Asked, progress: Progress, given: Assertion
) -> PoolPasskey | None:
    """Give the user's passkey that answered, if it is for the relying party then and now.

    A user handle must be theirs; authenticators may leave it out (WebAuthn §7.2, step 6).
    """
    sub, rp_id = progress.sub, progress.data[RELYING_PARTY]
    if sub is None or rp_id != relying_party_of(asked.pool):
        return None
    if given.user_handle not in (None, sub.encode()):
        return None
    found = pools.store.read(lambda tx: tx.find(POOL_PASSKEY, (asked.pool.id, sub, given.id)))
    return found if found is not None and found.rp_id == rp_id else None


async def _shown(
    pools: Pools, asked: Asked, progress: Progress, given: Assertion, passkey: PoolPasskey | None
) -> Shown | None:
    """Verify an answer, at the same cost where there is no such passkey."""
    expected = Expected(
        rp_id=progress.data[RELYING_PARTY],
        challenge=bytes_of(progress.data[CHALLENGE]),
        must_verify_user=must_verify_user(asked.pool),
    )
    key = STAND_IN_KEY if passkey is None else bytes_of(passkey.public_key)
    return await pools.threads.run(lambda: verify_assertion(given, expected, key))


def _refused() -> AwsError:
    return AwsError("NotAuthorizedException", "The passkey does not verify.")  # [I]
