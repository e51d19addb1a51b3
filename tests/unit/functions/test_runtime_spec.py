"""Which runtimes there are, and what is said of others."""

from __future__ import annotations

import json
import shutil
import sys

import pytest

from bargate.functions.runtime_spec import (
    UnknownRuntime,
    check_runtime,
    failure,
    is_python,
    own_python,
    version_warning,
)


@pytest.mark.parametrize("runtime", ["python3.8", "python3.13", "python3.99"])
def test_every_python_3_is_taken(runtime: str) -> None:
    check_runtime(runtime)
    assert is_python(runtime)


@pytest.mark.parametrize(
    "runtime", ["", "python2.7", "python3", "python3.x", "python3.12 ", "java21", "python3.12\n"]
)
def test_others_are_refused_with_what_there_is(runtime: str) -> None:
    with pytest.raises(UnknownRuntime, match=r"there are: python3\.x"):
        check_runtime(runtime)
    assert not is_python(runtime)


def test_node_is_there_where_node_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/node")
    check_runtime("nodejs20.x")
    with pytest.raises(UnknownRuntime, match=r"python3\.x, nodejsN\.x"):
        check_runtime("nodejs20")
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(UnknownRuntime, match="needs `node` on the PATH"):
        check_runtime("nodejs20.x")


def test_another_minor_version_is_warned_of() -> None:
    assert version_warning(f"python3.{sys.version_info.minor}") is None
    assert version_warning("nodejs20.x") is None
    assert own_python() in (version_warning("python3.99") or "")


def test_a_failure_is_written_as_lambda_does() -> None:
    assert json.loads(failure("Runtime.ExitError", 'a "text"')) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": 'a "text"',
    }
