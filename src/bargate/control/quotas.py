"""Answers the supervisor's ledger about quotas, and tells it when more may be left of one.

AskQuotas ──► quota_book, in one commit ──► LeasedQuotas
a commit that changes a plan, a key on it or what it used ──► Forget, of those told "spent"
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from bargate.control.quota_book import book
from bargate.gateway.channel import Forget, LeasedQuotas
from bargate.ledger.messages import QuotaLease, quota_key
from bargate.records.usage_plan import USAGE_PLAN
from bargate.records.usage_plan_key import USAGE_PLAN_KEY
from bargate.records.usage_record import USAGE_RECORD
from bargate.store.interface import StoreBusy, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from msgspec import Struct

    from bargate.gateway.channel import AskQuotas
    from bargate.ledger.messages import QuotaKey
    from bargate.store.interface import Change, Store

_MAX_SPENT: Final = 1_000_000
_LENGTHS: Final = {USAGE_PLAN.name: 3, USAGE_PLAN_KEY.name: 4, USAGE_RECORD.name: 4}


def _now() -> datetime:
    return datetime.now(UTC)


class Quotas:
    """The store's end of the ledger; `post` sends to the supervisor."""

    def __init__(
        self, store: Store, post: Callable[[Struct], None], clock: Callable[[], datetime] = _now
    ) -> None:
        self._store = store
        self._post = post
        self._clock = clock
        # By plan: the keys that were told that nothing is left.
        self._spent: dict[tuple[str, ...], set[QuotaKey]] = {}
        self._spent_count = 0
        self._changed: set[tuple[str, ...]] = set()  # while an answer is made
        self._is_answering = False

    async def answer(self, message: AskQuotas) -> None:
        """Book and answer a message; one at a time."""
        self._is_answering = is_booked = True
        try:
            leases = await self._store.submit(lambda tx: book(tx, message, self._clock()))
        except (StoreBusy, StoreUnavailable) as error:
            leases = (QuotaLease(0, failure=f"quotas cannot be counted: {error}"),) * len(
                message.asks
            )
            is_booked = False
        finally:
            self._is_answering = False
        for ask, lease in zip(message.asks, leases, strict=True):
            if not lease.granted:
                self._remember(quota_key(ask.quota))
        self._post(LeasedQuotas(leases, is_booked))
        # What changed meanwhile may not have been seen by what was just answered.
        changed, self._changed = self._changed, set()
        self._tell(changed)

    def committed(self, changes: Iterable[Change]) -> None:
        """Take note of a commit."""
        places = {
            change.key[: _LENGTHS[change.kind]] for change in changes if change.kind in _LENGTHS
        }
        if self._is_answering:
            self._changed |= places
        self._tell(places)

    def _remember(self, key: QuotaKey) -> None:
        if self._spent_count >= _MAX_SPENT:
            self._spent.clear()
            self._spent_count = 0
            self._post(Forget())
        keys = self._spent.setdefault(key[:3], set())
        self._spent_count += key not in keys
        keys.add(key)

    def _tell(self, places: Iterable[tuple[str, ...]]) -> None:
        """Let be forgotten that nothing is left of what changed."""
        found: set[QuotaKey] = set()
        for place in places:
            keys = self._spent.get(place[:3], set())
            found |= {key for key in keys if key[: len(place)] == place}
        for key in found:
            self._spent[key[:3]].discard(key)
            if not self._spent[key[:3]]:
                del self._spent[key[:3]]
        self._spent_count -= len(found)
        if found:
            self._post(Forget(tuple(found)))
