"""The `Date` header, rendered once a second instead of once a response."""

from __future__ import annotations

from email.utils import formatdate


class HttpClock:
    """Holds the current `date_line`, CRLF included; `tick` keeps it current."""

    __slots__ = ("_second", "date_line")

    def __init__(self, now: float) -> None:
        self._second = 0
        self.date_line = b""
        self.tick(now)

    def tick(self, now: float) -> None:
        """Render the line anew if the second has changed; `now` is seconds since the epoch."""
        second = int(now)
        if second != self._second:
            self._second = second
            self.date_line = f"Date: {formatdate(second, usegmt=True)}\r\n".encode("ascii")
