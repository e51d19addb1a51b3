"""What the gateway tells a backend of the client: X-Forwarded-*, Forwarded, Via, the trace id.

What the client sent of these is never believed: its own list stays in front of the address the
gateway saw, port and scheme are replaced.
"""

import re
from functools import lru_cache

from bargate.access.call import Call
from bargate.mapping.context import trace_id

FORWARDING_LINES = 4
# INVARIANT: the block has four lines whatever was sent, so it is not checked with the others.
_ONE_LINE = bytes.maketrans(b"\r\n\0", b"   ")
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


def forwarded_line(call: Call) -> bytes:
    """Give Forwarded (RFC 7239) as HTTP APIs send it [O]: `for=…;host=…;proto=…`.

    A Forwarded of the client's is replaced: an open quote in it would swallow what is added.
    """
    address = f'"[{call.source_ip}]"' if ":" in call.source_ip else call.source_ip
    host = call.header.get(b"host", b"")
    return b"Forwarded: for=%b;host=%b;proto=%b" % (
        address.encode("latin-1"),
        host if _FORWARDED_TOKEN.fullmatch(host) else b'"%b"' % re.sub(rb'["\\]', b"", host),
        b"https" if call.secure else b"http",
    )


def via_line(call: Call) -> bytes:
    """Give Via as HTTP APIs send it [O]."""
    sent = call.header.get(b"via")
    own = b"HTTP/1.1 AmazonAPIGateway"
    return b"Via: " + (own if sent is None else sent + b", " + own)
