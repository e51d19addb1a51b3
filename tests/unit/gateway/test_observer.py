import logging

import pytest

from bargate.gateway.metrics import Counters
from bargate.gateway.observer import REFUSED_LINES_PER_TICK, Observer
from bargate.gateway.recent import RecentCalls


def test_a_flood_of_refusals_is_a_few_lines(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    observer = Observer(RecentCalls(), None, Counters())
    for _ in range(1000):
        observer.request_refused("192.0.2.1", 400, "malformed")
    assert len(caplog.messages) == REFUSED_LINES_PER_TICK
    observer.tick()
    assert caplog.messages[-1] == "refused before they were calls: 990 more"
    observer.tick()
    assert len(caplog.messages) == REFUSED_LINES_PER_TICK + 1
    observer.request_refused("192.0.2.1", 400, "again")
    assert "again" in caplog.messages[-1]
