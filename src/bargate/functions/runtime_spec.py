"""What a function's process is told at its start, and with each event; which runtimes there are.

`python3.x` runs on the interpreter that runs Bargate, whatever its minor version is (the log says
so once a process when it is another), with the real runtime client `awslambdaric`. `nodejsN.x` runs
on the `node` of this machine likewise, with `runtimes/node.mjs`.
"""

from __future__ import annotations

import re
import shutil
import sys

import msgspec
from msgspec import Struct

from bargate.secret import Secret  # noqa: TC001  msgspec looks it up

_PYTHON = re.compile(r"python(3\.[0-9]{1,2})")
_NODE = re.compile(r"nodejs([0-9]{1,2})\.x")


class RuntimeSpec(Struct, frozen=True, kw_only=True):
    """One version of a function, ready to be run.

    `code_folder` becomes LAMBDA_TASK_ROOT and the working directory; a function with a user of its
    own can read there what others may read. `environment` holds the function's own variables and
    its role's credentials; what Lambda reserves is put over it. An empty `region` leaves AWS_REGION
    to `environment`.
    """

    function_name: str
    version: str
    runtime: str
    handler: str
    code_folder: str
    environment: dict[str, Secret] = {}
    memory_mb: int = 128
    timeout_s: int = 3
    region: str = ""
    log_group: str = ""
    log_stream: str = ""


class Event(Struct, frozen=True, kw_only=True):
    """One invocation: `deadline_ms` is in epoch time, `function_arn` the ARN that was invoked.

    `client_context` is JSON in one line of ASCII, empty without one.
    """

    request_id: str
    payload: bytes
    function_arn: str
    deadline_ms: int
    trace_id: str = ""
    client_context: str = ""
    wants_log: bool = False


class StartFailed(Exception):
    """A runtime did not come up: `payload` is AWS's JSON `{"errorType", "errorMessage", …}`."""

    def __init__(self, payload: bytes) -> None:
        super().__init__(payload.decode("utf-8", "replace")[:1000])
        self.payload = payload


class UnknownRuntime(ValueError):
    """A runtime is not on this machine; the text says which are."""


def failure(kind: str, message: str) -> bytes:
    """Write an error as Lambda does."""
    return msgspec.json.encode({"errorType": kind, "errorMessage": message})


def own_python() -> str:
    """Name the Python version that functions run on, as `3.12`."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def check_runtime(runtime: str) -> None:
    """Refuse a runtime that this machine cannot run; raises UnknownRuntime."""
    if _PYTHON.fullmatch(runtime):
        return
    there = ["python3.x"]
    if shutil.which("node"):
        if _NODE.fullmatch(runtime):
            return
        there.append("nodejsN.x")
    elif _NODE.fullmatch(runtime):
        raise UnknownRuntime(f"runtime {runtime!r} needs `node` on the PATH; there is: python3.x")
    raise UnknownRuntime(f"no runtime {runtime!r} here; there are: {', '.join(there)}")


def is_python(runtime: str) -> bool:
    """Tell whether it is a Python function."""
    return _PYTHON.fullmatch(runtime) is not None


def version_warning(runtime: str) -> str | None:
    """Say that a Python function runs on another minor version than it asks for."""
    asked = _PYTHON.fullmatch(runtime)
    if asked is None or asked[1] == own_python():
        return None
    return f"the function asks for {runtime} and runs on python{own_python()}, which is installed"
