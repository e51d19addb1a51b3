"""How lines of the log are written, each bound to all before it.

    line = JSON object ending in `"mac"`: HMAC-SHA-256 (RFC 2104) over the MAC before and the object
           without its own. The first line of a file (`Opening`) repeats the MAC before.

The key is derived from the store's master key: whoever can write the files but does not have that
key cannot make a line that fits.
"""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING, Any, Final

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Struct

from bargate.audit.event import Event, SeriesName

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_LINE_BYTES: Final = 64 * 1024
_MAC: Final = re.compile(rb'^(\{"number":(\d{1,18}),.*),"mac":"([0-9a-f]{64})"\}$', re.DOTALL)
_NO_MAC: Final = "0" * 64


class Head(Struct, frozen=True):
    """Where a chain ends: the number of its last line, and the MAC of that."""

    number: int = 0
    mac: str = _NO_MAC


class Line(Struct, frozen=True):
    """A line taken apart; `body` is what its MAC is made of."""

    number: int
    mac: str
    body: bytes


class Opening(Struct, frozen=True, kw_only=True):
    """The first line of a file: which series it goes on with, and after which MAC."""

    opens: SeriesName
    previous: str


class Numbered(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An event as it is read back."""

    number: int


def mac_key(master: bytes) -> bytes:
    """Derive the key of the log from a master key."""
    return HKDF(SHA256(), 32, salt=None, info=b"bargate audit log 1").derive(master)


def linked(key: bytes, head: Head, said: Iterable[Event | Opening]) -> tuple[bytes, Head]:
    """Write lines that go on after `head`, and give where the chain ends then."""
    lines, number, mac = [], head.number, head.mac
    for each in said:
        number += 1
        body = b'{"number":%d,%b' % (number, _encode(each)[1:])
        mac = _mac(key, mac, body)
        lines.append(b'%b,"mac":"%b"}\n' % (body[:-1], mac.encode("ascii")))
    return b"".join(lines), Head(number, mac)


def line_of(raw: bytes) -> Line | None:
    """Take a line apart, without its end; None for what is no line of a log."""
    found = _MAC.match(raw)
    if found is None:
        return None
    return Line(int(found[2]), found[3].decode("ascii"), found[1] + b"}")


def fits(keys: Sequence[bytes], previous: str, line: Line) -> bool:
    """Say whether a line was written under one of `keys` after the line with the MAC `previous`."""
    return any(hmac.compare_digest(_mac(key, previous, line.body), line.mac) for key in keys)


def opening_of(line: Line) -> Opening | None:
    """Give what a line opens, None when it is an event."""
    try:
        return msgspec.json.decode(line.body, type=Opening)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def event_of(line: Line) -> Numbered | None:
    """Give the event of a line, None when it opens a file, or says nothing that is understood."""
    try:
        return msgspec.json.decode(line.body, type=Numbered)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _encode(said: Any) -> bytes:
    return _ENCODER.encode(said)


def _mac(key: bytes, previous: str, body: bytes) -> str:
    return hmac.digest(key, previous.encode("ascii") + body, "sha256").hex()


_ENCODER = msgspec.json.Encoder()
