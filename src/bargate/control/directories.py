"""What the control process itself looks things up in, told of every part that workers are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bargate.gateway.served import Directory


class Directories:
    """Several directories that are told as one; each takes what is of its kinds."""

    def __init__(self, *directories: Directory) -> None:
        self._directories = directories

    def apply(self, name: str, part: object | None) -> None:
        """Take over a part by its name, None when it is gone."""
        for directory in self._directories:
            directory.apply(name, part)
