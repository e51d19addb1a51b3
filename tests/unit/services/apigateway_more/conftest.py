from __future__ import annotations

import pytest

from bargate.services.apigateway import SERVICE
from calling import Calling


@pytest.fixture
def api() -> Calling:
    return Calling(SERVICE)
