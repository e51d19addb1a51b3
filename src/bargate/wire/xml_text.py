"""Text in XML 1.0: whatever a value holds, a parser reads the document, and nothing else in it."""

from __future__ import annotations

import re

_NEEDS_CARE = re.compile(
    "[^\t\n\x20-\x25\x27-\x3b\x3d\x3f-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
# A carriage return would be read as a line feed; characters that XML does not have are replaced.
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"}


def text(value: str) -> str:
    """Escape a text for element content."""
    return _NEEDS_CARE.sub(_escape, value)


def attribute(value: str) -> str:
    """Escape a text for an attribute in double quotes."""
    return text(value).replace('"', "&quot;").replace("\n", "&#xA;").replace("\t", "&#x9;")


def _escape(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[0], "\ufffd")
