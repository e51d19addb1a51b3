"""How a process of a function comes to be: its code, its credentials, its variables, its log.

Found ──► Key ──► Pool ──► warm | code folder + credentials ──► RuntimeProcess
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from time import time
from typing import TYPE_CHECKING

from bargate.functions.credentials import environment_of
from bargate.functions.packages import BadPackage, Packages
from bargate.functions.pool import Held, Key, Pool
from bargate.functions.runtime_process import RuntimeProcess
from bargate.functions.runtime_spec import RuntimeSpec, StartFailed, failure
from bargate.model.function import DirectoryCode, ZipCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.functions.registry import Found, Registry
    from bargate.settings import HostSettings

_CODE = "code"  # of the host's folder
_log = logging.getLogger("bargate.functions")


class Processes:
    """Processes of the functions that `registry` knows."""

    def __init__(self, registry: Registry, settings: HostSettings) -> None:
        self._registry = registry
        self._settings = settings
        self._clock = asyncio.get_running_loop().time
        self._pool = Pool(settings.processes, self._is_current, self._clock)
        self.give_back = self._pool.give_back
        self.sweep = self._pool.sweep
        self._packages = Packages(Path(settings.folder) / _CODE)

    async def close(self) -> None:
        """End all processes, and remove the code that was unpacked for them."""
        await self._pool.close()
        await self._packages.close()

    async def take(self, found: Found) -> Held:
        """Give a process for one invocation; whoever takes one gives it back.

        Raises PoolFull, RoleUnusable and StartFailed.
        """
        key = self._key(found)
        return await self._pool.take(key, lambda: self._start(key, found))

    def _key(self, found: Found) -> Key:
        version = found.version
        return Key(found.function.arn, version.version, version.revision_id)

    def _is_current(self, key: Key) -> bool:
        revision = self._registry.current_revision(key.function_arn, key.version)
        return revision == key.revision_id

    async def _start(self, key: Key, found: Found) -> Held:
        registry = self._registry
        credentials = environment_of(
            found, registry.roles, registry.sealer, self._settings.endpoint_url, time()
        )
        spec = RuntimeSpec(
            function_name=found.function.name,
            version=found.version.version,
            runtime=found.version.runtime,
            handler=found.version.handler,
            code_folder=await self._code_folder(found),
            environment=credentials.environment,
            memory_mb=found.version.memory_mb,
            timeout_s=found.version.timeout_s,
            region=found.function.region,
        )
        process = await RuntimeProcess.start(spec, self._log(found))
        after_s = credentials.rotate_after_s
        rotate_at = None if after_s is None else self._clock() + after_s
        return Held(key, process, rotate_at)

    async def _code_folder(self, found: Found) -> str:
        code = found.version.code
        if isinstance(code, DirectoryCode):
            return code.path
        if isinstance(code, ZipCode):
            try:
                return str(await self._packages.unpacked(code))
            except (BadPackage, OSError) as error:
                text = f"the code of {found.arn} cannot be unpacked: {error}"
                raise StartFailed(failure("InvalidZipFileException", text)) from error
        raise StartFailed(failure("InvalidCode", f"{found.arn} has no folder to run in"))

    def _log(self, found: Found) -> Callable[[bytes], None]:
        name = found.function.name
        return lambda line: _log.info("%s: %s", name, line.decode("utf-8", "replace"))
