"""Users who come by themselves: signing up, and confirming it with the code that they were sent.

sign_up ──► rules, PreSignUp ──► user and code in one transaction ──► message
confirm_sign_up ──► code taken, address verified, CONFIRMED in one transaction ──► trigger
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from bargate.records.pool_user import POOL_USER
from bargate.userpool.aliases import aliases_of
from bargate.userpool.attributes import check_new, check_writable
from bargate.userpool.code_delivery import CodeKind, Named, deliver_code, sought
from bargate.userpool.codes import drop_code, expired_code, put_code, take_code
from bargate.userpool.destinations import (
    Destination,
    check_confirmation,
    pretended_to_confirm,
    to_confirm,
)
from bargate.userpool.evened import evened
from bargate.userpool.find import the_user
from bargate.userpool.links import draw_for
from bargate.userpool.messages import Sending, send_code
from bargate.userpool.password_policy import check_password
from bargate.userpool.pools import Pools, TriggerCall
from bargate.userpool.secret_hash import check_secret_hash
from bargate.userpool.sign_up_session import (
    session_of_confirmed,
    session_of_sign_up,
    take_sign_up,
)
from bargate.userpool.triggers.post_confirmation import post_confirmation
from bargate.userpool.users import (
    create_user,
    move_aliases,
    new_name,
    new_user,
    update_user,
    with_name,
)
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bargate.records.pool_code import PoolCode
    from bargate.records.pool_user import PoolUser
    from bargate.records.user_pool import UserPool
    from bargate.store.interface import Transaction

_PASSWORDLESS = frozenset({"EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"})


class SignUp(Struct, frozen=True, kw_only=True):
    """What a new user says of themself."""

    named: Named
    attributes: dict[str, str]
    password: str | None = None
    validation: Mapping[str, str] = {}

    def __repr__(self) -> str:
        return f"SignUp({self.named.pool.id})"


class SignedUp(Struct, frozen=True, kw_only=True):
    """Who signed up, where their code went, and with what ConfirmSignUp may go on."""

    user: PoolUser
    to: Destination | None
    session: str | None = None

    def __repr__(self) -> str:
        return f"SignedUp({self.user.pool_id})"


async def sign_up(pools: Pools, asked: SignUp) -> SignedUp:
    """Create a user who is yet to be confirmed, and send them a code; raises AwsError."""
    pool, named = asked.named.pool, asked.named
    pools.addresses.take("sign_ups", pool.id, named.source_ip, named.now.timestamp())
    check_secret_hash(named.client, named.secret_hash, named.username)
    user = _checked(asked)
    user = _as_triggered(pool, user, await _ask_trigger(pools, asked, user))
    proofs = None
    if asked.password is not None:
        proofs = await pools.hasher.proofs(pool, user.username, asked.password)

    def work(tx: Transaction) -> tuple[PoolUser, Destination | None, str]:
        created = create_user(tx, pool, user, proofs)
        to = to_confirm(pool, created) if created.status == "UNCONFIRMED" else None
        if to is None:
            return created, None, ""
        drawn = draw_for(pool, "SignUp", to)
        return created, to, put_code(tx, created, "SignUp", to, named.now, drawn)

    created, to, code = await pools.store.submit(work)
    if to is not None:
        await _send(pools, named, created, to, code)
        session = session_of_sign_up(pools, named, created)
        return SignedUp(user=created, to=to, session=session)
    if created.status == "CONFIRMED":
        await confirmed(pools, named, created, "PostConfirmation_ConfirmSignUp")
    return SignedUp(user=created, to=None)


def _checked(asked: SignUp) -> PoolUser:
    """Hold everything against the pool's and the client's rules."""
    named, pool = asked.named, asked.named.pool
    if pool.invitation.admin_only:
        message = "SignUp is not permitted for this user pool"
        raise AwsError("NotAuthorizedException", message)
    check_writable(named.client, asked.attributes)
    name = new_name(pool, named.username)
    attributes = with_name(name, asked.attributes)
    check_new(pool, attributes, by_admin=False)
    if asked.password is not None:
        check_password(pool.password_policy, asked.password)
    elif not _PASSWORDLESS & set(pool.first_factors):
        message = "Password is required in a user pool where all sign in with one."  # [I]
        raise AwsError("InvalidParameterException", message)
    return new_user(pool, name, attributes, "UNCONFIRMED", named.now)


async def _ask_trigger(pools: Pools, asked: SignUp, user: PoolUser) -> Mapping[str, object]:
    return await pools.triggers.run(
        TriggerCall(
            pool=asked.named.pool,
            trigger="PreSignUp",
            source="PreSignUp_SignUp",
            client_id=asked.named.client.id,
            user_name=user.username,
            attributes=user.attributes,
            request={
                "validationData": dict(asked.validation),
                "clientMetadata": dict(asked.named.metadata),
            },
            response={"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
        )
    )


def _as_triggered(pool: UserPool, user: PoolUser, said: Mapping[str, object]) -> PoolUser:
    """Give the user as the function wants them; True alone means yes."""
    attributes = dict(user.attributes)
    for member, name in (("autoVerifyEmail", "email"), ("autoVerifyPhone", "phone_number")):
        if said.get(member) is True:
            if not attributes.get(name):
                message = f"Cannot verify {name}: the user has none."
                raise AwsError("InvalidLambdaResponseException", message)
            attributes[f"{name}_verified"] = "true"
    is_confirmed = said.get("autoConfirmUser") is True
    return replace(
        user,
        attributes=attributes,
        aliases=aliases_of(pool, attributes),
        status="CONFIRMED" if is_confirmed else "UNCONFIRMED",
    )


async def _send(pools: Pools, named: Named, user: PoolUser, to: Destination, code: str) -> None:
    await send_code(
        pools,
        Sending(
            pool=named.pool,
            user=user,
            to=to,
            purpose="SignUp",
            code=code,
            client_id=named.client.id,
            metadata=named.metadata,
        ),
    )


async def resend_code(pools: Pools, named: Named) -> Destination:
    """Send another code to confirm a sign-up with; raises AwsError."""
    pool = named.pool
    check_confirmation(pool)
    kind = CodeKind(
        operation="ResendConfirmationCode",
        use="SignUp",
        purpose="ResendCode",
        check=_check_unconfirmed,
        destination=lambda user: to_confirm(pool, user),
        pretended=lambda name: pretended_to_confirm(pools, pool, name),
        refusal="User has no address that a code could be sent to.",
    )
    return await deliver_code(pools, named, kind)


def _check_unconfirmed(user: PoolUser) -> None:
    if user.status != "UNCONFIRMED":
        raise AwsError("InvalidParameterException", "User is already confirmed.")


async def confirm_sign_up(
    pools: Pools, named: Named, code: str, *, moves_aliases: bool, session: str | None = None
) -> str | None:
    """Confirm a user by the code that they were sent; gives what signs them in; raises AwsError.

    Where the client hides users, whoever has no code to give learns nothing of the user ([I]: AWS
    tells of one who is confirmed already).
    """
    with pools.addresses.proof(named.pool.id, named.source_ip, named.now.timestamp()):
        work = _confirm(pools, named, code, moves_aliases=moves_aliases, session=session)
        user, proven = await evened(named, work)
    await confirmed(pools, named, user, "PostConfirmation_ConfirmSignUp")
    return session_of_confirmed(pools, named, user, proven)


async def _confirm(
    pools: Pools, named: Named, code: str, *, moves_aliases: bool, session: str | None
) -> tuple[PoolUser, PoolCode]:
    found = sought(pools, named, "ConfirmSignUp").user
    taken = None if session is None else take_sign_up(pools, named, found, session)
    if found is None:
        raise expired_code()  # AWS [O] cognito-userpools §9

    def work(tx: Transaction) -> tuple[PoolUser, PoolCode]:
        user = tx.find(POOL_USER, POOL_USER.key_of(found))
        if user is None or user.status != "UNCONFIRMED" or not user.enabled:
            raise _not_confirmable(user, hides=named.client.hides_users)
        proven = take_code(tx, user, "SignUp", code, named.now)
        if user.attributes.get(proven.attribute) != proven.value:
            raise expired_code()  # it went to an address that is the user's no more
        confirmed = _verified(named, user, proven)
        if moves_aliases:
            move_aliases(tx, named.pool, confirmed)
        changed = update_user(tx, named.pool, user, lambda old: _verified(named, old, proven))
        return changed, proven

    try:
        return await pools.store.submit(work)
    except AwsError:
        if taken is not None:
            pools.sessions.give_back(taken)
        raise


def _not_confirmable(user: PoolUser | None, *, hides: bool) -> AwsError:
    if user is None or hides:
        return expired_code()
    if not user.enabled:
        return AwsError("NotAuthorizedException", "User is disabled.")
    message = f"User cannot be confirmed. Current status is {user.status}"
    return AwsError("NotAuthorizedException", message)


def _verified(named: Named, user: PoolUser, proven: PoolCode) -> PoolUser:
    """Give a confirmed user; the code proves the address that it went to, which they still have."""
    attributes = {**user.attributes, f"{proven.attribute}_verified": "true"}
    return replace(
        user,
        attributes=attributes,
        aliases=aliases_of(named.pool, attributes),
        status="CONFIRMED",
        self_confirmed_at=named.now,
        modified_at=named.now,
    )


async def confirmed(pools: Pools, named: Named, user: PoolUser, source: str) -> None:
    """Tell the PostConfirmation trigger; raises AwsError, the user being confirmed."""
    call = post_confirmation(named.pool, user, source, named.client.id, named.metadata)
    await pools.triggers.run(call)


async def admin_confirm(
    pools: Pools, pool: UserPool, name: str, metadata: Mapping[str, str], now: datetime
) -> None:
    """Confirm a user without a code; no address is verified by that. Raises AwsError."""

    def work(tx: Transaction) -> PoolUser:
        user = the_user(tx, pool, name)
        if user.status != "UNCONFIRMED":
            raise _not_confirmable(replace(user, enabled=True), hides=False)
        drop_code(tx, user, "SignUp")
        return update_user(
            tx, pool, user, lambda old: replace(old, status="CONFIRMED", modified_at=now)
        )

    user = await pools.store.submit(work)
    source, nobody = "PostConfirmation_ConfirmSignUp", "CLIENT_ID_NOT_APPLICABLE"
    await pools.triggers.run(post_confirmation(pool, user, source, nobody, metadata))
