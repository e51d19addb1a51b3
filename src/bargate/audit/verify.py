"""Looks for lines that were removed, changed or added.

What it cannot see by itself: that the newest lines, or the oldest files, were taken away. The oldest
go by rotation anyway; for the newest, whoever noted an end before (`Verified.head`) asks whether the
log still leads through it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from bargate.audit.chain import MAX_LINE_BYTES, Head, Line, fits, line_of, opening_of
from bargate.audit.files import files_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bargate.audit.event import SeriesName


class Finding(Struct, frozen=True):
    """A line where the chain is broken, and how."""

    file: str
    line: int
    what: str


class Verified(Struct, frozen=True):
    """What was found in a series: the number of its first line, and where it ends."""

    series: SeriesName
    lines: int
    first: int
    head: Head
    findings: tuple[Finding, ...]


MAX_FINDINGS = 100


def verify(
    folder: Path, series: SeriesName, keys: Sequence[bytes], known: Head | None = None
) -> Verified:
    """Check a series under any of `keys`; `known` is an end that was noted before."""
    lines, first, head = 0, 0, None
    findings: list[Finding] = []
    is_known = known is None
    for path in files_of(folder, series):
        for number, raw in enumerate(_lines(path), start=1):
            line = line_of(raw)
            what = _fault(line, head, keys, is_first=number == 1, series=series)
            if what is not None and len(findings) < MAX_FINDINGS:
                findings.append(Finding(path.name, number, what))
            if line is None:
                continue
            first, lines, head = first or line.number, lines + 1, Head(line.number, line.mac)
            is_known = is_known or head == known
    if not is_known and known is not None:
        findings.append(Finding(series, 0, f"line {known.number} is not there any more"))
    return Verified(series, lines, first, head or Head(), tuple(findings))


def _fault(
    line: Line | None,
    head: Head | None,
    keys: Sequence[bytes],
    *,
    is_first: bool,
    series: SeriesName,
) -> str | None:
    """Say what is wrong with a line after `head`, which is None at the very first."""
    if line is None:
        return "this is no line of an audit log"
    opening = opening_of(line)
    if is_first != (opening is not None) or (opening is not None and opening.opens != series):
        return "a file begins here that is none of this series, or does not begin where it should"
    previous = head.mac if head is not None else opening.previous if opening is not None else ""
    if opening is not None and opening.previous != previous:
        return "the lines before it were removed or changed"
    if head is not None and line.number != head.number + 1:
        return f"line {head.number + 1} should stand here, and line {line.number} does"
    if not fits(keys, previous, line):
        return "it was changed, or what stood before it"
    return None


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while raw := file.readline(MAX_LINE_BYTES):
            yield raw.removesuffix(b"\n")
