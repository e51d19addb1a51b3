"""Collect the fields of one request head from the parser's callbacks."""

from __future__ import annotations

from bargate.mapping.headers import HOP_BY_HOP

NEVER_HOP_BY_HOP = frozenset({b"host", b"content-length", b"content-type", b"expect"})


class _Keys(dict[bytes, bytes]):
    """Gives field names in lower case; remembers a bounded number of short ones as spelt."""

    __slots__ = ()

    def __missing__(self, name: bytes) -> bytes:
        key = name.lower()
        if len(name) <= _KEY_MAX_BYTES:
            if len(self) >= _KEYS_MAX:
                self.clear()
            self[name] = key
        return key


_KEYS_MAX, _KEY_MAX_BYTES = 1024, 64
_KEYS = _Keys()


class Fields:
    """Collects the fields of one head from the parser's callbacks."""

    __slots__ = ("connection", "count", "fault", "has_body", "header", "headers", "transfer")

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin with the next head; what was collected stays with whom it was given to."""
        self.headers: list[tuple[bytes, bytes]] = []
        self.header: dict[bytes, bytes] = {}
        self.connection: bytes | None = None
        self.transfer: bytes | None = None
        self.fault: str | None = None
        self.has_body = False
        self.count = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one field; called by httptools."""
        self.count += 1
        key = _KEYS[name]
        value = value.strip()
        if key in HOP_BY_HOP:
            self._hop_by_hop(key, value)
            return
        header = self.header
        if key in header:
            if key in NEVER_HOP_BY_HOP:
                self.fault = f"{key.decode('latin-1')} is repeated"
            header[key] = header[key] + b", " + value
        else:
            header[key] = value
            if key == b"content-length":
                self.has_body = True
        self.headers.append((name, value))

    def _hop_by_hop(self, key: bytes, value: bytes) -> None:
        if key == b"connection":
            self.connection = _joined(self.connection, value.lower())
        elif key == b"transfer-encoding":
            self.has_body = True
            self.transfer = _joined(self.transfer, value.lower())

    def drop(self, names: set[bytes]) -> None:
        """Remove the fields that Connection names, so that nobody ever sees them."""
        self.headers = [pair for pair in self.headers if pair[0].lower() not in names]
        for name in names:
            self.header.pop(name, None)


def _joined(before: bytes | None, value: bytes) -> bytes:
    return value if before is None else before + b", " + value
