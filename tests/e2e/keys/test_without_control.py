"""Limited calls while the control process is away, which books quotas: never more than a quota.

It stays away for as long as others may write in the folder of its store.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from e2e.control.installation import Api, Running, installation, until
from e2e.keys.keyed import (
    PACE,
    QUOTA_EXCEEDED,
    THROTTLED,
    ApiKey,
    Plan,
    call,
    everywhere,
    keyed_api,
    statuses,
    told,
)
from serving import bargate as run_bargate

QUOTA = {"limit": 3, "period": "DAY"}


@contextlib.contextmanager
def no_control(running: Running) -> Iterator[None]:
    """Kill the control process, and let it come back at the end of the block."""
    assert running.folder is not None
    running.folder.chmod(0o777)
    try:
        os.kill(running.control_id, signal.SIGKILL)
        refused_start(running)
        yield
    finally:
        running.folder.chmod(0o700)


def refused_start(running: Running) -> None:
    """Wait for a start of the control process that is refused."""
    running.gateway.wait_for_error(f"others may write in {running.folder}")


def limited(running: Running) -> tuple[Api, Plan, tuple[ApiKey, ...], ApiKey]:
    """Make a plan with a quota and three keys on it, and a key on a plan with a throttle alone."""
    api = keyed_api(running)
    plan = Plan.of(running, api, quota=QUOTA)
    keys = tuple(plan.add_key() for _ in range(3))
    return api, plan, keys, Plan.of(running, api, throttle=PACE).add_key()


def test_no_more_than_a_quota_passes(tmp_path: Path, run_dir: Path) -> None:
    with installation("--workers", "2", folder=tmp_path / "data", run_dir=run_dir) as own:
        api, plan, (used_up, begun, fresh), paced = limited(own)
        assert statuses(own, api, used_up, 4) == [200, 200, 200, 429]
        assert call(own, api, begun).status == 200
        with no_control(own):
            # It is known that nothing is left, or nobody knows any more: it never passes.
            assert set(statuses(own, api, used_up, 4)) <= {429, 503}
            # What was leased before may be used.
            passed = statuses(own, api, begun, 4)
            assert set(passed) <= {200, 429, 503}
            assert passed.count(200) <= 2
            refused = call(own, api, fresh)
            assert (refused.status, refused.json) == (503, {"message": "Service Unavailable"})
            explained = run_bargate("why", refused.request_id, run_dir=run_dir).stdout
            assert "ledger.unreachable" in explained
            assert fresh.value not in explained
            # What needs no store is limited as ever: throttles, and what a key is.
            assert statuses(own, api, paced, 2) == [200, 200]
            assert told(call(own, api, paced)) == THROTTLED
            assert call(own, api, None).status == 403
        for key, before in ((begun, 1 + passed.count(200)), (fresh, 0)):
            assert before + passes_until_spent(own, api, key) <= 3
        until(lambda: plan.usage(fresh) == [3, 0])
        assert plan.usage(used_up) == [3, 0]


def passes_until_spent(running: Running, api: Api, key: ApiKey) -> int:
    """Call until a quota is used up, as soon as it can be known again; gives how many passed."""
    found: list[int] = []

    def is_spent() -> bool:
        answer = call(running, api, key)
        found.append(answer.status)
        return told(answer) == QUOTA_EXCEEDED

    until(is_spent, 30)
    everywhere(is_spent)
    return found.count(200)


def test_calls_pass_uncounted_where_the_operator_wants_it_as_aws_does(
    tmp_path: Path, run_dir: Path
) -> None:
    options = ("--workers", "2", "--without-ledger", "allow")
    with installation(*options, folder=tmp_path / "data", run_dir=run_dir) as own:
        api, plan, (used_up, _, fresh), paced = limited(own)
        assert statuses(own, api, used_up, 4) == [200, 200, 200, 429]
        with no_control(own):
            assert statuses(own, api, fresh, 5) == [200] * 5
            own.gateway.wait_for_error("calls pass uncounted, as --without-ledger allow says")
            # That opens nothing else: throttles are counted still, and keys are asked for.
            assert statuses(own, api, paced, 3) == [200, 200, 429]
            assert call(own, api, "x" * 40).status == 403
            # What is to be told waits for a process that can book it, through two starts at least.
            refused_start(own)
            refused_start(own)
        everywhere(lambda: told(call(own, api, used_up)) == QUOTA_EXCEEDED)
        # Their use is told late, and counts.
        until(lambda: plan.usage(fresh) == [5, 0], 30)
        everywhere(lambda: told(call(own, api, fresh)) == QUOTA_EXCEEDED)
