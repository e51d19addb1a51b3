from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.control.installation import Running, installation


@pytest.fixture(scope="module")
def bargate(tmp_path_factory: pytest.TempPathFactory, run_dir: Path) -> Iterator[Running]:
    """An installation with a store, for the tests of one module."""
    folder = tmp_path_factory.mktemp("installation") / "data"
    with installation(folder=folder, run_dir=run_dir) as running:
        yield running
