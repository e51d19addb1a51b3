"""Texts of the messages that carry codes: the trigger's, else the pool's, else AWS's own.

Sending ──► CustomEmailSender, CustomSMSSender: a function sends it
        └─► CustomMessage trigger ──► text with {####} ──► filled in ──► Messenger
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from bargate.userpool.links import PURPOSES, confirms_by_link, link_to_confirm
from bargate.userpool.pools import Message, Pools, TriggerCall
from bargate.userpool.triggers.custom_sender import SecretSending, sent_by_function
from bargate.userpool.triggers.event import attributes_of
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.records.pool_user import PoolUser
    from bargate.records.user_pool import UserPool
    from bargate.userpool.destinations import Destination

CODE: Final = "{####}"
USERNAME: Final = "{username}"
LINK: Final = "{##Click Here##}"
_LINK_BEGINS, _LINK_ENDS = "{##", "##}"
# AWS [O] the texts of a pool that has none of its own
_TEXT: Final = "Your verification code is {####}."
_SUBJECT: Final = "Your verification code"
_LINK_TEXT: Final = "Please click the link below to verify your email address. {##Verify Email##}"
_LINK_SUBJECT: Final = "Your verification link"
_SIGN_IN_TEXT: Final = "Your authentication code is {####}."
_SIGN_IN_SUBJECT: Final = "Your authentication code"
AUTHENTICATION: Final = "Authentication"


class Sending(Struct, frozen=True, kw_only=True):
    """A code that goes out; `purpose` is that of `Message`. INVARIANT: `code` is never logged."""

    pool: UserPool
    user: PoolUser
    to: Destination
    purpose: str
    code: str
    client_id: str = "CLIENT_ID_NOT_APPLICABLE"
    metadata: Mapping[str, str] = {}

    def __repr__(self) -> str:
        return f"Sending({self.pool.id}, {self.purpose})"


async def send_code(pools: Pools, sending: Sending) -> None:
    """Hand a code's message over; raises AwsError, CodeDeliveryFailureException among them."""
    if await sent_by_function(pools, _secret(sending)):
        return
    if pools.messenger is None:
        message = "Codes cannot be sent: no way to send messages is set up."
        raise AwsError("CodeDeliveryFailureException", message)
    subject, text = await _texts(pools, sending)
    is_mail = sending.to.medium == "EMAIL"
    await pools.messenger.send(
        Message(
            pool_id=sending.pool.id,
            user_name=sending.user.username,
            medium=sending.to.medium,
            purpose=sending.purpose,
            destination=sending.to.value,
            body=_body(pools, sending, text),
            subject=subject if is_mail else "",
        )
    )


def _secret(sending: Sending) -> SecretSending:
    return SecretSending(
        pool=sending.pool,
        user=sending.user,
        medium=sending.to.medium,
        purpose=sending.purpose,
        secret=sending.code,
        client_id=sending.client_id,
        metadata=sending.metadata,
    )


async def _texts(pools: Pools, sending: Sending) -> tuple[str, str]:
    """Give subject and text; a text without a place for the code is passed over."""
    custom = await custom_texts(pools, sending)
    is_mail = sending.to.medium == "EMAIL"
    is_sign_in = sending.purpose == AUTHENTICATION
    own = _sign_in_texts if is_sign_in else _verification_texts
    if _may_link(sending) and confirms_by_link(sending.pool):
        own = _link_texts
    subject, text, standard = own(sending.pool, is_mail=is_mail)
    texts = (custom.get("emailMessage" if is_mail else "smsMessage"), text)
    may_link = _may_link(sending)
    text = next((each for each in texts if each and _carries(each, may_link=may_link)), standard)
    return custom.get("emailSubject") or subject, text


def _verification_texts(pool: UserPool, *, is_mail: bool) -> tuple[str, str | None, str]:
    """Give the subject, the pool's own text, and the one that stands in for it."""
    own = pool.verification
    text = own.email_message if is_mail else own.sms_message
    return own.email_subject or _SUBJECT, text, _TEXT


def _link_texts(pool: UserPool, *, is_mail: bool) -> tuple[str, str | None, str]:  # noqa: ARG001
    own = pool.verification
    return own.email_subject_by_link or _LINK_SUBJECT, own.email_message_by_link, _LINK_TEXT


def _sign_in_texts(pool: UserPool, *, is_mail: bool) -> tuple[str, str | None, str]:
    own = pool.email_mfa or {}
    text = own.get("Message") if is_mail else pool.sms_authentication_message
    return own.get("Subject") or _SIGN_IN_SUBJECT, text, _SIGN_IN_TEXT


async def custom_texts(pools: Pools, sending: Sending) -> dict[str, str]:
    """Ask the CustomMessage trigger; what it leaves out is not there."""
    user = sending.user
    texts = await pools.triggers.run(
        TriggerCall(
            pool=sending.pool,
            trigger="CustomMessage",
            source=f"CustomMessage_{sending.purpose}",
            client_id=sending.client_id,
            user_name=user.username,
            attributes=attributes_of(user),
            request={
                "codeParameter": CODE,
                "linkParameter": LINK,
                "usernameParameter": None,
                "clientMetadata": dict(sending.metadata),
            },
            response={"smsMessage": None, "emailMessage": None, "emailSubject": None},
        )
    )
    return {name: value for name, value in texts.items() if isinstance(value, str)}


def _may_link(sending: Sending) -> bool:
    """Say whether a message may hold a link, be it that its pool or a function wants one."""
    return sending.to.medium == "EMAIL" and sending.purpose in PURPOSES


def _carries(text: str, *, may_link: bool) -> bool:
    """Say whether a text has a place for the code, or for a link."""
    parts = text.split(CODE)
    return len(parts) > 1 or (may_link and _LINK_ENDS in parts[0].partition(_LINK_BEGINS)[2])


def _body(pools: Pools, sending: Sending, text: str) -> str:
    url = None
    if _may_link(sending):
        place, name = pools.place_of(sending.pool), sending.user.username
        url = link_to_confirm(place, sending.client_id, name, sending.code)
    is_mail = sending.to.medium == "EMAIL"
    return filled(text, sending.user, sending.code, is_mail=is_mail, url=url)


def filled(text: str, user: PoolUser, secret: str, *, is_mail: bool, url: str | None = None) -> str:
    """Fill in a text, which is HTML in a mail; what is filled in is never read as text again."""
    values = (secret, shown_name(user))
    code, name = (html.escape(each) for each in values) if is_mail else values
    return code.join(_linked(part, name, url) for part in text.split(CODE))


def _linked(text: str, name: str, url: str | None) -> str:
    """Fill in the name, and links to `url`, whose words are the text's own."""
    written = []
    while url is not None:
        before, _, rest = text.partition(_LINK_BEGINS)
        words, is_closed, rest = rest.partition(_LINK_ENDS)
        if not is_closed:
            break
        link = f'<a href="{html.escape(url)}">{words.replace(USERNAME, name)}</a>'
        written += [before.replace(USERNAME, name), link]
        text = rest
    return "".join([*written, text.replace(USERNAME, name)])


def shown_name(user: PoolUser) -> str:
    """Give the name that the user types: the address, where that is the name."""
    is_address = user.username == user.sub and user.aliases
    return user.attributes[user.aliases[0]] if is_address else user.username
