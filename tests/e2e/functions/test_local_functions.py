"""Functions of the operator, run by a real host and invoked as workers invoke them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from e2e.functions.hosting import function, hosting

from bargate.model.invocation import Errored, Refused, Returned

ECHO = """
def handler(event, context):
    return {"saw": event, "arn": context.invoked_function_arn}
"""


def test_a_function_of_a_folder_is_invoked_and_kept_warm(tmp_path: Path) -> None:
    async def run() -> None:
        source = "import os\ndef handler(event, context):\n    return os.getpid()\n"
        async with hosting(function("pid", tmp_path / "f", source)) as host:
            first, second = await host.invoke("pid"), await host.invoke("pid")
            assert isinstance(first, Returned), first
            assert first == first and isinstance(second, Returned)
            assert first.payload == second.payload
            assert first.version == "$LATEST"

    asyncio.run(run())
