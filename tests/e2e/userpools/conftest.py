"""Installations of these tests: one a module, or one that modules share.

A module whose tests keep to pools of their own says `SHARES_INSTALLATION = True`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.control.installation import Running, installation


@pytest.fixture(scope="session")
def shared_run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    folder.chmod(0o700)
    return folder


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, shared_run_dir: Path) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("installation") / "data"
    with installation(folder=folder, run_dir=shared_run_dir) as running:
        yield running


@pytest.fixture(scope="module")
def run_dir(request: pytest.FixtureRequest, run_dir: Path) -> Path:
    """Give the folder of local sockets, which the installation of the module is found by."""
    return request.getfixturevalue("shared_run_dir") if _shares(request) else run_dir


@pytest.fixture(scope="module")
def bargate(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, run_dir: Path
) -> Iterator[Running]:
    """An installation with a store, for the tests of one module, or of those that share it."""
    if _shares(request):
        yield request.getfixturevalue("shared")
        return
    folder = tmp_path_factory.mktemp("installation") / "data"
    with installation(folder=folder, run_dir=run_dir) as running:
        yield running


def _shares(request: pytest.FixtureRequest) -> bool:
    return bool(getattr(request.module, "SHARES_INSTALLATION", False))
