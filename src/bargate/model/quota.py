"""How much of a quota remains, from what was used day by day."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Literal

from msgspec import Struct

Period = Literal["DAY", "WEEK", "MONTH"]


class Day(Struct, frozen=True):
    """What one day took from a quota, and what was granted on it beside the limit."""

    used: int = 0
    granted: int = 0


def period_start(period: Period, day: date) -> date:
    """Give the first day of the period that `day` is in: UTC days, weeks from Monday [I]."""
    if period == "DAY":
        return day
    if period == "WEEK":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1)


class Allowance(Struct, frozen=True, kw_only=True):
    """A quota as one key has it: `first_day` is the day on which the key came to the plan."""

    limit: int
    offset: int
    period: Period
    first_day: date

    def at_start(self, day: date) -> int:
        """Give what a period has before anything of it is used."""
        start = period_start(self.period, day)
        # AWS [D] apigw-objects §1: the offset is taken from the limit in the first period only
        is_first = start == period_start(self.period, self.first_day)
        return self.limit - self.offset if is_first else self.limit

    def remaining(self, day: date, days: Mapping[date, Day]) -> int:
        """Give what remains of the period at the end of `day`, never below zero."""
        left = self.at_start(day)
        each = period_start(self.period, day)
        while each <= day:
            found = days.get(each)
            if found is not None:
                left = max(0, left + found.granted - found.used)
            each += timedelta(days=1)
        return max(0, left)
