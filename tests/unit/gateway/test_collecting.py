from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from bargate.gateway.collecting import FULL_EVERY_S, QUICK_S, Collector


class _Cycle:
    def __init__(self) -> None:
        self.itself = self


class _Clock:
    """Time passes only while the collector looks at everything, and when it is told to."""

    def __init__(self, full_s: float) -> None:
        self.now_s = 1000.0
        self.full_s = full_s

    def __call__(self) -> float:
        self.now_s += self.full_s
        return self.now_s


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def frozen(collector: Collector) -> weakref.ref[_Cycle]:
    cycle = _Cycle()
    collector.settle()
    gone = weakref.ref(cycle)
    del cycle
    gc.collect()
    assert gone() is not None  # frozen: the collector does not look at it
    return gone


def test_what_is_replaced_is_freed_at_an_update_where_little_is_held() -> None:
    collector = Collector(_Clock(QUICK_S / 4))
    gone = frozen(collector)
    collector.settle()
    assert gone() is None


def test_where_much_is_held_all_is_looked_at_seldom() -> None:
    clock = _Clock(QUICK_S * 4)
    collector = Collector(clock)
    gone = frozen(collector)
    collector.settle()
    assert gone() is not None
    clock.now_s += FULL_EVERY_S
    collector.settle()
    assert gone() is None


def test_young_garbage_is_never_frozen() -> None:
    collector = Collector(_Clock(QUICK_S * 4))
    collector.settle()
    young = weakref.ref(_Cycle())
    collector.settle()
    assert young() is None
