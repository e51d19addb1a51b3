"""Sign-ins that wait for DEVICE_SRP_AUTH, for clients that answer it without their session.

pycognito sends none (AWS [R] cognito-userpools §3). So that the password stays what comes first,
the session is kept here for who proved it: for one client, device and address, and one answer.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final, TypeAlias

MAX_WAITING: Final = 50_000

# pool id, client id, sub, device key, address
Waiting: TypeAlias = tuple[str, str, str, str, str]


class DeviceWaits:
    """Sealed sessions by who is waited for; the oldest is forgotten first when there are too many."""

    def __init__(self, max_waiting: int = MAX_WAITING) -> None:
        self._sessions: OrderedDict[Waiting, str] = OrderedDict()
        self._max_waiting = max_waiting
        self._lock = threading.Lock()

    def put(self, waiting: Waiting, session: str) -> None:
        """Keep a session; one of before is forgotten."""
        with self._lock:
            self._sessions[waiting] = session
            self._sessions.move_to_end(waiting)
            if len(self._sessions) > self._max_waiting:
                self._sessions.popitem(last=False)

    def take(self, waiting: Waiting) -> str | None:
        """Give a session once."""
        with self._lock:
            return self._sessions.pop(waiting, None)
