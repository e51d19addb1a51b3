"""What a function's process is started with."""

from __future__ import annotations

import os
import sys

import pytest

from bargate.functions.run_as import Way
from bargate.functions.runtime_command import command_of, environment_of, plan_of
from bargate.functions.runtime_spec import RuntimeSpec
from bargate.secret import Secret


def _spec(**changed: object) -> RuntimeSpec:
    given = {
        "function_name": "f",
        "version": "3",
        "runtime": "python3.12",
        "handler": "app.handler",
        "code_folder": "/opt/code",
        "environment": {"OWN": Secret("mine"), "AWS_REGION": Secret("us-east-1")},
        "memory_mb": 256,
    }
    return RuntimeSpec(**(given | changed))  # type: ignore[arg-type]


def test_the_command_holds_no_variable_of_the_functions() -> None:
    assert command_of()[:4] == [sys.executable, "-I", "-S", "-B"]
    assert "mine" not in repr(command_of())


def test_the_environment_has_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BARGATE_KEY", "ours")
    told = environment_of(_spec(), "127.0.0.1:1", "/tmp")
    assert not any(name.startswith(("BARGATE", "PYTHON")) for name in told)
    assert told["OWN"] == "mine"
    assert told["AWS_REGION"] == "us-east-1"
    assert "AWS_DEFAULT_REGION" not in told


def test_lambdas_own_variables_win_and_others_may_be_set() -> None:
    own = {name: Secret("theirs") for name in ("_HANDLER", "AWS_LAMBDA_RUNTIME_API", "TZ", "PATH")}
    told = environment_of(_spec(environment=own, region="eu-west-1"), "127.0.0.1:1", "/tmp")
    assert told["_HANDLER"] == "app.handler"
    assert told["AWS_LAMBDA_RUNTIME_API"] == "127.0.0.1:1"
    assert told["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert told["TZ"] == told["PATH"] == "theirs"


@pytest.mark.parametrize(
    ("way", "uid", "processes"), [(Way.OWN_ROOT, 2_000_000_001, 256), (Way.PLAIN, None, 4096)]
)
def test_the_plan_bounds_what_it_may_use(way: Way, uid: int | None, processes: int) -> None:
    plan = plan_of(_spec(), way, uid)
    assert plan["host_pid"] == os.getpid()
    assert plan["own_root"] is (way is Way.OWN_ROOT)
    assert plan["uid"] == uid
    assert plan["limits"] == {
        "CORE": 0,
        "NOFILE": 1024,
        "NPROC": processes,
        "FSIZE": 512 * 1024 * 1024,
        "AS": (2 * 256 + 2048) * 1024 * 1024,
    }
    assert not {"/", "/usr", "/root", "/home", "/tmp"} & set(plan["visible"])


def test_node_reserves_what_it_likes_and_has_a_heap_bound() -> None:
    plan = plan_of(_spec(runtime="nodejs20.x", memory_mb=512), Way.PLAIN, None)
    assert "AS" not in plan["limits"]
    assert "--max-old-space-size=460" in plan["command"]
