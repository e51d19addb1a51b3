"""What the gateway tells a backend of the client: X-Forwarded-*, Forwarded, Via, the trace id.

What the client sent of these is never believed: its own list stays in front of the address the
gateway saw, port and scheme are replaced.
"""

import re
from functools import lru_cache

from bargate.access.call import Call
from bargate.mapping.context import trace_id

FORWARDING_LINES = 4
HTTP_API_FORWARDING_LINES = 6
# INVARIANT: a block has as many lines whatever was sent, so it is not checked with the others.
_ONE_LINE = bytes.maketrans(b"\r\n\0", b"   ")
_FOR = b"\r\nX-Forwarded-For: "
_VIA = b"\r\nVia: "
_NOT_IN_QUOTES = re.compile(rb'["\\]')
_FORWARDED_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


def forwarding_block(call: Call) -> bytes:
    """Give X-Forwarded-For, -Port, -Proto and the trace id: four lines, without the last end."""
    header = call.header
    block = _forwarded_by(call.source_ip, header.get(b"host", b""), call.secure)
    sent = header.get(b"x-forwarded-for")
    if sent is not None:
        block = block.replace(b": ", b": %b, " % sent.translate(_ONE_LINE), 1)
    return block + trace_id(call).encode("latin-1")


@lru_cache(maxsize=1024)
def _forwarded_by(source_ip: str, host: bytes, secure: bool) -> bytes:  # noqa: FBT001 - a cache key
    """Give the block as it is for all calls of one client, up to the trace id."""
    port = host.rpartition(b":")[2]
    if not port.isdigit():
        port = b"443" if secure else b"80"
    return (
        b"X-Forwarded-For: %b\r\nX-Forwarded-Port: %b\r\nX-Forwarded-Proto: %b\r\nX-Amzn-Trace-Id: "
        % (source_ip.encode("latin-1"), port, b"https" if secure else b"http")
    )


def http_api_forwarding_block(call: Call) -> bytes:
    """Give what HTTP APIs send: Forwarded and Via [O], then the four lines of `forwarding_block`.

    A Forwarded of the client's is replaced: an open quote in it would swallow what is added.
    """
    header = call.header
    block = _http_api_forwarded_by(call.source_ip, header.get(b"host", b""), call.secure)
    sent = header.get(b"via")
    if sent is not None:
        block = block.replace(_VIA, _VIA + sent.translate(_ONE_LINE) + b", ", 1)
    sent = header.get(b"x-forwarded-for")
    if sent is not None:
        block = block.replace(_FOR, b"%b%b, " % (_FOR, sent.translate(_ONE_LINE)), 1)
    return block + trace_id(call).encode("latin-1")


@lru_cache(maxsize=1024)
def _http_api_forwarded_by(source_ip: str, host: bytes, secure: bool) -> bytes:  # noqa: FBT001 - a cache key
    address = f'"[{source_ip}]"' if ":" in source_ip else source_ip
    forwarded = b"Forwarded: for=%b;host=%b;proto=%b" % (
        address.encode("latin-1"),
        host if _FORWARDED_TOKEN.fullmatch(host) else b'"%b"' % _NOT_IN_QUOTES.sub(b"", host),
        b"https" if secure else b"http",
    )
    return b"%b%bHTTP/1.1 AmazonAPIGateway\r\n%b" % (
        forwarded.translate(_ONE_LINE),
        _VIA,
        _forwarded_by(source_ip, host, secure),
    )
