"""A key set that lies at no host is a failed fetch (401), not a bug (500)."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from bargate.access.key_directory import KeySource
from bargate.gateway.fetch import fetch
from bargate.gateway.key_directory import HttpKeyDirectory

HOSTS = ["a..b", "a" * 70 + ".example", "x.."]


@pytest.mark.parametrize("host", HOSTS)
def test_an_issuer_at_no_host(host: str) -> None:
    source = KeySource(f"http://{host}")
    directory = HttpKeyDirectory(fetch)
    asyncio.run(directory.fetch(source))
    assert "failed" in directory.describe(source)
    assert not directory.may_fetch(source, time.time())


@pytest.mark.parametrize("host", HOSTS)
def test_discovery_that_names_no_host(host: str) -> None:
    document = json.dumps({"issuer": "http://127.0.0.1", "jwks_uri": f"http://{host}/k"}).encode()

    async def fetch_discovery(url: str, *, timeout_s: float, max_bytes: int) -> bytes:
        if url.endswith("openid-configuration"):
            return document
        return await fetch(url, timeout_s=timeout_s, max_bytes=max_bytes)

    source = KeySource("http://127.0.0.1")
    directory = HttpKeyDirectory(fetch_discovery)
    asyncio.run(directory.fetch(source))
    assert "failed" in directory.describe(source)
