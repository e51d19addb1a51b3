"""Checks 9 to 11: the date of a signature, and how long it holds (iam-sts §6)."""

from __future__ import annotations

import re
from calendar import timegm
from functools import lru_cache
from time import gmtime, strftime, strptime
from typing import TYPE_CHECKING

from bargate.sigv4.fault import SignatureFault, incomplete, invalid, shown

if TYPE_CHECKING:
    from bargate.sigv4.presented import Presented

MAX_EXPIRES_S = 604_800  # AWS [D] iam-sts §6
_BASIC = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_BASIC_CHARACTERS = 16
_DIGITS = re.compile(r"[0-9]{1,6}")


def check_dates(presented: Presented, now: float, skew_s: int) -> SignatureFault | None:
    """Demand a date in basic format, near `now`; a presigned one until it expires."""
    is_short = len(presented.timestamp) == _BASIC_CHARACTERS
    signed_at = moment_of(presented.timestamp) if is_short else None
    if signed_at is None:
        return incomplete(
            f"Date must be in ISO-8601 'basic format'. Got '{shown(presented.timestamp)}'."
            " See http://en.wikipedia.org/wiki/ISO_8601",
            "date",
            "the date is no YYYYMMDDTHHMMSSZ",
        )
    lifetime_s = skew_s
    if presented.expires is not None:
        expires_s = int(presented.expires) if _DIGITS.fullmatch(presented.expires) else 0
        if not 1 <= expires_s <= MAX_EXPIRES_S:
            return _bad_expires(presented.expires)
        lifetime_s = expires_s
    if signed_at + lifetime_s < now:
        return _expired(presented, signed_at, now, skew_s)
    if signed_at > now + skew_s:
        latest = format_basic(now + skew_s)
        return invalid(
            f"Signature not yet current: {presented.timestamp} is still later than {latest}"
            f" ({format_basic(now)} + {_window(skew_s)})",
            "not_yet_current",
            "the signer's clock is ahead, or the gateway's behind",
        )
    return None


def _expired(presented: Presented, signed_at: int, now: float, skew_s: int) -> SignatureFault:
    if presented.expires is not None:
        ended = format_basic(signed_at + int(presented.expires))
        message = f"Signature expired: {ended} is now earlier than {format_basic(now)}"  # [I]
        return invalid(message, "expired", "the presigned request has expired")
    return invalid(
        f"Signature expired: {presented.timestamp} is now earlier than"
        f" {format_basic(now - skew_s)} ({format_basic(now)} - {_window(skew_s)})",
        "expired",
        "the request was signed too long ago, or a clock is wrong",
    )


def _bad_expires(expires: str) -> SignatureFault:
    # [I] S3's texts: no other service's are recorded.
    message = f"X-Amz-Expires must be a number from 1 to {MAX_EXPIRES_S}"
    return incomplete(message, "expires", f"X-Amz-Expires is {shown(expires)}")


def _window(skew_s: int) -> str:
    minutes, seconds = divmod(skew_s, 60)
    return f"{skew_s} sec." if seconds else f"{minutes} min."


def format_basic(at: float) -> str:
    """Write seconds since the epoch as `YYYYMMDDTHHMMSSZ`."""
    return strftime("%Y%m%dT%H%M%SZ", gmtime(at))


@lru_cache(maxsize=1024)
def moment_of(timestamp: str) -> int | None:
    """Read a date in basic format as seconds since the epoch, None when it is none."""
    if _BASIC.fullmatch(timestamp) is None:
        return None
    try:
        parsed = strptime(timestamp, "%Y%m%dT%H%M%SZ")
        return timegm(parsed) if parsed.tm_sec < 60 else None  # noqa: PLR2004 - no leap seconds
    except ValueError:
        return None
