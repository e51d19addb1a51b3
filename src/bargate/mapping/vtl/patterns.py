"""Methods of texts that take patterns, within the time that a render has for them."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

from bargate.mapping.vtl.limits import (
    MAX_PATTERN_CHARACTERS,
    MAX_PATTERN_TIME_S,
    MAX_RANGE,
    MAX_REPLACED_CHARACTERS,
    Budget,
    TemplateFailure,
)
from bargate.mapping.vtl.values import TemplateList


def _pattern(pattern: str) -> Any:
    import regex  # noqa: PLC0415 - only templates that match need it

    if len(pattern) > MAX_PATTERN_CHARACTERS:
        raise TemplateFailure(f"a pattern is longer than {MAX_PATTERN_CHARACTERS} characters")
    try:
        return regex.compile(pattern)
    except (regex.error, RecursionError, OverflowError) as error:
        raise TemplateFailure(f"cannot read the pattern: {error}") from error


def _within_time(search: Callable[[float], Any], budget: Budget) -> Any:
    """Search with the time that is left for all patterns of the render."""
    started = perf_counter()
    try:
        found = search(max(budget.pattern_time_s, 0.001))
    except TimeoutError as error:
        raise TemplateFailure(
            f"patterns take longer than {MAX_PATTERN_TIME_S} s to match"
        ) from error
    budget.pattern_time_s -= perf_counter() - started
    if budget.pattern_time_s < 0:
        raise TemplateFailure(f"patterns take longer than {MAX_PATTERN_TIME_S} s to match")
    return found


def replace(budget: Budget, text: str, pattern: str, replacement: str, count: int) -> str:
    """Replace matches; `$1` in the replacement stands for a group, as in Java."""
    compiled = _pattern(pattern)
    pieces = _replacement_pieces(replacement)

    def substitute(match: Any) -> str:
        return "".join(p if isinstance(p, str) else match.group(p) or "" for p in pieces)

    if len(text) * max(1, len(replacement)) > MAX_REPLACED_CHARACTERS:
        raise TemplateFailure("a replacement would be too long")
    return str(
        _within_time(
            lambda timeout: compiled.sub(substitute, text, count=count, timeout=timeout), budget
        )
    )


def _replacement_pieces(replacement: str) -> list[str | int]:
    pieces: list[str | int] = []
    at = 0
    while at < len(replacement):
        character = replacement[at]
        following = replacement[at + 1 : at + 2]
        if character == "\\" and following:
            pieces.append(following)
            at += 2
        elif character == "$" and following.isdigit():
            pieces.append(int(following))
            at += 2
        else:
            pieces.append(character)
            at += 1
    return pieces


def split(budget: Budget, text: str, pattern: str) -> TemplateList:
    """Split a text at matches."""
    compiled = _pattern(pattern)
    parts = _within_time(
        lambda timeout: compiled.split(text, maxsplit=MAX_RANGE, timeout=timeout), budget
    )
    while parts and not parts[-1]:
        parts.pop()  # Java leaves trailing empty parts out
    return TemplateList(part or "" for part in parts)


def matches(budget: Budget, text: str, pattern: str) -> bool:
    """Say whether a pattern matches a whole text."""
    compiled = _pattern(pattern)
    found = _within_time(lambda timeout: compiled.fullmatch(text, timeout=timeout), budget)
    return found is not None
