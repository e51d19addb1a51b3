"""A functions host as a real process, asked as workers ask it.

async with hosting(function(folder, "main.handler")) as host:
    outcome = await host.invoke("main", b"{}")
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from bargate.functions.client import FunctionsClient
from bargate.gateway.host_process import HostProcess
from bargate.local_functions import LocalFunction, function_of, parsed
from bargate.model.function import Function
from bargate.model.invocation import ByService, Invocation, Invoker, Outcome
from bargate.settings import HostSettings
from bargate.snapshot.parts import Part, State, Update, part_name

ACCOUNT, REGION = "123456789012", "us-east-1"
BY_API = ByService(
    source_arn=f"arn:aws:execute-api:{REGION}:{ACCOUNT}:a1b2c3/prod/GET/pets",
    source_account=ACCOUNT,
)


def function(name: str, folder: Path, source: str, **changes: object) -> Function:
    """Write a Python function whose handler is `main.handler`, and give it."""
    folder.mkdir(exist_ok=True)
    (folder / "main.py").write_text(source)
    local = parsed(f"{name}={folder}:main.handler")
    return function_of(with_changes(local, **changes), ACCOUNT, REGION, "aws")


def with_changes(local: LocalFunction, **changes: object) -> LocalFunction:
    import msgspec

    return msgspec.structs.replace(local, **changes)  # type: ignore[arg-type]


class Hosted:
    """A host that was started; `client` asks it."""

    def __init__(self, process: HostProcess) -> None:
        self.process = process
        self.client = FunctionsClient(process.place)
        self._state: State = {}

    @property
    def pid(self) -> int:
        assert self.process._process is not None
        return self.process._process.pid

    async def know(self, *parts: Part, gone: tuple[str, ...] = ()) -> None:
        """Let the host know parts, as the supervisor does."""
        update = Update(version=1, put={part_name(part): part for part in parts}, gone=gone)
        self._state = {**self._state, **update.put}  # type: ignore[dict-item]
        for name in gone:
            self._state.pop(name, None)
        await self.process.follow((update,), lambda: self._state)

    async def invoke(  # noqa: PLR0913  what an invocation may say
        self,
        name: str,
        payload: bytes = b"{}",
        *,
        invoker: Invoker = BY_API,
        timeout_s: float = 20.0,
        qualifier: str = "",
        revision_id: str | None = None,
        is_event: bool = False,
    ) -> Outcome:
        """Invoke a function as an API of its account."""
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}{qualifier}"
        return await self.client(
            Invocation(
                function=arn,
                payload=payload,
                invoker=invoker,
                timeout_s=timeout_s,
                revision_id=revision_id,
                is_event=is_event,
            )
        )


@contextlib.asynccontextmanager
async def hosting(*parts: Part, processes: int = 4) -> AsyncIterator[Hosted]:
    """Run a host that knows parts until the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o711)  # noqa: PTH101  a moment
        process = HostProcess(HostSettings(folder=folder, processes=processes))
        hosted = Hosted(process)
        try:
            await hosted.know(*parts)
            yield hosted
        finally:
            await hosted.client.close()
            await process.stop(1.0)
