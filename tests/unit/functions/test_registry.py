"""What an ARN means to the host: functions, versions, aliases, and nothing else."""

from __future__ import annotations

import asyncio

import pytest

from bargate.functions.registry import Registry
from bargate.model.function import Alias, DirectoryCode, Function, FunctionVersion
from bargate.snapshot.parts import Update, part_name

ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"


def version(number: str, revision: str = "r") -> FunctionVersion:
    return FunctionVersion(
        version=number, revision_id=revision, code=DirectoryCode(path="/nowhere")
    )


def function(*versions: FunctionVersion, reserved: int | None = None) -> Function:
    return Function(
        account_id="123456789012",
        region="us-east-1",
        name="f",
        arn=ARN,
        versions=versions or (version("$LATEST"), version("1"), version("2")),
        aliases=(Alias(name="live", version="1", weights={"2": 0.25}),),
        reserved_concurrency=reserved,
    )


def registry(drawn: float = 0.9, made: Function | None = None) -> Registry:
    known = Registry(lambda: drawn)
    made = made or function()
    known.take(Update(version=1, whole=True, put={part_name(made): made}))
    return known


@pytest.mark.parametrize(
    ("asked", "drawn", "ran"),
    [
        (ARN, 0.0, "$LATEST"),
        (f"{ARN}:$LATEST", 0.0, "$LATEST"),
        (f"{ARN}:2", 0.0, "2"),
        (f"{ARN}:live", 0.2, "2"),
        (f"{ARN}:live", 0.25, "1"),
        (f"{ARN}:live", 0.99, "1"),
    ],
)
def test_a_version_is_found(asked: str, drawn: float, ran: str) -> None:
    found = registry(drawn).find(asked)
    assert found is not None
    assert found.version.version == ran
    assert found.arn == asked


@pytest.mark.parametrize(
    "asked",
    [
        "f",
        ARN + "x",
        f"{ARN}:",
        f"{ARN}:3",
        f"{ARN}:dead",
        f"{ARN}:live:live",
        f"{ARN}\n",
        ARN.replace("us-east-1", "eu-west-1"),
        ARN.replace("123456789012", "210987654321"),
        ARN.replace("lambda", "s3"),
    ],
)
def test_nothing_else_is(asked: str) -> None:
    assert registry().find(asked) is None


def test_what_is_gone_is_not_found_and_what_was_changed_is_new() -> None:
    known = registry()
    name = part_name(function())
    changed = function(version("$LATEST", "r2"))
    known.take(Update(version=2, put={name: changed}))
    current = known.current(ARN, "$LATEST")
    assert current is not None
    assert current.revision_id == "r2"
    assert known.current(ARN, "1") is None
    known.take(Update(version=3, gone=(name,)))
    assert known.find(ARN) is None
    known.take(Update(version=4, put={name: changed}))
    known.take(Update(version=5, whole=True))
    assert known.find(ARN) is None


def test_what_is_reserved_is_added_up() -> None:
    assert registry(made=function(reserved=7)).reserved("123456789012", "us-east-1") == 7
    assert registry().reserved("123456789012", "us-east-1") == 0


def test_a_revision_is_waited_for_until_it_comes() -> None:
    async def run() -> None:
        known = registry()
        waiting = asyncio.create_task(known.find_revision(ARN, "r2"))
        await asyncio.sleep(0)
        known.take(Update(version=2))  # of something else
        await asyncio.sleep(0)
        assert not waiting.done()
        changed = function(version("$LATEST", "r2"))
        known.take(Update(version=3, put={part_name(changed): changed}))
        found = await asyncio.wait_for(waiting, 1)
        assert found is not None
        assert found.version.revision_id == "r2"

    asyncio.run(run())


def test_a_revision_that_never_comes_is_waited_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bargate.functions.registry.REVISION_WAIT_S", 0.02)
    found = asyncio.run(registry().find_revision(ARN, "never"))
    assert found is not None, "what is there by then is run"
    assert asyncio.run(registry().find_revision(f"{ARN}x", "never")) is None
