import pytest

from bargate.wire import pattern
from bargate.wire.pattern import Pattern


@pytest.mark.parametrize("source", [r"[\w+]+", r"[\S]+", r"[A-Za-z0-9-_=.]+", r"[\w-]{1,60000}"])
def test_a_text_is_not_refused_because_a_machine_is_busy(source, monkeypatch):
    monkeypatch.setattr(pattern, "TIMEOUT_S", 1e-9)
    assert Pattern(source).matches("a" * 50_000)


@pytest.mark.parametrize("source", [r"([a-z]+)+$", r"[a-z]+[a-z]+[a-z]+!", r"[a[b]]+", r"(a|a)*b"])
def test_what_may_take_long_has_its_limit(source, monkeypatch):
    monkeypatch.setattr(pattern, "TIMEOUT_S", 1e-9)
    assert Pattern(source)._timeout_s == 1e-9


def test_a_pattern_that_runs_away_is_stopped_and_does_not_match():
    assert not Pattern(r"(a|aa)+b").matches("a" * 200)
