"""Opaque positions of a list: the key of the last item given, as AWS's `position` or `Marker`."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from bargate.store.kind import Key

MAX_TOKEN_CHARACTERS = 4_096


class InvalidToken(ValueError):
    """A position that no list gave."""


def token_of(key: Key) -> str:
    """Write a key as a token of URL-safe characters."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(key)).decode("ascii").rstrip("=")


def key_of(token: str) -> Key:
    """Read a token that `token_of` wrote; raises InvalidToken. Nothing may be believed of it."""
    if len(token) > MAX_TOKEN_CHARACTERS:
        raise InvalidToken(token[:64])
    try:
        data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        return msgspec.msgpack.decode(data, type=tuple[str, ...])
    except (binascii.Error, msgspec.DecodeError, ValueError) as error:
        raise InvalidToken(token[:64]) from error
