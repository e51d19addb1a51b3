from collections.abc import Iterator
from typing import Any

import pytest
from tests.endpoint import Endpoint

from unit.services.lambda_.making import with_role


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as running:
        yield running


@pytest.fixture
def functions(endpoint: Endpoint) -> Any:
    """Give the root user's client; the role that functions work as is there."""
    return with_role(endpoint)
