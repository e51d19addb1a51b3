"""What the gateway tells a backend of the client: X-Forwarded-*, Forwarded, Via, the trace id.

What the client sent of these is never believed: its own list stays in front of the address the
gateway saw, port and scheme are replaced.
"""

import re

from bargate.access.call import Call
from bargate.mapping.context import trace_id

_BLOCK = (
    b"X-Forwarded-For: %b\r\nX-Forwarded-Port: %b\r\nX-Forwarded-Proto: %b\r\nX-Amzn-Trace-Id: %b"
)
# INVARIANT: the block has four lines whatever was sent, so it is not checked with the others.
_ONE_LINE = bytes.maketrans(b"\r\n\0", b"   ")
_FORWARDED_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


def forwarding_block(call: Call) -> bytes:
    """Give X-Forwarded-For, -Port, -Proto and the trace id: four lines, without the last end."""
    header = call.header
    address = call.source_ip.encode("latin-1")
    if b"x-forwarded-for" in header:
        address = header[b"x-forwarded-for"].translate(_ONE_LINE) + b", " + address
    port = header.get(b"host", b"").rpartition(b":")[2]
    if not port.isdigit():
        port = b"443" if call.secure else b"80"
    return _BLOCK % (
        address,
        port,
        b"https" if call.secure else b"http",
        trace_id(call).encode("latin-1"),
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
