"""Request targets and Host values: accept the plain ones, refuse the ambiguous ones."""

from __future__ import annotations

import re
from functools import lru_cache

_ORIGIN_FORM = re.compile(rb"/[!\"$-~]*")
_ABSOLUTE_FORM = re.compile(rb"https?://([^/?#]+)((?:[/?][!\"$-~]*)?)", re.IGNORECASE)
_HOST = re.compile(rb"([A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{1,5}))?")
_DOT_SEGMENT = re.compile(
    rb"(?:/|\\|%2f|%5c)(?:\.|%2e){1,2}(?:/|\\|;|%2f|%5c|%3b|$)", re.IGNORECASE
)
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})|%00")
_PORT_MAX = 65_535
_REMEMBERED_MAX_BYTES = 256


class BadTarget(Exception):
    """The request target or the Host is malformed or ambiguous."""


def split_target(target: bytes) -> tuple[bytes | None, str, str]:
    """Give authority (absolute form only), percent-encoded path, and raw query.

    Short targets are remembered. Raises BadTarget.
    """
    return _remembered(target) if len(target) <= _REMEMBERED_MAX_BYTES else _split(target)


def _split(target: bytes) -> tuple[bytes | None, str, str]:
    """Split one target.

    A path with dot segments, in whatever spelling a backend may take for one, is refused: the
    route and the policy would be decided on one path, and the backend would serve another.
    Raises BadTarget.
    """
    authority = None
    if _ORIGIN_FORM.fullmatch(target) is None:
        authority, target = _absolute(target)
    path, _, query = target.partition(b"?")
    if b"%" in path or b"." in path or b"\\" in path:
        _check_path(path)
    return authority, path.decode("ascii"), query.decode("ascii")


@lru_cache(maxsize=1024)
def _remembered(target: bytes) -> tuple[bytes | None, str, str]:
    return _split(target)


def _absolute(target: bytes) -> tuple[bytes, bytes]:
    match = _ABSOLUTE_FORM.fullmatch(target)
    if match is None:
        raise BadTarget("the request target is malformed")
    rest = match[2]
    return match[1], rest if rest.startswith(b"/") else b"/" + rest


def _check_path(path: bytes) -> None:
    if _BAD_ESCAPE.search(path):
        raise BadTarget("the path holds a malformed percent-encoding")
    if _DOT_SEGMENT.search(path):
        raise BadTarget("the path holds a dot segment")


@lru_cache(maxsize=1024)
def host_name(value: bytes) -> bytes:
    """Give the host of `host[:port]` in lower case. Raises BadTarget."""
    match = _HOST.fullmatch(value)
    if match is None or (match[2] and int(match[2]) > _PORT_MAX):
        raise BadTarget("the Host is malformed")
    return match[1].lower()
