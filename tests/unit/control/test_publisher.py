"""What is sent to workers of what was stored: merged, in order, one part holding up none."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from typing import Any

import botocore.exceptions
import pytest
from msgspec import structs

from bargate.records.iam_user import USER
from bargate.snapshot.parts import Update, apply
from endpoint import ACCOUNT, Endpoint

INVOKE = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}],
    }
)


class Workers(Endpoint):
    """An endpoint whose workers are told what to refuse, and when to take anything at all."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: set[str] = set()
        self.updates: list[Update] = []
        self.takes = asyncio.Event()
        self.takes.set()

    async def _deliver(self, update: Update) -> str | None:
        await self.takes.wait()
        self.updates.append(update)
        bad = self.refused & update.put.keys()
        if bad:
            return f"cannot compile {sorted(bad)}"
        self.state = apply(self.state, update)
        return None

    def hold(self) -> None:
        """Let workers take nothing for now."""
        self._loop.call_soon_threadsafe(self.takes.clear)
        self.run(asyncio.sleep(0))

    def go_on(self) -> None:
        self._loop.call_soon_threadsafe(self.takes.set)


@pytest.fixture
def workers() -> Iterator[Workers]:
    with Workers() as running:
        yield running


def arn(name: str, path: str = "/") -> str:
    return f"user/arn:aws:iam::{ACCOUNT}:user{path}{name}"


def test_a_refused_part_holds_up_no_other(
    workers: Workers, caplog: pytest.LogCaptureFixture
) -> None:
    iam = workers.client("iam")
    iam.create_user(UserName="first")
    workers.published()
    workers.refused = {arn("bad")}
    workers.hold()
    iam.create_user(UserName="held")
    for name in ("good", "bad", "better"):
        iam.create_user(UserName=name)
    with caplog.at_level(logging.ERROR):
        workers.go_on()
        state = workers.published()
    assert {arn("first"), arn("held"), arn("good"), arn("better")} <= state.keys()
    assert arn("bad") not in state
    assert "is served as before" in caplog.text
    assert arn("bad") in caplog.text


def test_a_part_that_was_refused_is_sent_whole_when_it_is_mended(workers: Workers) -> None:
    iam = workers.client("iam")
    iam.create_user(UserName="alice")
    workers.published()
    workers.refused = {arn("alice")}
    iam.put_user_policy(UserName="alice", PolicyName="p", PolicyDocument=INVOKE)
    before = workers.published()[arn("alice")]
    assert not before.policies
    workers.refused = set()
    iam.put_user_policy(UserName="alice", PolicyName="q", PolicyDocument=INVOKE)
    assert len(workers.published()[arn("alice")].policies) == 2


def test_a_part_refused_once_is_still_taken_away(workers: Workers) -> None:
    iam = workers.client("iam")
    iam.create_user(UserName="alice")
    workers.published()
    workers.refused = {arn("alice")}
    iam.put_user_policy(UserName="alice", PolicyName="p", PolicyDocument=INVOKE)
    workers.published()
    iam.delete_user_policy(UserName="alice", PolicyName="p")
    workers.published()
    iam.delete_user(UserName="alice")
    assert arn("alice") not in workers.published()


def test_commits_that_come_meanwhile_are_one_update(workers: Workers) -> None:
    iam = workers.client("iam")
    workers.hold()
    iam.create_user(UserName="first")
    count = len(workers.updates)
    for number in range(20):
        iam.create_user(UserName=f"user-{number}")
    iam.delete_user(UserName="user-0")
    workers.go_on()
    state = workers.published()
    assert len(workers.updates) - count <= 2
    assert arn("user-0") not in state
    assert {arn(f"user-{number}") for number in range(1, 20)} <= state.keys()
    versions = [update.version for update in workers.updates]
    assert versions == sorted(set(versions))


def test_a_renamed_user_is_served_by_the_new_name_alone(workers: Workers) -> None:
    iam = workers.client("iam")
    iam.create_user(UserName="old")
    key = iam.create_access_key(UserName="old")["AccessKey"]
    workers.published()
    iam.update_user(UserName="old", NewUserName="new", NewPath="/team/")
    state = workers.published()
    assert arn("old") not in state
    assert arn("new", "/team/") in state
    assert state[f"key/{key['AccessKeyId']}"].user_arn == arn("new", "/team/")[5:]
    sts = workers.client("sts", key["AccessKeyId"], key["SecretAccessKey"])
    assert sts.get_caller_identity()["Arn"].endswith(":user/team/new")


def test_names_that_change_places_within_one_update_are_both_served(workers: Workers) -> None:
    iam = workers.client("iam")
    for name in ("a", "b"):
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName=f"of-{name}", PolicyDocument=INVOKE)
    workers.published()
    ids = {name: iam.get_user(UserName=name)["User"]["UserId"] for name in ("a", "b")}
    workers.hold()
    iam.create_user(UserName="something-else")
    for old, new in (("a", "c"), ("b", "a"), ("c", "b")):
        iam.update_user(UserName=old, NewUserName=new)
    workers.go_on()
    state = workers.published()
    assert state[arn("a")].user_id == ids["b"]
    assert state[arn("b")].user_id == ids["a"]
    assert arn("c") not in state


@pytest.mark.parametrize("refused", [False, True])
def test_names_that_change_places_within_one_commit_are_both_served(
    refused: bool, workers: Workers
) -> None:
    iam = workers.client("iam")
    ids, keys = {}, {}
    for name in ("a", "b"):
        ids[name] = iam.create_user(UserName=name)["User"]["UserId"]
        keys[name] = iam.create_access_key(UserName=name)["AccessKey"]
    workers.published()

    def swap(tx: Any) -> None:
        for old, new in (("a", "c"), ("b", "a"), ("a", "b")):
            key = (ACCOUNT, ids[old])
            tx.update(USER, key, lambda user, new=new: structs.replace(user, name=new))

    workers.hold()
    workers.run(workers.store.submit(swap))
    if refused:
        iam.create_user(UserName="bad")
        workers.refused = {arn("bad")}
    workers.go_on()
    state = workers.published()
    assert {arn("a"), arn("b")} <= state.keys()
    assert (state[arn("a")].user_id, state[arn("b")].user_id) == (ids["b"], ids["a"])
    for name, now in (("a", "b"), ("b", "a")):
        key = keys[name]
        sts = workers.client("sts", key["AccessKeyId"], key["SecretAccessKey"])
        assert sts.get_caller_identity()["Arn"].endswith(f":user/{now}")


def test_the_endpoint_itself_decides_by_a_change_before_any_worker_does(workers: Workers) -> None:
    iam = workers.client("iam")
    iam.create_user(UserName="alice")
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    workers.hold()
    sts = workers.client("sts", key["AccessKeyId"], key["SecretAccessKey"])
    assert sts.get_caller_identity()["Arn"].endswith(":user/alice")
    iam.delete_access_key(UserName="alice", AccessKeyId=key["AccessKeyId"])
    with pytest.raises(botocore.exceptions.ClientError, match="InvalidClientTokenId"):
        sts.get_caller_identity()
    workers.go_on()


def test_when_not_all_can_be_served_at_the_start_the_rest_is(
    workers: Workers, caplog: pytest.LogCaptureFixture
) -> None:
    iam = workers.client("iam")
    for name in ("good", "bad"):
        iam.create_user(UserName=name)
    workers.published()
    workers.state = {"user/stale": None}
    workers.refused = {arn("bad")}
    with caplog.at_level(logging.ERROR):
        workers.run(workers.publisher.publish_everything())
    assert arn("good") in workers.state
    assert workers.state.keys().isdisjoint({arn("bad"), "user/stale"})
    assert "is not served" in caplog.text
    iam.delete_user(UserName="good")
    assert arn("good") not in workers.published()


def test_what_is_deleted_while_everything_is_sent_is_taken_away(workers: Workers) -> None:
    iam = workers.client("iam")
    iam.create_user(UserName="alice")
    workers.published()
    workers.hold()

    async def begin() -> Any:
        return asyncio.ensure_future(workers.publisher.publish_everything())

    sending = workers.run(begin())
    iam.delete_user(UserName="alice")
    workers.go_on()

    async def end() -> None:
        await sending

    workers.run(end())
    assert arn("alice") not in workers.published()


def test_a_whole_update_forgets_whoever_is_gone(workers: Workers) -> None:
    iam = workers.client("iam")
    iam.create_user(UserName="alice")
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    workers.published()
    workers.run(workers.publisher.publish_everything())
    assert f"key/{key['AccessKeyId']}" in workers.state
    assert workers.updates[-1].whole
    assert not workers.updates[-1].gone
