"""The command lines of the processes that a gateway consists of."""

from __future__ import annotations

import sys


def command_of(module: str, *descriptors: int) -> tuple[str, ...]:
    """Give the command that runs `main` of a module on inherited descriptors.

    The collector rests while it imports, which is a sixth of its start: nothing imported is garbage.
    `main` lets it work again.
    """
    code = f"import gc; gc.disable(); from {module} import main; main()"
    return (sys.executable, "-c", code, *map(str, descriptors))
