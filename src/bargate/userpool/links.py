"""Links that confirm a sign-up: when a message has one, and where it leads.

    {public URL}/{pool id}/confirmUser?client_id=…&user_name=…&confirmation_code=…

AWS [D] cognito-userpools §6 has the same path and names on a pool's domain. Links are for sign-ups
alone [I]; passwords and addresses of one's own are proven by codes that users type.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from bargate.userpool.codes import draw_code

if TYPE_CHECKING:
    from bargate.records.pool_code import CodeUse
    from bargate.records.user_pool import UserPool
    from bargate.userpool.destinations import Destination

PATH: Final = "confirmUser"
# What `Message` calls the two messages that may have a link.
PURPOSES: Final = frozenset({"SignUp", "ResendCode"})
_CODE_BYTES: Final = 24
# With these a function writes or sends the text: users may have to type what it holds.
_WRITERS: Final = ("CustomMessage", "CustomEmailSender")


def confirms_by_link(pool: UserPool) -> bool:
    """Say whether a pool's own mails hold links."""
    return pool.verification.default_email_option == "CONFIRM_WITH_LINK"


def draw_for(pool: UserPool, use: CodeUse, to: Destination) -> str:
    """Draw a code: digits where users type it, what nobody can guess where a link carries it."""
    is_typed = any(pool.trigger_arn(each) is not None for each in _WRITERS)
    if use != "SignUp" or to.medium != "EMAIL" or is_typed or not confirms_by_link(pool):
        return draw_code()
    return secrets.token_urlsafe(_CODE_BYTES)


def link_to_confirm(place: str, client_id: str, username: str, code: str) -> str:
    """Give the link; `place` is the pool's URL."""
    query = {"client_id": client_id, "user_name": username, "confirmation_code": code}
    return f"{place}/{PATH}?{urlencode(query)}"
