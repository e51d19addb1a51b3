from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.process import free_port
from e2e.control.installation import installation
from e2e.domains.place import Place
from objects import authority
from serving import Backend


@pytest.fixture(scope="module")
def place(
    tmp_path_factory: pytest.TempPathFactory, run_dir: Path, origin: Backend
) -> Iterator[Place]:
    """An installation that serves custom domain names, with two workers."""
    folder = tmp_path_factory.mktemp("domains")
    s3, port = folder / "s3", free_port()
    s3.mkdir()
    tls = ("--tls-listen", f"127.0.0.1:{port}", "--s3", str(s3), "--workers", "2")
    with installation(*tls, folder=folder / "data", run_dir=run_dir) as running:
        place = Place(running, port, folder, origin, authority("Servers"), authority("Clients"))
        place.ca_file.write_bytes(place.servers.pem)
        yield place
