"""Paths in one form, so that no two spellings of a path meet different controls.

API Gateway does not document how it treats percent-encodings, dot segments and empty segments in
routing; the safer reading is taken here [I]: a backend may decode or collapse what a route did
not, so a spelling that could reach another resource behind the gateway is not routed at all.
"""

import re
from urllib.parse import unquote

_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_DOT_SEGMENTS = frozenset({".", ".."})
_SEPARATOR = re.compile(r"[/\\]")


def normalize_path(path: str) -> str | None:
    """Give the RFC 3986 §6.2.2 normal form of a percent-encoded path, None where it has none.

    Escapes of unreserved characters are decoded, others get upper-case digits. Dot segments (also
    behind `%2E`, `%2F` or `%5C`), empty segments other than a trailing slash, NUL and broken
    escapes have no normal form.
    """
    if "%" not in path and "\\" not in path:
        plain = "/." not in path and "//" not in path
        return path if plain or _safe_segments(path, path) else None
    if any(match.group(1) is None for match in _ESCAPE.finditer(path)):
        return None
    normal = _ESCAPE.sub(_normal_escape, path)
    return normal if _safe_segments(normal, unquote(normal, errors="replace")) else None


def _normal_escape(match: re.Match[str]) -> str:
    character = chr(int(match.group(1), 16))
    return character if character in _UNRESERVED else match.group(0).upper()


def _safe_segments(path: str, decoded: str) -> bool:
    if "//" in path or "\0" in decoded:
        return False
    return _DOT_SEGMENTS.isdisjoint(_SEPARATOR.split(decoded))


def decoded_path(path: str) -> str:
    """Decode a normal path once: what a backend that decodes `%2F` would see."""
    return unquote(path, errors="replace")
