"""Checks 1 to 4: percent-escapes that are none (iam-sts §6)."""

import re

from bargate.sigv4.canonical import climbs_above_root
from bargate.sigv4.fault import SignatureFault, shown

_BAD = re.compile(r"%(?![0-9A-Fa-f]{2})(.{0,2})", re.DOTALL)
_ESCAPE_CHARACTERS = 2


def check_escapes(path: str, query: str) -> SignatureFault | None:
    """Refuse a path or query that has no one meaning."""
    if not path.startswith("/") or ("%" in path and _BAD.search(path)):
        return _bad_path("the path is not absolute or holds a malformed percent-escape")
    if ".." in path and climbs_above_root(path):
        return _bad_path("the path climbs above the root")
    found = _BAD.search(query) if "%" in query else None
    if found is None:
        return None
    if len(found[1]) < _ESCAPE_CHARACTERS:
        message = "Incomplete trailing escape % sequence"
    else:
        message = f"Illegal hex character in escape % pattern: %{shown(found[1])}"
    return SignatureFault(
        "MalformedQueryString", message, "sigv4.query_escape", "a percent-escape is malformed"
    )


def _bad_path(detail: str) -> SignatureFault:
    return SignatureFault("BadRequest", "", "sigv4.path", detail)
