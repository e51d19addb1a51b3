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
# One class, repeated: no text takes long, so a machine that is busy refuses none for being late.
_ONE_CLASS = re.compile(r"\[(?:[^\[\]\\&]|\\.)+\](?:[+*]|\{\d+(?:,\d*)?\})?")
# Each ends in a range, so that a hyphen after it means itself, as in `[\w-+]`.
_ASCII = {"d": "0-9", "w": "_a-zA-Z0-9", "s": r" \t-\r"}
_ANY = r"[^\n\r\u0085\u2028\u2029]"


class Pattern:
    """A compiled pattern; `matches` is Java's: the whole text, within a time limit."""

    def __init__(self, source: str) -> None:
        import regex  # noqa: PLC0415 - a sixth of the start-up time, for what is checked later

        self.source = source
        pieces = list(_translated(source))
        version = regex.VERSION1 if any(_is_set(piece) for piece in pieces) else regex.VERSION0
        self._timeout_s = None if _ONE_CLASS.fullmatch(source) else TIMEOUT_S
        self._compiled: Any = regex.compile("".join(text for text, _ in pieces), version)

    def matches(self, text: str) -> bool:
        """Tell whether the whole text matches; one that takes too long to tell does not."""
        try:
            return self._compiled.fullmatch(text, timeout=self._timeout_s) is not None
        except TimeoutError:
            return False


def _translated(source: str) -> Iterator[tuple[str, int]]:
    """Give the translated pieces of a pattern, and how many classes each stands in."""
    depth = 0
    for piece in _PIECE.findall(source):
        if piece == "]" and depth:
            depth -= 1
        yield _one(piece, depth), depth
        if piece == "[":
            depth += 1


def _is_set(piece: tuple[str, int]) -> bool:
    """Tell whether a piece within a class is one that only sets of VERSION1 have."""
    text, depth = piece
    return depth > 0 and (text.startswith("[") or text == "&&")


def _one(piece: str, depth: int) -> str:
    """Translate one piece."""
    shorthand = _ASCII.get(piece[1:].lower()) if piece.startswith("\\") else None
    if shorthand is not None:
        if piece[1].isupper():
            return f"[^{shorthand}]"
        return shorthand if depth else f"[{shorthand}]"
    if piece == "." and not depth:
        return _ANY
    if len(piece) == len(r"\ud800\udc00") and piece.startswith(r"\u"):
        high, low = int(piece[2:6], 16), int(piece[8:], 16)
        return f"\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08X}"
    return str(piece)
