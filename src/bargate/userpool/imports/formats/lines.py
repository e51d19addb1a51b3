"""Files of users line by line, in memory that no line can outgrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_SHOWN_CHARACTERS: Final = 128


def bounded_lines(file: BinaryIO, max_bytes: int) -> Iterator[tuple[int, bytes | None]]:
    r"""Give every line with its number, without `\n` or `\r\n`; None for one that is too long."""
    number = 0
    while piece := file.readline(max_bytes + 2):
        number += 1
        line = piece.removesuffix(b"\n").removesuffix(b"\r")
        if len(line) <= max_bytes and (piece.endswith(b"\n") or len(piece) < max_bytes + 2):
            yield number, line
            continue
        while piece and not piece.endswith(b"\n"):
            piece = file.readline(max_bytes + 2)
        yield number, None


def shown(name: object) -> str:
    """Give a name of a file as it can be printed: short, on one line, no control characters."""
    if not isinstance(name, str):
        return ""
    clipped = name[:_SHOWN_CHARACTERS]
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in clipped)
