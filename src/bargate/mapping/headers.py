"""Which headers pass through an integration, which are dropped or renamed, and what values hold.

AWS [R] apigw-objects §3 and recorded HTTP and HTTP_PROXY integrations; hop-by-hop headers
(RFC 9110 §7.6.1) never pass in either direction, also where AWS lets a mapping set them. What a
Connection header names is gone before a plan sees the headers: `gateway.head` takes it out of
requests, `gateway.upstream.backend` out of answers.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from bargate.access.repeated_headers import Headers, RepeatedHeaders

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"http2-settings",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)

# AWS [R] apigw-objects §3: dropped from every request before any mapping sees it.
DROPPED_FROM_REQUEST = HOP_BY_HOP | {
    b"content-length",
    b"content-md5",
    b"expect",
    b"max-forwards",
    b"server",
    b"www-authenticate",
}

# AWS [R] recorded HTTP_PROXY: these pass only when a mapping sets them.
DROPPED_FROM_HTTP_PROXY = DROPPED_FROM_REQUEST | {b"host", b"content-encoding", b"via"}

# Set by the gateway itself on every backend request.
OWNED_BY_GATEWAY = frozenset({b"x-amzn-trace-id", b"x-amzn-apigateway-api-id"})

# What the client sent of these is replaced, or stays in front of what the gateway saw.
FORWARDED = frozenset({b"x-forwarded-for", b"x-forwarded-port", b"x-forwarded-proto"})
FORWARDED_FOR_HTTP_API = FORWARDED | {b"forwarded", b"via"}

# AWS [R] answers every call with 500 where a mapping sets one of the first three or an owned one;
# the others frame or steer the connection. All are refused when they are written.
NEVER_MAPPED = HOP_BY_HOP | OWNED_BY_GATEWAY | {b"content-length", b"expect"}

# AWS [R] apigw-objects §3: renamed `x-amzn-Remapped-*` on the way out. The gateway's own ids are
# renamed too, so that a backend cannot speak in the gateway's name (`x-amzn-RequestId` [R]).
REMAPPED_FROM_HTTP_PROXY = frozenset(
    {b"connection", b"content-length", b"date", b"server", b"x-amzn-requestid", b"x-amz-apigw-id"}
)
REMAPPED_FROM_HTTP = REMAPPED_FROM_HTTP_PROXY | {
    b"authorization",
    b"content-md5",
    b"expect",
    b"host",
    b"max-forwards",
    b"proxy-authenticate",
    b"trailer",
    b"upgrade",
    b"user-agent",
    b"www-authenticate",
}
REMAPPED_PREFIX = b"x-amzn-Remapped-"

# Methods whose requests carry `Content-Length: 0` when they have no body (RFC 9110 §8.6).
EXPECTS_CONTENT = frozenset({b"POST", b"PUT", b"PATCH"})
WITHOUT_CONTENT = frozenset({b"GET", b"HEAD", b"OPTIONS"})
METHOD_BYTES = {
    method: method.encode("ascii")
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
}
IDEMPOTENT = frozenset({b"GET", b"HEAD", b"OPTIONS", b"TRACE", b"PUT", b"DELETE"})

_FORBIDDEN_IN_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
# All bytes but CR, LF and NUL; leaving them out is quicker than counting what is left.
_NOT_ENDING_A_LINE = bytes(set(range(256)) - set(b"\r\n\0"))
_REMEMBERED_NAMES = 64
_REMEMBERED_MAX_BYTES = 64


class PassingNames(dict[bytes, bool]):
    """Says of header names, as they are written, whether they pass.

    What `dropped` (lower case) holds does not, nor does a name that differs from one of these only
    by `_` for `-`: CGI, WSGI, Rack and PHP take the two for one (RFC 3875 §4.1.18), so a client
    could speak in the place of the gateway. What was said is remembered, up to a bound. Plans share
    those that drop the same (`passing_names`); they are compared by identity.
    """

    __slots__ = ("_dropped",)
    __hash__ = object.__hash__  # type: ignore[assignment]  # unlike a dictionary's
    __eq__ = object.__eq__
    __ne__ = object.__ne__

    def __init__(self, dropped: Iterable[bytes]) -> None:
        super().__init__()
        self._dropped = frozenset(name.lower().replace(b"_", b"-") for name in dropped)

    def __missing__(self, name: bytes) -> bool:
        """Look at a name that is not remembered."""
        passes = name.lower().replace(b"_", b"-") not in self._dropped
        _remember(self, name, passes)
        return passes


class PassedNames(dict[bytes, bytes | None]):
    """Gives the names that a backend's headers have for the client, None for those it never sees.

    Names are remembered as they are written, up to a bound. Compared by identity.
    """

    __slots__ = ("_dropped", "_remapped")
    __hash__ = object.__hash__  # type: ignore[assignment]  # unlike a dictionary's
    __eq__ = object.__eq__
    __ne__ = object.__ne__

    def __init__(self, remapped: frozenset[bytes], dropped: frozenset[bytes]) -> None:
        super().__init__()
        self._remapped = remapped
        self._dropped = dropped

    def __missing__(self, name: bytes) -> bytes | None:
        """Look at a name that is not remembered."""
        key = name.lower()
        passed: bytes | None = name
        if key in self._remapped:
            passed = REMAPPED_PREFIX + name
        elif key in self._dropped:
            passed = None
        _remember(self, name, passed)
        return passed


def _remember(names: dict[bytes, Any], name: bytes, value: object) -> None:
    if len(name) > _REMEMBERED_MAX_BYTES:
        return
    if len(names) >= _REMEMBERED_NAMES:
        names.clear()
    names[name] = value


def is_header_name(name: str) -> bool:
    """Say whether `name` is a header field name (RFC 9110 §5.1)."""
    return _TOKEN.fullmatch(name) is not None


def header_value(text: str) -> bytes:
    """Encode a header value; control characters become spaces, so that it stays one line.

    Text that came from a header as Latin-1 goes back to the same bytes; anything beyond is UTF-8.
    """
    plain = _FORBIDDEN_IN_VALUE.sub(" ", text).strip(" \t")
    try:
        return plain.encode("latin-1")
    except UnicodeEncodeError:
        return plain.encode("utf-8", "replace")


def has_line_end(lines: Iterable[bytes]) -> bool:
    """Say whether a line of a head holds a line end or NUL of its own."""
    text = b"".join(lines)
    return b"\n" in text or b"\r" in text or b"\0" in text


def is_one_head(head: bytes, line_ends: int) -> bool:
    """Say whether a head has just the line ends it was joined with, and no NUL."""
    return head.translate(None, _NOT_ENDING_A_LINE) == b"\r\n" * line_ends


def is_signature(authorization: bytes | None) -> bool:
    """Say whether an Authorization header is a Signature Version 4 (it is not passed on)."""
    return authorization is not None and authorization.lstrip()[:5].upper() == b"AWS4-"


@lru_cache(maxsize=256)
def passing_names(dropped: frozenset[bytes]) -> PassingNames:
    """Give the one that drops these names."""
    return PassingNames(dropped)


@lru_cache(maxsize=16)
def passed_names(remapped: frozenset[bytes], dropped: frozenset[bytes]) -> PassedNames:
    """Give the one that renames and drops these names."""
    return PassedNames(remapped, dropped)


def passing_lines(headers: Headers, passes: PassingNames) -> Sequence[bytes]:
    """Give the headers that pass, each as a line without its end."""
    if type(headers) is not RepeatedHeaders:
        return [b": ".join(header) for header in headers if passes[header[0]]]
    lines: tuple[bytes, ...] | None = headers.known.get(passes)
    if lines is None:
        lines = tuple(b": ".join(header) for header in headers if passes[header[0]])
        headers.remember(passes, lines)
    return lines


def passing(headers: Headers, passes: PassingNames) -> Headers:
    """Leave out the headers that do not pass."""
    if type(headers) is not RepeatedHeaders:
        return [header for header in headers if passes[header[0]]]
    key = passing, passes
    kept: Headers | None = headers.known.get(key)
    if kept is None:
        kept = RepeatedHeaders([header for header in headers if passes[header[0]]])
        headers.remember(key, kept)
    return kept


def remap(headers: Headers, names: PassedNames) -> Headers:
    """Rename and drop response headers as AWS does."""
    if type(headers) is not RepeatedHeaders:
        return [(passed, value) for name, value in headers if (passed := names[name]) is not None]
    remapped: Headers | None = headers.known.get(names)
    if remapped is None:
        remapped = RepeatedHeaders(
            [(passed, value) for name, value in headers if (passed := names[name]) is not None]
        )
        headers.remember(names, remapped)
    return remapped


def without(headers: Headers, names: Iterable[bytes]) -> Headers:
    """Leave out the headers with these lower-case names."""
    dropped = frozenset(names)
    return [header for header in headers if header[0].lower() not in dropped]
