"""Wildcard patterns (`*` any characters, `?` one character), matched in bounded time.

A pattern is a tuple of literal texts and `Wild`s, so that a literal asterisk (`${*}` in a policy)
and a wildcard cannot be mistaken for each other.

Policies come from tenants, so no pattern may backtrack without bound. Between two `*` the leftmost
fit of a piece is always as good as any later one, so both matchers below take it and never go
back: time is at most length of the pattern times length of the text.
"""

import re
from collections.abc import Callable
from enum import Enum
from operator import methodcaller
from typing import TypeAlias


class Wild(Enum):
    """A wildcard inside a pattern."""

    ANY = "*"
    ONE = "?"


Pattern: TypeAlias = tuple[str | Wild, ...]
TextTest: TypeAlias = Callable[[str], object]

_SPLIT_AT_WILDCARDS = re.compile(r"([*?])")


def tokenize(text: str) -> Pattern:
    """Read a pattern in which every `*` and `?` is a wildcard."""
    parts = _SPLIT_AT_WILDCARDS.split(text)
    return tuple(Wild(part) if part in ("*", "?") else part for part in parts if part)


def pieces_of(pattern: Pattern) -> list[list[str | Wild]]:
    """Split a pattern at each `*`; the pieces in between have a fixed length."""
    pieces: list[list[str | Wild]] = [[]]
    for token in pattern:
        if token is Wild.ANY:
            pieces.append([])
        else:
            pieces[-1].append(token)
    return pieces


def regex_of(pattern: Pattern, character: str = ".") -> str:
    """Give a regular expression for a full match; `character` is what a wildcard may stand for.

    INVARIANT: every `*` but the last is inside an atomic group, so the engine cannot backtrack
    from one into an earlier one.
    """
    first, *rest = (
        "".join(character if token is Wild.ONE else re.escape(str(token)) for token in piece)
        for piece in pieces_of(pattern)
    )
    if not rest:
        return first
    middle = "".join(f"(?>{character}*?{piece})" for piece in rest[:-1] if piece)
    return f"{first}{middle}{character}*{rest[-1]}"


def compile_wildcards(pattern: Pattern) -> TextTest:
    """Compile a pattern to the cheapest test that answers it: exact, prefix or expression.

    The tests are built-in callables where they can be: a Python frame costs more than the match.
    """
    if not any(isinstance(token, Wild) for token in pattern):
        literal = "".join(str(token) for token in pattern)
        return literal.__eq__
    match pattern:
        case (Wild.ANY,):
            return lambda _text: True
        case (str(prefix), Wild.ANY):
            return methodcaller("startswith", prefix)
        case (Wild.ANY, str(part), Wild.ANY):
            return methodcaller("__contains__", part)
    return re.compile(regex_of(pattern), re.DOTALL).fullmatch


def wildcards_match(pattern: Pattern, text: str) -> bool:
    """Match without compiling, for patterns that are only known at the call."""
    first, *rest = pieces_of(pattern)
    if not rest:
        return len(text) == _length(first) and _fits(first, text, 0)
    end = len(text) - _length(rest[-1])
    at = _length(first)
    if at > end or not _fits(first, text, 0) or not _fits(rest[-1], text, end):
        return False
    for piece in rest[:-1]:
        found = _find(piece, text, at, end)
        if found < 0:
            return False
        at = found + _length(piece)
    return True


def _length(piece: list[str | Wild]) -> int:
    return sum(1 if token is Wild.ONE else len(str(token)) for token in piece)


def _fits(piece: list[str | Wild], text: str, at: int) -> bool:
    for token in piece:
        if token is Wild.ONE:
            at += 1
        elif text.startswith(str(token), at):
            at += len(str(token))
        else:
            return False
    return True


def _find(piece: list[str | Wild], text: str, start: int, end: int) -> int:
    """Give the first place in `text[start:end]` where `piece` fits, or -1."""
    ones = 0
    while ones < len(piece) and piece[ones] is Wild.ONE:
        ones += 1
    last = end - _length(piece)
    if ones == len(piece):
        return start if start <= last else -1
    literal = str(piece[ones])
    at = start
    while at <= last:
        found = text.find(literal, at + ones, end)
        if found < 0 or found - ones > last:
            return -1
        at = found - ones
        if _fits(piece, text, at):
            return at
        at += 1
    return -1
