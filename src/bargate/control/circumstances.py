"""The condition keys of a request to the control plane that no identity and no target gives."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bargate.control.edge import Incoming


def circumstances_of(incoming: Incoming, region: str, now: datetime) -> dict[str, str]:
    """Give AWS [D] iam-sts §4's global keys of a request, in lower case; absent ones are absent."""
    second = int(now.timestamp())
    found = {
        "aws:currenttime": _text_of(second),
        "aws:epochtime": str(second),
        "aws:requestedregion": region,
        "aws:securetransport": "true" if incoming.secure else "false",
        "aws:viaawsservice": "false",
    }
    if incoming.source_ip:
        found["aws:sourceip"] = incoming.source_ip
    for key, header in (("aws:useragent", "user-agent"), ("aws:referer", "referer")):
        value = incoming.request.headers.get(header)
        if value is not None:
            found[key] = value
    return found


@lru_cache(maxsize=4)
def _text_of(second: int) -> str:
    """Write a time, once for all calls of a second."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
