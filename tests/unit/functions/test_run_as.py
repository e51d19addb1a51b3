import sys
from collections.abc import Iterator

import pytest

from bargate.functions import run_as
from bargate.functions.run_as import NoUser, Way, chosen_way


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    chosen_way.cache_clear()
    yield
    chosen_way.cache_clear()


def _as_root(monkeypatch: pytest.MonkeyPatch, *, mounts: bool, reads: bool) -> None:
    monkeypatch.setattr(run_as.os, "geteuid", lambda: 0)
    monkeypatch.setattr(run_as, "_may_mount", lambda: mounts)
    monkeypatch.setattr(run_as, "_all_can_read", lambda _: reads)


def test_root_walls_functions_in_as_far_as_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    _as_root(monkeypatch, mounts=True, reads=False)
    assert chosen_way() is Way.OWN_ROOT
    chosen_way.cache_clear()
    _as_root(monkeypatch, mounts=False, reads=True)
    assert chosen_way() is Way.OWN_USER


def test_no_function_ever_runs_as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    _as_root(monkeypatch, mounts=False, reads=False)
    with pytest.raises(NoUser, match="do not run as root") as refused:
        chosen_way()
    assert sys.executable in str(refused.value)


def test_without_root_they_share_the_operators_user(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(run_as.os, "geteuid", lambda: 1000)
    assert chosen_way() is Way.PLAIN
    assert "can read what it can" in caplog.text
