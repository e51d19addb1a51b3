"""What authorizers answered, remembered: for how long, by what, in how much memory."""

from __future__ import annotations

import gc
import json
import tracemalloc
from statistics import median
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authorizing import METHODS, answer, authorizer, rest_step, statement
from bargate.access import authorizer_cache
from bargate.access.authorizer_answer import Answer, AuthorizerAsk
from bargate.access.authorizer_cache import AuthorizerCache, Clocks, cache_key
from bargate.access.call import Call, Facts
from bargate.access.verdict import Denial, Need
from bargate.model.invocation import Returned
from building import call

VALUES = st.lists(st.none() | st.lists(st.binary(max_size=9), max_size=3), max_size=4)


@given(VALUES, VALUES)
def test_different_values_have_different_keys(one: Any, other: Any) -> None:
    assert (cache_key(one) == cache_key(other)) is (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([(b"ab",), (b"c",)], [(b"a",), (b"bc",)]),
        ([(b"a", b"b")], [(b"a",), (b"b",)]),
        ([(b"a, b",)], [(b"a", b"b")]),
        ([(b"",)], [None]),
        ([()], [None]),
        ([(b"a",), None], [None, (b"a",)]),
    ],
)
def test_values_do_not_run_into_each_other(one: Any, other: Any) -> None:
    assert cache_key(one) != cache_key(other)


class Time:
    wall = 1_000.0
    steady = 50.0

    def clocks(self) -> Clocks:
        return Clocks(lambda: self.wall, lambda: self.steady)

    def passes(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


def remembered(size_bytes: int = 100) -> Answer:
    return Answer(
        principal_id="ann",
        policy=None,
        is_authorized=True,
        context={},
        usage_identifier_key=None,
        size_bytes=size_bytes,
    )


def test_an_answer_lives_from_when_it_came_and_its_use_does_not_lengthen_that() -> None:
    time = Time()
    cache = AuthorizerCache(10, time.clocks())
    cache.remember(b"k", remembered())
    for _ in range(9):
        time.passes(1)
        found = cache.recall(b"k")
        assert found is not None
    assert found[1] == pytest.approx(9)
    time.passes(1)
    assert cache.recall(b"k") is None
    assert len(cache) == 0


@pytest.mark.parametrize("step_s", [-3600.0, -5.0, -0.1, 3600.0])
def test_a_clock_that_steps_never_lengthens_a_life(step_s: float) -> None:
    time = Time()
    cache = AuthorizerCache(10, time.clocks())
    cache.remember(b"k", remembered())
    time.passes(5)
    time.wall += step_s
    cache.recall(b"k")
    time.passes(5)
    assert cache.recall(b"k") is None


def test_a_machine_that_slept_has_an_older_answer() -> None:
    time = Time()
    cache = AuthorizerCache(10, time.clocks())
    cache.remember(b"k", remembered())
    time.wall += 11
    assert cache.recall(b"k") is None


def test_entries_and_bytes_are_bounded_and_the_least_used_goes_first(monkeypatch: Any) -> None:
    monkeypatch.setattr(authorizer_cache, "MAX_ENTRIES", 3)
    monkeypatch.setattr(authorizer_cache, "MAX_BYTES", 1_000)
    cache = AuthorizerCache(300)
    for key in (b"1", b"2", b"3"):
        cache.remember(key, remembered())
    assert cache.recall(b"1")
    cache.remember(b"4", remembered())
    assert cache.recall(b"2") is None
    assert cache.recall(b"1")
    cache.remember(b"5", remembered(900))
    assert len(cache) == 2
    cache.remember(b"6", remembered(1_001))
    assert cache.recall(b"6") is None
    assert cache.recall(b"5")


def filled(results: list[dict[str, Any]]) -> tuple[Any, list[Call]]:
    """A step that remembers one answer a token."""
    step = rest_step(authorizer())
    calls = [
        call(headers={"Authorization": f"token-{at}-" + "x" * 40}) for at in range(len(results))
    ]
    for made, result in zip(calls, results, strict=True):
        need = step(made, Facts({}))
        assert isinstance(need, Need)
        assert isinstance(need.source, AuthorizerAsk)
        payload = json.dumps(result).encode()
        assert not isinstance(need.source.read(Returned(payload=payload, version="1")), Denial)
    return step, calls


@pytest.mark.parametrize("is_shared", [True, False])
def test_a_thousand_tokens_cost_less_than_3_mb(is_shared: bool) -> None:
    context = {"tenant": "acme", "tier": 3, "admin": False}
    results = []
    for at in range(1_000):
        resource = f"{METHODS}/*" if is_shared else f"{METHODS}/*/users/{at}/*"
        results.append(answer(statement(resource), principalId=f"user-{at}", context=context))
    filled(results[:2])  # what is imported at the first use is no answer
    gc.collect()
    tracemalloc.start()
    kept = filled(results)
    kept[1].clear()
    gc.collect()
    size_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"1,000 tokens, policies {'shared' if is_shared else 'different'}: {size_bytes} bytes")
    assert size_bytes < 3_000_000


def test_what_is_counted_bounds_what_is_held() -> None:
    """The worst that 8 KB can be: many small statements, many small context values."""
    statements = [statement(f"arn:aws:s3:::{at}") for at in range(75)]
    context = {f"k{at}": at for at in range(90)}
    results = [
        answer(*statements, statement(f"arn:aws:s3:::x{at}"), context=context) for at in range(40)
    ]
    assert len(json.dumps(results[0])) < 8_192
    filled(results[:1])
    gc.collect()
    tracemalloc.start()
    step, calls = filled(results)
    facts = Facts({})
    assert not isinstance(step(calls[0], facts), Need)
    told = facts.authorizer_answer
    assert told is not None
    assert isinstance(told.answer, Answer)
    counted = told.answer.size_bytes * len(results)
    calls.clear()
    gc.collect()
    size_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"worst: {size_bytes} bytes held, {counted} counted")
    assert size_bytes < counted


def test_a_remembered_answer_decides_fast() -> None:
    step, calls = filled([answer(statement(f"{METHODS}/*"), context={"a": "b"})])
    times = []
    for _ in range(200):
        started = perf_counter()
        for _ in range(20):
            step(calls[0], Facts({}))
        times.append((perf_counter() - started) / 20)
    print(f"a cached decision: {median(times) * 1e6:.1f} µs")
    assert median(times) < 100e-6
