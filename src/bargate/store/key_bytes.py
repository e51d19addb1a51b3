r"""Keys as bytes that sort as their texts do: `("a", "b")` is `a\0b\0`.

Every text ends in NUL, so a key's bytes begin with those of its prefixes and of no other key.
A NUL inside a text is written as `\0\xff` (no UTF-8 text begins with `\xff`): such a key is never
stored, but looking for one must not find another's record.
"""

from bargate.store.interface import Unstorable
from bargate.store.kind import Key

_AFTER_EVERY_TEXT = b"\xff"


def key_bytes(key: Key) -> bytes:
    """Write any key; two keys never give the same bytes."""
    joined = "\0".join(key)
    if key and joined.count("\0") == len(key) - 1:  # as almost always: none is within a text
        return joined.encode("utf-8", "surrogatepass") + b"\0"
    return b"".join(
        text.encode("utf-8", "surrogatepass").replace(b"\0", b"\0\xff") + b"\0" for text in key
    )


def storable_key_bytes(key: Key) -> bytes:
    """Write a key under which a record may be stored; raises Unstorable."""
    joined = "\0".join(key)
    if joined.count("\0") > max(len(key) - 1, 0):
        raise Unstorable("a key must not hold the character NUL")
    try:
        return joined.encode() + b"\0" if key else b""
    except UnicodeEncodeError:
        raise Unstorable("a key must not hold half a surrogate pair") from None


def key_of_bytes(stored: bytes) -> Key:
    """Read a key that `storable_key_bytes` wrote."""
    return tuple(text.decode() for text in stored.split(b"\0")[:-1])


def key_range(prefix: Key, after: Key | None = None) -> tuple[bytes, bytes]:
    """Give the first bytes of, and the first beyond, the keys that begin with `prefix`.

    With `after`, only those behind it: nothing sorts between bytes and the same with NUL added.
    """
    start, end = range_of(key_bytes(prefix))
    if after is not None:
        start = max(start, key_bytes(after) + b"\0")
    return start, end


def range_of(prefix: bytes) -> tuple[bytes, bytes]:
    """Do as `key_range` for a key that is written already."""
    return prefix, prefix + _AFTER_EVERY_TEXT
