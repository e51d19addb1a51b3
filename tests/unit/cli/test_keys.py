"""`bargate keys rotate`: what is refused before anybody is asked."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from bargate.cli.keys import keys


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--at-once", "--lead", "5"), "--at-once has no --lead"),
        (("--at-once", "--lead", "60"), "--at-once has no --lead"),
        (("--lead", "43201"), "not in the range"),
        (("--lead", "-1"), "not in the range"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(options: tuple[str, ...], words: str) -> None:
    result = CliRunner().invoke(keys, ["rotate", "--pool", "us-east-1_AbC", *options])
    assert (result.exit_code, words in result.output) == (2, True), result.output
