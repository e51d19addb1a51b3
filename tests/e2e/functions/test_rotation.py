"""Processes of a function are followed by others before their credentials are old."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from time import time

import pytest

from bargate.functions.credentials import ROTATE_AFTER_S
from bargate.functions.processes import Processes
from bargate.functions.registry import Registry
from bargate.functions.runtime_spec import Event
from bargate.model.function import Function
from bargate.model.identity import Role
from bargate.model.invocation import Returned
from bargate.secret import Secret
from bargate.settings import HostSettings
from bargate.snapshot.parts import Update, part_name
from bargate.tokens.session import SealingKey
from e2e.functions.hosting import ACCOUNT, function

ROLE = f"arn:aws:iam::{ACCOUNT}:role/runs"
CODE = """
import os
def handler(event, context):
    return os.environ["AWS_ACCESS_KEY_ID"]
"""


def trusting() -> Role:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    return Role(
        arn=ROLE,
        role_id="AROAEXAMPLE",
        account_id=ACCOUNT,
        trust_policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )


def registry_of(made: Function) -> Registry:
    registry = Registry()
    key = SealingKey(id="k1", key=Secret("a text that nobody can guess"))
    put = {part_name(part): part for part in (made, trusting(), key)}
    registry.take(Update(version=1, whole=True, put=put))
    return registry


async def key_used(processes: Processes, registry: Registry, made: Function) -> str:
    """Run the function once; give the key that it had."""
    found = registry.find(made.arn)
    assert found is not None
    held = await processes.take(found)
    try:
        deadline_ms = int((time() + 30) * 1_000)
        event = Event(request_id="r", payload=b"{}", function_arn=made.arn, deadline_ms=deadline_ms)
        outcome = await held.process.invoke(event)
    finally:
        processes.give_back(held)
    assert isinstance(outcome, Returned), outcome
    return str(json.loads(outcome.payload))


@pytest.mark.parametrize(("later_s", "keys"), [(ROTATE_AFTER_S - 60, 1), (ROTATE_AFTER_S, 2)])
def test_old_credentials_are_followed_by_new_ones(
    tmp_path: Path, later_s: float, keys: int
) -> None:
    made = function("f", tmp_path / "source", CODE, role=ROLE)

    async def work() -> set[str]:
        registry, clock = registry_of(made), asyncio.get_running_loop().time
        processes = Processes(registry, HostSettings(folder=str(tmp_path), processes=2))
        try:
            first = await key_used(processes, registry, made)
            processes._clock = processes._pool._clock = lambda: clock() + later_s
            return {first, await key_used(processes, registry, made)}
        finally:
            await processes.close(forget=True)

    assert len(asyncio.run(work())) == keys
