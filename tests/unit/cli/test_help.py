"""`--help` of every command: there, whole, and quick to read."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from bargate.__main__ import main


def paths(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from paths(found, (*path, name))


@pytest.mark.parametrize("path", list(paths(main)), ids=lambda path: " ".join(path) or "bargate")
def test_every_command_helps_on_lines_that_fit_and_are_whole(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*path, "--help"])
    assert result.exit_code == 0
    assert max(len(line) for line in result.stdout.splitlines()) <= 80
    _, _, listed = result.stdout.partition("Commands:\n")
    assert not [line for line in listed.splitlines() if line.endswith("...")]


def test_there_are_as_many_commands_as_are_known() -> None:
    assert len(list(paths(main))) == 16
