from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from serving import Backend, backend


@pytest.fixture(scope="module")
def origin() -> Iterator[Backend]:
    """A backend for the tests of one module."""
    with backend() as running:
        yield running


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private folder for local sockets (the test's own may be too long a path for a socket)."""
    folder = tmp_path_factory.mktemp("run")
    folder.chmod(0o700)
    return folder
