from __future__ import annotations

import asyncio
import contextlib
from types import SimpleNamespace
from typing import Any

import pytest

from bargate.userpool.evened import LEAST_S, evened
from bargate.wire.error import AwsError


def asked(*, hides: bool) -> Any:
    return SimpleNamespace(client=SimpleNamespace(hides_users=hides))


async def refused() -> Any:
    raise AwsError("NotAuthorizedException", "no")


async def answered() -> Any:
    return "yes"


@pytest.mark.parametrize(("hides", "waits"), [(True, 1), (False, 0)])
@pytest.mark.parametrize("work", [refused, answered])
def test_only_answers_of_clients_that_hide_users_wait(
    monkeypatch: pytest.MonkeyPatch,
    work: Any,
    hides: bool,
    waits: int,
) -> None:
    waited: list[float] = []

    async def sleep(duration_s: float) -> None:
        waited.append(duration_s)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    with contextlib.suppress(AwsError):
        asyncio.run(evened(asked(hides=hides), work()))
    assert len(waited) == waits
    assert all(0 < each <= LEAST_S for each in waited)


def test_what_was_answered_or_refused_stays_so() -> None:
    assert asyncio.run(evened(asked(hides=True), answered())) == "yes"
    with pytest.raises(AwsError):
        asyncio.run(evened(asked(hides=True), refused()))
