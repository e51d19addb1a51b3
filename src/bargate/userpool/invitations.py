"""Invitations: a username and a temporary password, by mail or SMS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bargate.userpool.messages import CODE, LINK, USERNAME, filled
from bargate.userpool.pools import Message, Pools, TriggerCall
from bargate.userpool.triggers.custom_sender import SecretSending, sent_by_function
from bargate.userpool.triggers.event import attributes_of

if TYPE_CHECKING:
    from bargate.records.pool_user import PoolUser
    from bargate.records.user_pool import UserPool
    from bargate.userpool.pools import Medium

# AWS [O] the texts of a pool that has none of its own
_TEXT: Final = "Your username is {username} and temporary password is {####}."
_SUBJECT: Final = "Your temporary password"
_TARGETS: Final[dict[Medium, str]] = {"EMAIL": "email", "SMS": "phone_number"}


async def invite(
    pools: Pools, pool: UserPool, user: PoolUser, password: str, media: tuple[str, ...]
) -> None:
    """Send an invitation to each address that there is, by the media that are wanted.

    AWS [M]: SMS unless others are named. Where nothing can be sent, or there is no address, the
    user is there all the same, and an administrator sets a password.
    """
    media = await _left_by_functions(pools, pool, user, password, media)
    if pools.messenger is None or not media:
        return
    texts = await _custom_texts(pools, pool, user)
    for medium, attribute in _TARGETS.items():
        destination = user.attributes.get(attribute)
        if medium not in media or not destination:
            continue
        is_mail = medium == "EMAIL"
        own = pool.invitation.email_message if is_mail else pool.invitation.sms_message
        text = _carrying(texts.get("emailMessage" if is_mail else "smsMessage"), own)
        subject = texts.get("emailSubject") or pool.invitation.email_subject or _SUBJECT
        await pools.messenger.send(
            Message(
                pool_id=pool.id,
                user_name=user.username,
                medium=medium,
                purpose="AdminCreateUser",
                destination=destination,
                body=filled(text, user, password, is_mail=is_mail),
                subject=subject if is_mail else "",
            )
        )


async def _left_by_functions(
    pools: Pools, pool: UserPool, user: PoolUser, password: str, media: tuple[str, ...]
) -> tuple[str, ...]:
    """Let custom senders send what is theirs, and give the media that are left."""
    left = []
    for medium, attribute in _TARGETS.items():
        if medium not in media or not user.attributes.get(attribute):
            continue
        sending = SecretSending(
            pool=pool, user=user, medium=medium, purpose="AdminCreateUser", secret=password
        )
        if not await sent_by_function(pools, sending):
            left.append(medium)
    return tuple(left)


async def _custom_texts(pools: Pools, pool: UserPool, user: PoolUser) -> dict[str, str]:
    texts = await pools.triggers.run(
        TriggerCall(
            pool=pool,
            trigger="CustomMessage",
            source="CustomMessage_AdminCreateUser",
            user_name=user.username,
            attributes=attributes_of(user),
            # AWS [R]: the link stands there, too, though an invitation has none.
            request={"codeParameter": CODE, "linkParameter": LINK, "usernameParameter": USERNAME},
            response={"smsMessage": None, "emailMessage": None, "emailSubject": None},
        )
    )
    return {name: value for name, value in texts.items() if isinstance(value, str)}


def _carrying(*texts: str | None) -> str:
    """Give the first text that has a place for the password, at last AWS's own."""
    return next((each for each in texts if each and CODE in each), _TEXT)
