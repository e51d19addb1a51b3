"""Paths in one form, so that no two spellings of a path meet different controls.

    path as sent ──normalize_path──► normal form ──other_readings──► what a backend may take it for
                      └─ None: matches no route            └─ must meet the same controls

API Gateway does not document how it treats percent-encodings, dot segments, empty segments,
backslashes and path parameters (`;`) in routing; the safer reading is taken here [I]: a backend
may decode, collapse or cut off what a route did not, so a spelling that could reach another
resource behind the gateway is not routed at all.
"""

import re
from urllib.parse import unquote

_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_AMBIGUOUS = re.compile(r"[%\\;]")
_DOT_SEGMENT = re.compile(
    r"(?:^|[/\\]|%2f|%5c)(?:\.|%2e){1,2}(?=[/\\;?]|%2f|%5c|%3b|$)", re.IGNORECASE
)


def normalize_path(path: str) -> str | None:
    """Give the RFC 3986 §6.2.2 normal form of a percent-encoded path, None where it has none.

    Escapes of unreserved characters are decoded, others get upper-case digits. Dot segments, empty
    segments other than a trailing slash (both also behind `%2E`, `%2F`, a backslash or its escape),
    segments that begin with a path parameter, NUL and broken escapes have no normal form.
    """
    if _AMBIGUOUS.search(path) is None:
        plain = "/." not in path or not has_dot_segment(path)
        return path if plain and "//" not in path else None
    if any(match.group(1) is None for match in _ESCAPE.finditer(path)):
        return None
    normal = _ESCAPE.sub(_normal_escape, path)
    return normal if _has_one_depth(normal) else None


def _normal_escape(match: re.Match[str]) -> str:
    character = chr(int(match.group(1), 16))
    return character if character in _UNRESERVED else match.group(0).upper()


def _has_one_depth(normal: str) -> bool:
    """Say whether every inner segment has a name, in whichever spelling."""
    decoded = _decoded(normal)
    if "\0" in decoded or has_dot_segment(decoded):
        return False
    *inner, last = decoded.split("/")[1:]
    return all(segment.partition(";")[0] for segment in inner) and not last.startswith(";")


def has_dot_segment(path: str) -> bool:
    """Say whether a path holds `.` or `..` as a segment, also behind percent-encodings."""
    return ("." in path or "%" in path) and _DOT_SEGMENT.search(path) is not None


def other_readings(path: str) -> tuple[str, ...]:
    """Give what a backend may take a normal path for, other than what it says.

    Decoded once, with backslashes as slashes; that without the path parameters of its segments, as
    servlet containers map it; and the path without its parameters, then decoded.
    """
    if _AMBIGUOUS.search(path) is None:
        return ()
    decoded = _decoded(path)
    readings = {decoded: None}
    if ";" in decoded:
        readings[_without_parameters(decoded)] = None
        readings[_decoded(_without_parameters(path))] = None
    readings.pop(path, None)
    return tuple(readings)


def _decoded(path: str) -> str:
    return unquote(path, errors="replace").replace("\\", "/")


def _without_parameters(path: str) -> str:
    return "/".join(segment.partition(";")[0] for segment in path.split("/"))
