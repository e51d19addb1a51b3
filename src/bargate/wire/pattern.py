r"""Compiles a model's pattern, which is a regular expression of Java's, for the `regex` package.

What differs (java.util.regex.Pattern): `\d \w \s` are ASCII while `\p{L}` is Unicode, `.` stops
at more line ends, `[a[b]]` and `&&` are set operations, and `\uD800\uDC00` is one character.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT_S = 0.05
_PIECE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\[pP]\{[^}]*\}|\\.|&&|.",
    re.DOTALL,
)
_ASCII = {
    r"\d": "[0-9]",
    r"\D": "[^0-9]",
    r"\w": "[a-zA-Z0-9_]",
    r"\W": "[^a-zA-Z0-9_]",
    r"\s": r"[ \t\n\x0b\f\r]",
    r"\S": r"[^ \t\n\x0b\f\r]",
}
_ANY = r"[^\n\r\u0085\u2028\u2029]"
# Set operators of `regex` that are plain characters in a Java class.
_ONLY_HERE = frozenset("-|~")


class Pattern:
    """A compiled pattern; `matches` is Java's: the whole text, within a time limit."""

    def __init__(self, source: str) -> None:
        import regex  # noqa: PLC0415 - a sixth of the start-up time, for what is checked later

        self.source = source
        self._compiled: Any = regex.compile("".join(_translated(source)), regex.VERSION1)

    def matches(self, text: str) -> bool:
        """Tell whether the whole text matches; one that takes too long to tell does not."""
        try:
            return self._compiled.fullmatch(text, timeout=TIMEOUT_S) is not None
        except TimeoutError:
            return False


def _translated(source: str) -> Iterator[str]:
    depth, last = 0, ""
    for piece in _PIECE.findall(source):
        if piece == "[":
            depth += 1
        elif piece == "]" and depth:
            depth -= 1
        repeats = depth and piece in _ONLY_HERE and piece == last
        last = "" if repeats else piece
        yield "\\" + piece if repeats else _one(piece, depth)


def _one(piece: str, depth: int) -> str:
    """Translate one piece; `depth` is how many classes it stands in."""
    if piece in _ASCII:
        return _ASCII[piece]
    if piece == "." and not depth:
        return _ANY
    if len(piece) == len(r"\ud800\udc00") and piece.startswith(r"\u"):
        high, low = int(piece[2:6], 16), int(piece[8:], 16)
        return f"\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08X}"
    return str(piece)
