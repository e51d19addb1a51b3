"""A text that must not be seen: its `repr` and `str` are redacted, its comparison constant-time."""

from __future__ import annotations

import hmac


class Secret:
    """A secret text. Only `reveal` gives it away; a log line or a traceback cannot."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Give the text itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)
