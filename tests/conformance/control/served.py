"""What workers would make of the parts that they are sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.model.installation import Installation, ServedStage
from bargate.model.invalid import InvalidConfiguration
from bargate.snapshot.compile import compile_api


async def _no_network(*_: Any) -> NoReturn:
    raise AssertionError("nothing is fetched to compile a stage")


def stages_of(parts: Mapping[str, Any]) -> list[ServedStage]:
    return [part for part in parts.values() if isinstance(part, ServedStage)]


def uncompilable(parts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Compile each stage with all its endpoints; give those that workers would refuse, and why."""
    found = []
    for stage in stages_of(parts):
        try:
            compile_api(Installation(), [stage], HttpKeyDirectory(_no_network))
        except InvalidConfiguration as error:
            found.append((f"{stage.api.id}/{stage.stage.name}", str(error)))
    return found
