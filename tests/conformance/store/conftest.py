from __future__ import annotations

from collections.abc import Iterator

import pytest

from bargate.store.sqlite import SqliteStore
from conformance.store.kinds import FORMS, a_store


@pytest.fixture(params=FORMS)
def store(request: pytest.FixtureRequest) -> Iterator[SqliteStore]:
    with a_store(request.param) as opened:
        yield opened
