"""Workers, the supervisor's ledger and the store in one process, on a clock that tests set."""

from __future__ import annotations

from datetime import UTC, date, datetime

from msgspec.structs import replace

from bargate.control.quota_book import book
from bargate.gateway.channel import AskQuotas
from bargate.ledger.buckets import Buckets
from bargate.ledger.counters import Bucket, Counted, Lacking, Limit, Quota, Taken, Use
from bargate.ledger.leases import Leases, WithoutLedger
from bargate.ledger.messages import QuotaLease
from bargate.ledger.pool import QuotaPool
from bargate.model.quota import Allowance
from bargate.records.usage_plan import USAGE_PLAN, UsagePlan
from bargate.records.usage_plan import Quota as StoredQuota
from bargate.records.usage_plan_key import USAGE_PLAN_KEY, UsagePlanKey
from bargate.records.usage_record import USAGE_RECORD
from bargate.store.sqlite import SqliteStore

PLACE = ("123456789012", "us-east-1")
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC).timestamp()


class Ledger:
    """Everything; `instant` is the monotonic clock, `wall` the other one."""

    def __init__(self, workers: int, without: WithoutLedger = "refuse") -> None:
        self.instant = 1_000.0
        self.wall = NOON
        self.store = SqliteStore()
        self.buckets = Buckets()
        self.pool = QuotaPool()
        self.without = without
        self.is_hung = False
        self.has_control = True
        self.workers = [self._new() for _ in range(workers)]

    def _new(self) -> Leases:
        return Leases(lambda: self.instant, lambda: None, self.without)

    # what is configured

    def plan(
        self,
        limit: int,
        period: str = "DAY",
        offset: int = 0,
        first_day: date = date(2026, 1, 1),
        *keys: str,
    ) -> list[Quota]:
        created = datetime.combine(first_day, datetime.min.time(), UTC)

        def work(tx):
            record = UsagePlan(
                account_id=PLACE[0],
                region=PLACE[1],
                id="plan",
                name="p",
                quota=StoredQuota(limit=limit, offset=offset, period=period),
                created_date=created,
            )
            if tx.find(USAGE_PLAN, (*PLACE, "plan")):
                tx.update(USAGE_PLAN, (*PLACE, "plan"), lambda _: record)
            else:
                tx.create(USAGE_PLAN, record)
            for key in keys or ("key",):
                if not tx.find(USAGE_PLAN_KEY, (*PLACE, "plan", key)):
                    tx.create(
                        USAGE_PLAN_KEY,
                        UsagePlanKey(
                            account_id=PLACE[0],
                            region=PLACE[1],
                            usage_plan_id="plan",
                            key_id=key,
                            created_date=created,
                        ),
                    )

        self.store.write(work)
        allowance = Allowance(limit=limit, offset=offset, period=period, first_day=first_day)
        return [Quota(*PLACE, "plan", key, allowance) for key in keys or ("key",)]

    def used(self, key: str = "key") -> dict[str, int]:
        records = self.store.read(lambda tx: tx.list(USAGE_RECORD, (*PLACE, "plan", key)))
        return {each.date: each.used for each in records}

    def grant(self, key: str, count: int) -> None:
        """Let UpdateUsage have granted some more today."""
        today = datetime.fromtimestamp(self.wall, UTC).date().isoformat()
        self.store.write(
            lambda tx: tx.update(
                USAGE_RECORD,
                (*PLACE, "plan", key, today),
                lambda found: replace(found, granted=found.granted + count),
            )
        )

    def forget(self) -> None:
        self.pool.forget(())
        for leases in self.workers:
            leases.forget(())

    # what happens

    def call(self, worker: int, *limits: Limit) -> Counted:
        """Take, asking for what is lacking as a driver does."""
        leases = self.workers[worker]
        counted = leases.take(limits, self.wall)
        for _ in range(4):
            if not isinstance(counted, Lacking) or self.is_hung:
                return counted
            leases.expect(limits, self.wall, is_quota=False)
            leases.expect(limits, self.wall, is_quota=True)
            self.ask(worker)
            counted = leases.take(limits, self.wall)
        return counted

    def ask(self, worker: int) -> None:
        leases = self.workers[worker]
        asks = leases.ask_buckets()
        if asks:
            leases.leased_buckets(self.buckets.ask(worker, asks, self.instant))
        message = AskQuotas(*leases.ask_quotas())
        if message.asks or message.returns or message.uses:
            leases.leased_quotas(self._quotas(message))

    def _quotas(self, message: AskQuotas) -> list[QuotaLease]:
        self.pool.put_back(message.returns)
        self.pool.note(message.uses)
        leases = [self.pool.grant(ask, self.wall, self.instant) for ask in message.asks]
        for ask, lease in zip(message.asks, leases, strict=True):
            if lease is None:
                self.pool.want(ask, self.instant)
        self.settle()
        return [
            lease or self.pool.grant(ask, self.wall, self.instant) or QuotaLease(0, failure="away")
            for ask, lease in zip(message.asks, leases, strict=True)
        ]

    def settle(self, *, is_answer_lost: bool = False) -> None:
        """Let the store's process answer what the pool asks, or end just before it says so."""
        if not self.has_control:
            return
        message = AskQuotas(*self.pool.ask())
        now = datetime.fromtimestamp(self.wall, UTC)
        if message.asks or message.returns or message.uses:
            leases = self.store.write(lambda tx: book(tx, message, now))
            if is_answer_lost:
                self.pool.lost()
            else:
                self.pool.leased(leases, self.instant)

    def tick(self, seconds: float = 0.25) -> None:
        """Let time pass, and every worker and the ledger tidy up."""
        self.instant += seconds
        self.wall += seconds
        for number, leases in enumerate(self.workers):
            leases.tick()
            self.ask(number)
        self.buckets.sweep(self.instant)
        self.pool.sweep(self.instant)
        self.settle()

    def kill(self, worker: int) -> None:
        self.buckets.worker_gone(worker, self.instant)
        self.workers[worker] = self._new()

    def die(self) -> None:
        """End everything but the store, and start it anew."""
        self.buckets, self.pool, self.has_control = Buckets(), QuotaPool(), True
        self.workers = [self._new() for _ in self.workers]


def passes(counted: Counted) -> bool:
    return isinstance(counted, Taken)


__all__ = ["NOON", "Bucket", "Ledger", "Quota", "Use", "passes"]
