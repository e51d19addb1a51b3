"""Facts about the machine and the versions measured; nothing that names the machine."""

import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

from bench import envoy

_VERSION_COMMANDS = {
    "nginx": ("nginx", "-v"),
    "haproxy": ("haproxy", "-v"),
    "envoy": (str(envoy.BINARY), "--version"),
    "wrk": ("wrk", "-v"),
}
_NUMBER = re.compile(r"\d+\.\d+\.\d+")


def facts() -> dict[str, str]:
    """Give processor, cores, kernel and the version of everything measured."""
    found = {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "kernel": f"{platform.system()} {_number(platform.release())}",
        "python": platform.python_version(),
        "uvloop": version("uvloop"),
        "bargate": version("bargate"),
    }
    return found | {name: _said_by(command) for name, command in _VERSION_COMMANDS.items()}


def core_busy(core: int) -> tuple[int, int]:
    """Give the ticks that programs used on a core, and all ticks, since the machine started.

    Interrupts are left out: on the loopback they are the gateway's own network work.
    """
    line = next(
        line
        for line in Path("/proc/stat").read_text().splitlines()
        if line.startswith(f"cpu{core} ")
    )
    user, nice, system, idle, waiting, irq, soft_irq, steal = map(int, line.split()[1:9])
    busy = user + nice + system + steal
    return busy, busy + idle + waiting + irq + soft_irq


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _said_by(command: tuple[str, ...]) -> str:
    """Give the version number in what a command says; some say it with a failing status."""
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "not installed"
    return _number(said.stdout + said.stderr)


def _number(text: str) -> str:
    found = _NUMBER.search(text)
    return found.group() if found else "unknown"
