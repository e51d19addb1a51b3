"""Which destinations and subjects may leave at all: those that cannot be read as anything else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.userpool.pools import Message

# RFC 5321 dot-atoms in ASCII: no quotes, commas, brackets or spaces that could name somebody else.
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_MAIL: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*", re.ASCII)
_PHONE: Final = re.compile(r"\+[1-9][0-9]{1,14}", re.ASCII)
_MAX_MAIL: Final = 254
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def is_mail_address(text: str) -> bool:
    """Say whether a text is one plain mail address."""
    return len(text) <= _MAX_MAIL and _MAIL.fullmatch(text) is not None


def check_message(message: Message) -> None:
    """Raise CodeDeliveryFailureException for a message that could go to, or say, something else."""
    if message.medium == "EMAIL":
        is_good = is_mail_address(message.destination)
    else:
        is_good = _PHONE.fullmatch(message.destination) is not None
    if not is_good:
        raise _refused("The address cannot be sent to.")
    if _CONTROL.search(message.subject) is not None:
        raise _refused("The subject has characters that a subject cannot have.")


def _refused(why: str) -> AwsError:
    return AwsError("CodeDeliveryFailureException", why)
