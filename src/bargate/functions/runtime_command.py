"""What a function's process is started with: command, plan for the bootstrap, environment.

INVARIANT: the environment holds the function's own variables and Lambda's, none of the host's.
"""

from __future__ import annotations

import compileall
import importlib.util
import os
import shutil
import sys
from functools import cache
from pathlib import Path
from typing import Any

from bargate.functions import runtimes
from bargate.functions.run_as import Way
from bargate.functions.runtime_spec import RuntimeSpec, is_python

_RUNTIMES = Path(runtimes.__file__).parent
_MIB = 1024 * 1024
_TEMPORARY_BYTES = 512 * _MIB  # AWS [D] Lambda quotas: /tmp
_PROCESSES = 256
_SHARED_PROCESSES = 4096  # all of the operator's count
_HEADROOM_MB = 2048
_MIN_HEAP_MB = 64


def command_of() -> list[str]:
    """Give the command of the bootstrap: isolated from variables and site, writing no bytecode."""
    bootstrap = str(_RUNTIMES / "bootstrap.py")
    return [sys.executable, "-I", "-S", "-B", bootstrap]


def plan_of(spec: RuntimeSpec, way: Way, uid: int | None) -> dict[str, Any]:
    """Say how the bootstrap walls the process in and what it then runs."""
    python = is_python(spec.runtime)
    return {
        "host_pid": os.getpid(),
        "uid": uid,
        "own_root": way is Way.OWN_ROOT,
        "visible": _visible(),
        "code_folder": os.path.realpath(spec.code_folder),
        "temporary_bytes": _TEMPORARY_BYTES,
        "limits": _limits(spec, python=python, shared=uid is None),
        "command": _python_command() if python else _node_command(spec),
    }


def environment_of(spec: RuntimeSpec, api: str, temporary: str) -> dict[str, str]:
    """Give all variables of the process; `api` is host:port, `temporary` its own folder."""
    given = {name: value.reveal() for name, value in spec.environment.items()}
    defaults = {"LANG": "en_US.UTF-8", "TZ": ":UTC", "PATH": "/usr/local/bin:/usr/bin:/bin"}
    region = {"AWS_REGION": spec.region, "AWS_DEFAULT_REGION": spec.region} if spec.region else {}
    return {
        **defaults,
        "HOME": temporary,
        "TMPDIR": temporary,
        **given,
        **region,
        "LAMBDA_TASK_ROOT": os.path.realpath(spec.code_folder),
        "_HANDLER": spec.handler,
        "AWS_LAMBDA_RUNTIME_API": api,
        "AWS_LAMBDA_FUNCTION_NAME": spec.function_name,
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_LOG_GROUP_NAME": spec.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": spec.log_stream,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{spec.runtime}",
    }


def _limits(spec: RuntimeSpec, *, python: bool, shared: bool) -> dict[str, int]:
    limits = {
        "CORE": 0,
        "NOFILE": 1024,
        "NPROC": _SHARED_PROCESSES if shared else _PROCESSES,
        "FSIZE": _TEMPORARY_BYTES,
    }
    if python:  # Node.js reserves far more than it uses
        limits["AS"] = (2 * spec.memory_mb + _HEADROOM_MB) * _MIB
    return limits


def _python_command() -> list[str]:
    return [sys.executable, "-S", "-s", "-B", str(_RUNTIMES / "python.py"), _packages()]


def _node_command(spec: RuntimeSpec) -> list[str]:
    node = shutil.which("node") or "/usr/bin/node"
    heap_mb = max(_MIN_HEAP_MB, spec.memory_mb * 9 // 10)
    return [node, f"--max-old-space-size={heap_mb}", str(_RUNTIMES / "node.mjs")]


def _visible() -> list[str]:
    """Name the folders a walled-in process needs besides the system's: interpreter and packages."""
    node = shutil.which("node")
    prefixes = [sys.base_prefix, sys.prefix, _packages(), str(_RUNTIMES)]
    if node and not node.startswith("/usr/bin/"):
        prefixes += [str(Path(node).parent), str(Path(node).resolve().parent.parent)]
    kept = [path for path in dict.fromkeys(prefixes) if not path.startswith("/usr/")]
    return [path for path in kept if path not in {"/", "/usr"}]


@cache
def _packages() -> str:
    """Find the folder that awslambdaric is installed in, and compile what each start imports.

    Installers leave that to the first import, which here is one that may write nothing: without it
    every cold start would take twice as long.
    """
    found = importlib.util.find_spec("awslambdaric")
    if found is None or found.origin is None:
        raise RuntimeError("awslambdaric is not installed; Python functions need it")
    folder = Path(found.origin).parent.parent
    for name in ("awslambdaric", "simplejson"):
        compileall.compile_dir(folder / name, maxlevels=0, quiet=2)
    return str(folder)
