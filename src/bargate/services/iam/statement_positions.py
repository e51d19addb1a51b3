"""Where the statements of a policy stand in its text: lines and columns, both from 1."""

import json
from bisect import bisect_right
from collections.abc import Iterator

from bargate.services.operation import Params

_DECODER = json.JSONDecoder()
_SPACE = " \t\n\r"


def statement_positions(text: str) -> tuple[tuple[Params, Params], ...]:
    """Give the first and the last position of each statement of a policy that was parsed."""
    lines = [0, *(at + 1 for at, character in enumerate(text) if character == "\n")]
    return tuple(
        (_position(lines, start), _position(lines, end)) for start, end in _statements(text)
    )


def _position(lines: list[int], at: int) -> Params:
    line = bisect_right(lines, at)
    return {"Line": line, "Column": at - lines[line - 1] + 1}


def _statements(text: str) -> Iterator[tuple[int, int]]:
    """Walk through the members of the outermost object to its Statement."""
    at = _skip(text, 0) + 1
    while text[at := _skip(text, at)] != "}":
        name, at = _DECODER.raw_decode(text, at)
        at = _skip(text, _skip(text, at) + 1)
        if name == "Statement":
            yield from _elements(text, at)
            return
        _, at = _DECODER.raw_decode(text, at)
        at = _after_comma(text, at)


def _elements(text: str, at: int) -> Iterator[tuple[int, int]]:
    if text[at] != "[":
        yield at, _DECODER.raw_decode(text, at)[1]
        return
    at += 1
    while text[at := _skip(text, at)] != "]":
        _, end = _DECODER.raw_decode(text, at)
        yield at, end
        at = _after_comma(text, end)


def _after_comma(text: str, at: int) -> int:
    at = _skip(text, at)
    return at + 1 if text[at] == "," else at


def _skip(text: str, at: int) -> int:
    while text[at] in _SPACE:
        at += 1
    return at
