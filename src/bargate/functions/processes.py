"""How a process of a function comes to be: its code, its credentials, its variables, its log.

Found ──► Key ──► Pool ──► warm | code folder + credentials ──► RuntimeProcess
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from datetime import UTC, datetime
from pathlib import Path
from time import time
from typing import TYPE_CHECKING

from bargate.functions.code_folders import CodeFolders
from bargate.functions.credentials import environment_of
from bargate.functions.held import Held, Key
from bargate.functions.logs import FunctionLogs
from bargate.functions.pool import Pool
from bargate.functions.runtime_process import RuntimeProcess
from bargate.functions.runtime_spec import RuntimeSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.functions.registry import Found, Registry
    from bargate.settings import HostSettings

_log = logging.getLogger("bargate.functions")


class Processes:
    """Processes of the functions that `registry` knows."""

    def __init__(self, registry: Registry, settings: HostSettings) -> None:
        self._registry = registry
        self._settings = settings
        self._clock = asyncio.get_running_loop().time
        self._folders = CodeFolders(Path(settings.folder) / "code", self._clock)
        self._pool = Pool(
            settings.processes,
            self._is_current,
            self._clock,
            is_shared=lambda: len(registry.functions) > 1,
        )
        self._logs = _logs(settings)
        self.give_back = self._pool.give_back

    def take_warm(self, found: Found) -> Held | None:
        """Give a process that waits for an event, if there is one; whoever takes it gives it back."""
        return self._pool.take_warm(self._key(found))

    async def take(self, found: Found) -> Held:
        """Give a process for one invocation; whoever takes one gives it back.

        Raises PoolFull, RoleUnusable and StartFailed.
        """
        key = self._key(found)
        return await self._pool.take(key, lambda: self._start(key, found))

    async def sweep(self) -> None:
        """End what should not run any more, and remove code that nothing runs."""
        self._pool.sweep()
        await self._folders.keep(self._registry.digests() | self._pool.digests())

    def announce(self) -> None:
        """Let logs be found of functions that have written nothing yet."""
        if self._logs is not None:
            self._logs.announce(each.name for each in self._registry.functions.values())

    async def close(self, *, forget: bool) -> None:
        """End all processes; with `forget`, their logs end with the installation."""
        await self._pool.close()
        await self._folders.close()
        if self._logs is not None:
            self._logs.close(remove=forget)

    def _key(self, found: Found) -> Key:
        version = found.version
        generation = self._folders.generation(version.code)
        digest = self._folders.digest(version.code)
        return Key(found.function.arn, version.version, version.revision_id, generation, digest)

    def _is_current(self, key: Key) -> bool:
        version = self._registry.current(key.function_arn, key.version)
        return (
            version is not None
            and version.revision_id == key.revision_id
            and self._folders.generation(version.code) == key.generation
        )

    async def _start(self, key: Key, found: Found) -> Held:
        registry, name = self._registry, found.function.name
        credentials = environment_of(
            found, registry.roles, registry.sealer, self._settings.endpoint_url, time()
        )
        version = found.version
        spec = RuntimeSpec(
            function_name=name,
            version=version.version,
            runtime=version.runtime,
            handler=version.handler,
            code_folder=await self._folders.folder(version.code),
            environment=credentials.environment,
            memory_mb=version.memory_mb,
            timeout_s=version.timeout_s,
            region=found.function.region,
            log_group=f"/aws/lambda/{name}",
            log_stream=_log_stream(version.version),
        )
        process = await RuntimeProcess.start(spec, self._sink(name))
        after_s = credentials.rotate_after_s
        rotate_at = None if after_s is None else self._clock() + after_s
        return Held(key, process, rotate_at)

    def _sink(self, name: str) -> Callable[[bytes], None]:
        logs = self._logs
        if logs is not None:
            return lambda line: logs.write(name, line)
        return lambda line: _log.info("%s: %s", name, line.decode("utf-8", "backslashreplace"))


def _logs(settings: HostSettings) -> FunctionLogs | None:
    """Open the folder of logs; functions run without it too, and write to the host's log."""
    if settings.logs is not None:
        folder = Path(settings.logs)
        try:
            folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return FunctionLogs(folder, lambda: datetime.now(UTC))
        except OSError as error:
            _log.warning("`bargate logs` will not find what functions write: %s", error)
    return None


def _log_stream(version: str) -> str:
    """AWS [O]: DATE/[VERSION]RANDOM."""
    return f"{datetime.now(UTC):%Y/%m/%d}/[{version}]{secrets.token_hex(16)}"
