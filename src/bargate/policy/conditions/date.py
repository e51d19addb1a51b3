"""Date operators: W3C ISO 8601 dates or seconds since the epoch; no policy variables."""

import operator
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from bargate.policy.conditions.ordering import ordering_rule
from bargate.policy.request import AccessRequest

_SECONDS = re.compile(r"[0-9]{1,15}")
_ISO_8601 = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})"
    r"(?:[Tt]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?"
    r"([Zz]|[+-][0-9]{2}:?[0-9]{2})?)?)?)?"
)
_MICROSECONDS_PER_SECOND = 1_000_000
_EXPECTED = "a date such as 2026-01-31T23:59:59Z or seconds since the epoch"


@lru_cache(maxsize=256)
def parse_moment(text: str) -> int | None:
    """Read a date as microseconds since the epoch, None when it is not one.

    Four digits alone are seconds, not a year; without an offset a time is in UTC. [R] IAM
    """
    if _SECONDS.fullmatch(text):
        return int(text) * _MICROSECONDS_PER_SECOND
    found = _ISO_8601.fullmatch(text)
    if found is None:
        return None
    try:
        moment = _moment(found)
        return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        return None


def _moment(found: re.Match[str]) -> datetime:
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    local = datetime(
        int(year),
        int(month or 1),
        int(day or 1),
        int(hour or 0),
        int(minute or 0),
        int(second or 0),
        int((fraction or "").ljust(6, "0")[:6]),
        tzinfo=UTC,
    )
    return local - _offset(offset or "Z")


def _offset(text: str) -> timedelta:
    if text in ("Z", "z"):
        return timedelta(0)
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 23 or minutes > 59:  # noqa: PLR2004 hours and minutes of a clock
        raise ValueError(text)
    offset = timedelta(hours=hours, minutes=minutes)
    return -offset if text[0] == "-" else offset


def _requested(text: str, request: AccessRequest) -> int | None:
    moments = request.moments
    if text not in moments:
        moments[text] = parse_moment(text)
    return moments[text]


EQUALS = ordering_rule(parse_moment, _requested, operator.eq, _EXPECTED)
NOT_EQUALS = ordering_rule(parse_moment, _requested, operator.eq, _EXPECTED, negated=True)
LESS_THAN = ordering_rule(parse_moment, _requested, operator.lt, _EXPECTED)
LESS_THAN_EQUALS = ordering_rule(parse_moment, _requested, operator.le, _EXPECTED)
GREATER_THAN = ordering_rule(parse_moment, _requested, operator.gt, _EXPECTED)
GREATER_THAN_EQUALS = ordering_rule(parse_moment, _requested, operator.ge, _EXPECTED)
