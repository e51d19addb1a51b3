"""Text in XML 1.0: whatever a value holds, a parser reads the document, and nothing else in it."""

from __future__ import annotations

import re

# What XML's Char [2] leaves out, and its own marks; tab and line feed may stand as they are.
_NEEDS_CARE = re.compile("[&<>\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
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
