"""Timestamps in the three formats of AWS's protocols: iso8601, rfc822 and unixTimestamp."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ISO_8601 = re.compile(
    r"\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:?\d\d)?)?", re.ASCII
)
_SECONDS = re.compile(r"-?\d{1,12}(?:\.\d{1,9})?", re.ASCII)
_MAX_CHARACTERS = 64


class InvalidTimestamp(ValueError):
    """A text or number that is no timestamp of the expected format."""


def parse(value: Any, form: str) -> datetime:
    """Read a timestamp of a model's `timestampFormat`; raises InvalidTimestamp.

    `value` is text, or a number where the format is unixTimestamp.
    """
    try:
        if form.lower() == "unixtimestamp":
            return _from_seconds(value)
        if not isinstance(value, str) or len(value) > _MAX_CHARACTERS:
            raise InvalidTimestamp
        if form.lower() == "iso8601":
            return _from_iso_8601(value)
        return _aware(parsedate_to_datetime(value))
    except (ValueError, OverflowError, TypeError, IndexError) as error:
        raise InvalidTimestamp(form) from error


def write(value: datetime | float, form: str) -> str | int | float:
    """Write a timestamp in a format; parts of a second are milliseconds, as Smithy has them."""
    moment = _aware(value) if isinstance(value, datetime) else _EPOCH + timedelta(seconds=value)
    form = form.lower()
    if form == "rfc822":
        return format_datetime(moment.replace(microsecond=0), usegmt=True)
    if form == "iso8601":
        parts = "milliseconds" if moment.microsecond // 1_000 else "seconds"
        return moment.replace(tzinfo=None).isoformat(timespec=parts) + "Z"
    milliseconds = (moment - _EPOCH) // timedelta(milliseconds=1)
    return milliseconds / 1_000 if milliseconds % 1_000 else milliseconds // 1_000


def _from_seconds(value: Any) -> datetime:
    if isinstance(value, str) and _SECONDS.fullmatch(value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidTimestamp
    return _EPOCH + timedelta(seconds=value)


def _from_iso_8601(text: str) -> datetime:
    if not _ISO_8601.fullmatch(text):
        raise InvalidTimestamp
    return _aware(datetime.fromisoformat(text.upper()))


def _aware(moment: datetime) -> datetime:
    """Put a moment into UTC; one without an offset is in UTC already."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
