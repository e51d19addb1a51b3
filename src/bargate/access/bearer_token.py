"""A token as a call presents it, and its signature checked against its issuer's keys."""

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from bargate.access.call import Call
from bargate.access.key_directory import KeyDirectory, KeySource
from bargate.access.verdict import Need
from bargate.tokens import jws
from bargate.tokens.fault import Fault, InvalidToken, shown

IdentitySource = Callable[[Call], bytes | None]

_BEARER = re.compile(rb"bearer +", re.IGNORECASE)
_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749 §3.3


def header_source(name: str) -> IdentitySource:
    """Read the token from the header `name`; a repeated header is joined and so no token."""
    key = name.lower().encode("ascii")

    def read(call: Call) -> bytes | None:
        return call.header.get(key) or None

    return read


def query_source(name: str) -> IdentitySource:
    """Read the token from the query parameter `name` (case matters); repeated: joined, so none."""

    def read(call: Call) -> bytes | None:
        values = [value for key, value in parse_qsl(call.query) if key == name]
        return ",".join(values).encode("utf-8", "surrogatepass") or None

    return read


def without_scheme(presented: bytes) -> bytes:
    """Give the token of `<token>` or `Bearer <token>` (any case, RFC 9110 §11.1)."""
    scheme = _BEARER.match(presented)
    return presented if scheme is None else presented[scheme.end() :]


def check_signature(
    token: jws.Jws, source: KeySource, keys: KeyDirectory, now: float, algorithms: frozenset[str]
) -> Need | None:
    """Verify `token` with the key of `source` that it names, or ask for the key set.

    INVARIANT: None means verified. Raises InvalidToken. A token without `kid` names no key and is
    refused (AWS [D] apigw-evaluation §7.1: the kid must match).
    """
    if token.kid is None:
        raise InvalidToken(Fault.KEY_ID, "the token names no key (kid)")
    key = keys.find(source, token.kid)
    if key is None:
        if keys.may_fetch(source, now):
            return Need(source)
        raise InvalidToken(
            Fault.UNKNOWN_KEY, f"key {shown(token.kid)} is not known; {keys.describe(source)}"
        )
    jws.verify(token, key, algorithms)
    return None


def is_scope(text: str) -> bool:
    """Say whether `text` is a scope (RFC 6749 §3.3), and so fit to stand in a header."""
    return _SCOPE.fullmatch(text) is not None


def is_issuer(url: str) -> bool:
    """Say whether `url` can be an issuer: http(s), a host, neither query nor fragment."""
    if not url.isascii() or not url.isprintable() or any(mark in url for mark in '?# "\\'):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
