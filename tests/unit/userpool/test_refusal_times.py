"""Refusals take as long as the slowest imported hash did lately, and never long."""

from bargate.userpool.refusal_times import MAX_S, RefusalTimes


def test_the_slowest_counts_and_is_forgotten_slowly() -> None:
    times = RefusalTimes()
    assert times.of("a") == 0.0
    times.note("a", 0.4)
    times.note("a", 0.1)
    assert 0.38 < times.of("a") < 0.4
    for _ in range(200):
        times.note("a", 0.1)
    assert times.of("a") == 0.1
    assert times.of("b") == 0.0


def test_nobody_waits_for_long_and_memory_is_bounded() -> None:
    times = RefusalTimes(max_pools=2)
    times.note("a", 60.0)
    assert times.of("a") == MAX_S
    times.note("b", 0.1)
    times.note("a", 0.1)
    times.note("c", 0.1)
    assert times.of("b") == 0.0
    assert times.of("a") > 1.0
