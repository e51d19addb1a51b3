"""Request ids: what every response carries and every log line is found by."""

from __future__ import annotations

import os
from base64 import urlsafe_b64encode

_HEX_DIGITS = 32
_EXTENDED_CHARACTERS = 15
_CALLS_PER_REFILL = 256


class RequestIds:
    """Draws ids from a block of random bytes, so that a call costs no system call.

    Ids are unique and not guessable from each other, but they are not secrets.
    """

    __slots__ = ("_extended", "_hex", "_left")

    def __init__(self) -> None:
        self._left = 0
        self._hex = ""
        self._extended = ""

    def draw(self) -> tuple[str, str]:
        """Give a request id (UUID version 4) and an extended request id (16 characters, `=`).

        AWS [R] apigw-errors §1: `x-amzn-RequestId` is a uuid, `x-amz-apigw-id` ends in `=`.
        """
        if not self._left:
            self._refill()
        left = self._left = self._left - 1
        at = left * _HEX_DIGITS
        h = self._hex[at : at + _HEX_DIGITS]
        at = left * _EXTENDED_CHARACTERS
        extended = self._extended[at : at + _EXTENDED_CHARACTERS]
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}", extended + "="

    def _refill(self) -> None:
        self._left = _CALLS_PER_REFILL
        self._hex = os.urandom(_CALLS_PER_REFILL * _HEX_DIGITS // 2).hex()
        raw = os.urandom(_CALLS_PER_REFILL * _EXTENDED_CHARACTERS)
        self._extended = urlsafe_b64encode(raw).decode("ascii")
