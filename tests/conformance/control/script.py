"""A script that calls every operation once with valid input, in an order in which each succeeds.

    known = Known(endpoint)
    for step in SCRIPT: known.play(step, client)

What a step makes is kept in `known` for those after it. The script has two parts: `BUILD` makes a
world and reads and changes it, `TEAR_DOWN` takes it away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError

Given = Callable[[Any], dict[str, Any]]


@dataclass(frozen=True)
class Step:
    """One call: `keep` tells which members of the answer (dotted paths) go where in `known`.

    `by_agent` is a call that the root user may not or cannot make. A step that has to be
    `refused` names the code and, in `why`, the reason.
    """

    service: str
    operation: str
    given: Given
    keep: Mapping[str, str] = field(default_factory=dict)
    by_agent: bool = False
    refused: str | None = None
    why: str = ""

    def __str__(self) -> str:
        return f"{self.service}:{self.operation}"


def nothing(_known: Any) -> dict[str, Any]:
    return {}


def steps_of(service: str) -> Callable[..., Step]:
    """Give a short way to write the steps of a service."""

    def step(operation: str, given: Given = nothing, /, **rest: Any) -> Step:
        special = {name: rest.pop(name) for name in ("by_agent", "refused", "why") if name in rest}
        return Step(service, operation, given, rest, **special)

    return step


class Known(SimpleNamespace):
    """What earlier steps made."""

    def call(self, step: Step, client: Any) -> dict[str, Any]:
        """Make the call of a step and keep what it asks for."""
        output: dict[str, Any] = getattr(client, xform_name(step.operation))(**step.given(self))
        for name, path in step.keep.items():
            setattr(self, name, _at(output, path))
        return output

    def play(self, step: Step, client: Any) -> dict[str, Any] | None:
        """Make the call of a step, which has to end as the step says; None where it is refused."""
        if step.refused is None:
            return self.call(step, client)
        assert self.refusal(step, client) == step.refused, str(step)
        return None

    def refusal(self, step: Step, client: Any) -> str | None:
        """Give the code of the error that a call meets."""
        try:
            self.call(step, client)
        except ClientError as error:
            code: str = error.response["Error"]["Code"]
            return code
        return None


def _at(output: Any, path: str) -> Any:
    for part in path.split("."):
        output = output[int(part)] if part.isdigit() else output[part]
    return output
