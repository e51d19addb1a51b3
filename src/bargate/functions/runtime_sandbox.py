"""One walled-in process tree: started, watched, measured, and ended as a whole.

keeper ─► [init ─►] the runtime ─► whatever it forks
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable  # noqa: TC003
from pathlib import Path

import msgspec

from bargate.functions import process_tree
from bargate.functions.peer import Peer  # noqa: TC001
from bargate.functions.run_as import User, Way, chosen_way, take_user
from bargate.functions.runtime_command import command_of, environment_of, plan_of
from bargate.functions.runtime_spec import RuntimeSpec  # noqa: TC001

_END_PATIENCE_S = 5.0


class Sandbox:
    """The processes of one function, from `spawn` to `end`. `exited` is done at their own end."""

    def __init__(self, way: Way | None = None) -> None:
        self._way = way or chosen_way()
        self._user: User | None = None if self._way is Way.PLAIN else take_user()
        self._temporary = ""
        self._keeper: subprocess.Popen[bytes] | None = None
        self._mark = b""
        self.exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def spawn(self, spec: RuntimeSpec, port: int, output: int) -> None:
        """Start the process; both its outputs go to the descriptor `output`.

        Must run on the main thread: the death of the thread that starts it is the process's, too.
        """
        if not Path(spec.code_folder).is_dir():
            raise NotADirectoryError(f"the code folder {spec.code_folder} is not there")
        uid = self._user.uid if self._user else None
        api = f"127.0.0.1:{port}"
        self._mark = f"AWS_LAMBDA_RUNTIME_API={api}".encode()
        self._temporary = self._make_temporary(uid)
        plan = plan_of(spec, self._way, uid)
        plan["environment"] = environment_of(spec, api, self._temporary)
        given = os.memfd_create("plan")
        try:
            os.write(given, msgspec.json.encode(plan))
            os.lseek(given, 0, os.SEEK_SET)
            self._keeper = self._start(given, output)
        finally:
            os.close(given)
        self._watch(self._keeper.pid)

    def _start(self, given: int, output: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603  our own bootstrap
            command_of(),
            stdin=given,
            stdout=output,
            stderr=output,
            cwd="/",
            env={"LANG": "C.UTF-8"},
            start_new_session=True,
        )

    def _make_temporary(self, uid: int | None) -> str:
        if self._way is Way.OWN_ROOT:
            return "/tmp"  # noqa: S108  in a root of its own
        folder = tempfile.mkdtemp(prefix="bargate-function-")
        if uid is not None:
            os.chown(folder, uid, uid)
        return folder

    def _watch(self, pid: int) -> None:
        ending = os.pidfd_open(pid)
        loop = asyncio.get_running_loop()

        def gone() -> None:
            loop.remove_reader(ending)
            os.close(ending)
            assert self._keeper is not None  # noqa: S101
            self.exited.set_result(self._keeper.wait())

        loop.add_reader(ending, gone)

    def owns(self, peer: Peer) -> bool:
        """Tell whether a socket is one of this function's."""
        uid = self._user.uid if self._user else os.geteuid()
        return peer.uid == uid and process_tree.holds_socket(self._members(), peer.inode)

    def memory_bytes(self, enough: int) -> int:
        """Measure what the function's processes hold in memory."""
        return process_tree.resident_bytes(self._members(), enough)

    def _members(self) -> list[int]:
        """List the function's processes, without those of ours that keep them."""
        if self._keeper is None:
            return []
        below = process_tree.below(self._keeper.pid)
        return below[1:] if self._way is Way.OWN_ROOT else below

    async def end(self) -> None:
        """Kill everything of the function, wait until it is gone, and remove what it had."""
        if self._keeper is not None:
            await self._end_processes(self._keeper.pid)
        if self._temporary and self._way is not Way.OWN_ROOT:
            await asyncio.to_thread(shutil.rmtree, self._temporary, ignore_errors=True)
        if self._user is not None:
            self._user.release()

    async def _end_processes(self, keeper: int) -> None:
        if self._way is Way.OWN_ROOT:
            for init in process_tree.below(keeper)[:1]:
                process_tree.kill(init)  # takes its namespace along; the keeper waits for that
        else:
            await asyncio.to_thread(process_tree.end_all, self._living(keeper))
        with contextlib.suppress(TimeoutError):
            if process_tree.below(keeper):
                await asyncio.wait_for(asyncio.shield(self.exited), _END_PATIENCE_S)
        if not self.exited.done():
            process_tree.kill(keeper)
            await asyncio.shield(self.exited)

    def _living(self, keeper: int) -> Callable[[], list[int]]:
        uid, mark = (self._user.uid if self._user else None), self._mark
        if uid is not None:
            return lambda: list(process_tree.of_user(uid))
        return lambda: [
            pid
            for pid in {*process_tree.below(keeper), *process_tree.marked(mark)}
            if pid != keeper
        ]
