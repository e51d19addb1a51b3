"""Time-based one-time passwords of six digits in steps of 30 seconds (RFC 6238, SHA-1)."""

import base64
import hashlib
import hmac
import secrets
import struct
from collections.abc import Iterable

from bargate.secret import Secret

STEP_S = 30
_DIGITS = 6
_SEED_BYTES = 40  # AWS [O]: 64 characters of Base32


def new_seed() -> Secret:
    """Draw a seed, in Base32."""
    return Secret(base64.b32encode(secrets.token_bytes(_SEED_BYTES)).decode("ascii"))


def step_at(seconds: float) -> int:
    """Give the number of the time step that `seconds` since the epoch lie in."""
    return int(seconds) // STEP_S


def code_of(seed: Secret, step: int) -> str:
    """Give the code of a time step."""
    key = base64.b32decode(seed.reveal())
    digest = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()  # RFC 6238
    at = digest[-1] & 0xF
    number = struct.unpack(">I", digest[at : at + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}d}"


def matching_step(seed: Secret, codes: tuple[str, ...], steps: Iterable[int]) -> int | None:
    """Find the step at which `codes` begin, one a step; compares all, each in constant time."""
    given = "".join(codes).encode("utf-8", "surrogatepass")
    found = None
    for step in steps:
        if step < 0:
            continue
        expected = "".join(code_of(seed, step + index) for index in range(len(codes)))
        if hmac.compare_digest(expected.encode(), given) and found is None:
            found = step
    return found
