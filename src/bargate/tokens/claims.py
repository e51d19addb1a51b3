"""The claims of a verified token (RFC 7519 §4): dates, audiences, scopes."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from bargate.tokens.fault import Fault, InvalidToken
from bargate.tokens.strict_json import MalformedJson, parse_object

Claims = Mapping[str, Any]


def parse(payload: bytes) -> dict[str, Any]:
    """Read the claims set; raises `InvalidToken` unless it is a strict JSON object."""
    try:
        return parse_object(payload)
    except MalformedJson as error:
        raise InvalidToken(Fault.PAYLOAD, f"the payload is {error}") from None


def check_times(claims: Claims, now: float) -> float:
    """Check `exp`, `nbf` and `iat` against `now` (seconds, epoch) and give `exp`.

    AWS [D] apigw-evaluation §7.1: exp > now, nbf and iat not after now, no allowance for skew.
    A token without `exp` is refused [I]: it would be valid for ever.
    """
    expires_at = _date(claims, "exp")
    if expires_at is None:
        raise InvalidToken(Fault.DATE, "exp is missing")
    if expires_at <= now:
        raise InvalidToken(Fault.EXPIRED, f"expired {now - expires_at:.0f} s ago")
    not_before = _date(claims, "nbf")
    if not_before is not None and not_before > now:
        raise InvalidToken(Fault.NOT_YET_VALID, f"valid in {not_before - now:.0f} s (nbf)")
    issued_at = _date(claims, "iat")
    if issued_at is not None and issued_at > now:
        raise InvalidToken(Fault.ISSUED_LATER, f"issued in {issued_at - now:.0f} s (iat)")
    return expires_at


def _date(claims: Claims, name: str) -> float | None:
    if name not in claims:
        return None
    value = claims[name]
    # bool is an int to Python, and `"exp": true` is no date.
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidToken(Fault.DATE, f"{name} is not a number")
    try:
        seconds = float(value)
    except OverflowError:
        raise InvalidToken(Fault.DATE, f"{name} is out of range") from None
    if not math.isfinite(seconds):
        raise InvalidToken(Fault.DATE, f"{name} is not finite")
    return seconds


def audiences(claims: Claims, name: str = "aud") -> tuple[str, ...] | None:
    """Give the audiences a token names: a string or a list of strings, None when absent.

    Anything else is a claim that is there and names nobody: an empty tuple.
    """
    if name not in claims:
        return None
    value = claims[name]
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    return ()


def scopes(claims: Claims, names: Iterable[str]) -> tuple[str, ...]:
    """Give the scopes granted by the claims `names`: strings parted by spaces, or lists.

    Only U+0020 parts scopes (RFC 6749 §3.3) and they compare code point by code point: no other
    white space, case or Unicode normal form makes one scope out of another.
    """
    granted: dict[str, None] = {}
    for name in names:
        value = claims.get(name)
        if isinstance(value, str):
            granted.update(dict.fromkeys(value.split(" ")))
        elif isinstance(value, list):
            granted.update(dict.fromkeys(item for item in value if isinstance(item, str)))
    granted.pop("", None)
    return tuple(granted)


def text_of(claims: Claims, name: str) -> str | None:
    """Give the claim `name` if it is a string."""
    value = claims.get(name)
    return value if isinstance(value, str) else None
