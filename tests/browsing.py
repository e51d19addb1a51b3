"""A real browser: Debian's Chromium without a screen, driven by Playwright.

with browser() as chromium, page_at(chromium, folder) as page:
    page.evaluate("document.title")
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

PROGRAMS = ("chromium-headless-shell", "chromium")
TIMEOUT_MS = 30_000


def executable() -> str:
    """Give the browser's program; where it is missing, skip, but fail in CI."""
    for name in PROGRAMS:
        found = shutil.which(name)
        if found is not None:
            return found
    text = f"no browser: apt-get install --no-install-recommends {PROGRAMS[0]}"
    if os.environ.get("CI") == "true":
        pytest.fail(text)
    pytest.skip(text)


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """Run a browser; without its sandbox, as root must (its pages are the test's own)."""
    program = executable()
    with sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield launched
        finally:
            launched.close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@contextlib.contextmanager
def page_at(chromium: Browser, folder: Path, path: str = "") -> Iterator[Page]:
    """Open a page of a folder's files in a context of its own, on http://localhost and any port."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        context = chromium.new_context()
        context.set_default_timeout(TIMEOUT_MS)
        page = context.new_page()
        try:
            page.goto(f"http://localhost:{server.server_port}/{path}")
            yield page
        finally:
            context.close()
            server.shutdown()
            thread.join()
