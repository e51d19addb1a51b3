from __future__ import annotations

import pytest

from unit.services.apigateway.building_rest import Api


@pytest.fixture
def api() -> Api:
    return Api()
