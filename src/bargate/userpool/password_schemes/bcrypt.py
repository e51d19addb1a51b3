"""Bcrypt: `$2b$10$` and 53 characters, 22 of them the salt."""

from __future__ import annotations

import re
from typing import Final

from bargate.userpool.password_schemes.phc import malformed, password_bytes, too_costly

MAX_COST: Final = 14  # 2^14 rounds: about a second
_MIN_COST: Final = 4
_MAX_BYTES: Final = 72  # bcrypt itself: what is after them counts nowhere
# 16 and 23 bytes: of the last character of each two and four bits count, and the others are zero.
_SALT: Final = r"[./A-Za-z0-9]{21}[.Oeu]"
_HASH: Final = r"[./A-Za-z0-9]{30}[.CGKOSWaeimquy26]"
_FORM: Final = re.compile(rf"\$2[aby]\$([0-9]{{2}})\${_SALT}{_HASH}", re.ASCII)


def check(text: str) -> None:
    """Raise UnusableHash unless a hash may be kept."""
    found = _FORM.fullmatch(text)
    if found is None or int(found[1]) < _MIN_COST:
        raise malformed()
    if int(found[1]) > MAX_COST:
        raise too_costly()


def fits(text: str, password: str) -> bool:
    """Say whether a password is the one that was hashed.

    A NUL ended the password where such hashes were made in C, so one that has any fits nothing.
    """
    import bcrypt  # noqa: PLC0415  no start waits for it

    given = password_bytes(password)
    if _FORM.fullmatch(text) is None:
        return False
    return bcrypt.checkpw(given[:_MAX_BYTES].replace(b"\0", b" "), text.encode()) and (
        b"\0" not in given
    )
