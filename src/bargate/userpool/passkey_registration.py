"""Registering a passkey, by whoever holds an access token.

    start ──► options: the challenge is a sealed session ──► browser ──► complete ──► PoolPasskey

CompleteWebAuthnRegistration brings no session of its own, only the challenge that the browser
signed. So the challenge is the session: sealed, for one user, client and relying party, good once.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from bargate.records.pool_passkey import POOL_PASSKEY, PoolPasskey
from bargate.store.interface import AlreadyExists
from bargate.userpool.ceremonies import ALGORITHMS, Expected, verify_registration
from bargate.userpool.credential_json import base64url, registration_of
from bargate.userpool.passkeys import check_room, described, passkeys_of
from bargate.userpool.progress import Progress
from bargate.userpool.relying_party import must_verify_user, the_relying_party
from bargate.userpool.sessions import Session, new_session_id
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bargate.records.pool_user import PoolUser
    from bargate.store.interface import Reader, Transaction
    from bargate.userpool.access_tokens import Holder
    from bargate.userpool.ceremonies import NewKey
    from bargate.userpool.credential_json import Registration
    from bargate.userpool.pools import Pools

TIMEOUT_MS: Final = 60_000  # AWS [D] how long a browser waits for its user
_REGISTRATION: Final = "WEB_AUTHN_REGISTRATION"  # no challenge of a sign-in
_RELYING_PARTY: Final = "rp"


def start(pools: Pools, tx: Reader, holder: Holder, now: datetime) -> dict[str, Any]:
    """Give the options of `navigator.credentials.create` (AWS [D]); raises AwsError."""
    rp_id = the_relying_party(holder.pool)
    _check_may_register(tx, holder.user)
    verification = "required" if must_verify_user(holder.pool) else "preferred"
    user = holder.user
    return {
        "rp": {"id": rp_id, "name": rp_id},
        "user": {
            "id": base64url(user.sub.encode()),
            "name": user.username,
            "displayName": user.username,
        },
        "challenge": base64url(_challenge(pools, holder, rp_id, now)),
        "pubKeyCredParams": [{"type": "public-key", "alg": each} for each in ALGORITHMS],
        "timeout": TIMEOUT_MS,
        "excludeCredentials": described(passkeys_of(tx, user, rp_id)),
        "authenticatorSelection": {
            "requireResidentKey": True,
            "residentKey": "required",
            "userVerification": verification,
        },
    }


async def complete(
    pools: Pools, holder_in: Callable[[Reader], Holder], credential: Any, now: datetime
) -> None:
    """Store a passkey that was made; raises AwsError. The holder is read again as it is."""
    given = registration_of(credential)
    holder = pools.store.read(holder_in)
    rp_id = the_relying_party(holder.pool)
    _use_challenge(pools, holder, given, rp_id, now)
    expected = Expected(
        rp_id=rp_id,
        challenge=given.challenge,
        must_verify_user=must_verify_user(holder.pool),
    )
    key = await pools.threads.run(lambda: verify_registration(given, expected))

    def work(tx: Transaction) -> None:
        current = holder_in(tx)
        if the_relying_party(current.pool) != rp_id:
            raise _other_relying_party()
        _check_may_register(tx, current.user)
        _store(tx, _passkey(current, given, key, rp_id, now))

    await pools.store.submit(work)


def _check_may_register(tx: Reader, user: PoolUser) -> None:
    """Raise AwsError for a user with enough passkeys, or whose password was taken away.

    [I] The token may be a thief's, whose passkey would stay when the user has a new password.
    """
    if user.status == "RESET_REQUIRED":
        raise AwsError("PasswordResetRequiredException", "Password reset required for the user")
    if user.status == "FORCE_CHANGE_PASSWORD":
        message = "The temporary password must be changed before a passkey is registered."
        raise AwsError("NotAuthorizedException", message)
    check_room(tx, user)


def _challenge(pools: Pools, holder: Holder, rp_id: str, now: datetime) -> bytes:
    user, validity = holder.user, timedelta(minutes=holder.client.session_validity_minutes)
    progress = Progress(flow="", username="", sub=user.sub).knowing(**{_RELYING_PARTY: rp_id})
    session = Session(
        id=new_session_id(),
        pool_id=holder.pool.id,
        client_id=holder.client.id,
        challenge=_REGISTRATION,
        issued_s=now.timestamp(),
        expires_s=(now + validity).timestamp(),
        progress=progress,
    )
    return pools.sessions.seal(session)


def _use_challenge(
    pools: Pools, holder: Holder, given: Registration, rp_id: str, now: datetime
) -> None:
    """Use up the challenge that was answered; raises AwsError unless it was given to the holder."""
    try:
        session = pools.sessions.take(given.challenge, now.timestamp())
    except AwsError:
        raise _no_challenge() from None
    owner = (session.challenge, session.pool_id, session.progress.sub)
    if owner != (_REGISTRATION, holder.pool.id, holder.user.sub):
        raise _no_challenge()
    if session.client_id != holder.client.id:
        message = "The registration was started through another app client."
        raise AwsError("WebAuthnClientMismatchException", message)
    if session.progress.data[_RELYING_PARTY] != rp_id:
        raise _other_relying_party()


def _passkey(
    holder: Holder, given: Registration, key: NewKey, rp_id: str, now: datetime
) -> PoolPasskey:
    return PoolPasskey(
        pool_id=holder.pool.id,
        sub=holder.user.sub,
        id=given.id,
        rp_id=rp_id,
        public_key=base64url(key.public_key),
        sign_count=key.sign_count,
        attachment=given.attachment,
        transports=given.transports,
        created_at=now,
    )


def _store(tx: Transaction, passkey: PoolPasskey) -> None:
    try:
        tx.create(POOL_PASSKEY, passkey)
    except AlreadyExists:
        message = "This passkey is registered already."
        raise AwsError("InvalidParameterException", message) from None


def _no_challenge() -> AwsError:
    message = "The challenge is unknown, was used, or has expired: start the registration again."
    return AwsError("WebAuthnChallengeNotFoundException", message)


def _other_relying_party() -> AwsError:
    message = "The user pool has another relying party by now: start the registration again."
    return AwsError("WebAuthnRelyingPartyMismatchException", message)
