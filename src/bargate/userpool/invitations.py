"""Invitations: a username and a temporary password, by mail or SMS."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Final

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
        text = texts.get("emailMessage" if is_mail else "smsMessage") or own or _TEXT
        subject = texts.get("emailSubject") or pool.invitation.email_subject or _SUBJECT
        await pools.messenger.send(
            Message(
                pool_id=pool.id,
                user_name=user.username,
                medium=medium,
                purpose="AdminCreateUser",
                destination=destination,
                body=_filled(text, user, password, is_mail=is_mail),
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
            request={"codeParameter": "{####}", "usernameParameter": "{username}"},
            response={"smsMessage": None, "emailMessage": None, "emailSubject": None},
        )
    )
    return {name: value for name, value in texts.items() if isinstance(value, str)}


def _filled(text: str, user: PoolUser, password: str, *, is_mail: bool) -> str:
    """Fill in a text, which is HTML in a mail; what is filled in is never read as text again."""
    values = (password, _shown_name(user))
    secret, name = (html.escape(each) for each in values) if is_mail else values
    return secret.join(part.replace("{username}", name) for part in text.split("{####}"))


def _shown_name(user: PoolUser) -> str:
    """Give the name that the user types: the address, where that is the name."""
    is_address = user.username == user.sub and user.aliases
    return user.attributes[user.aliases[0]] if is_address else user.username
