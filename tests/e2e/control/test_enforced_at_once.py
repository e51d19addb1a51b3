"""A change made with boto3 is enforced by every worker within 100 ms of its answer."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from e2e.control.installation import (
    Api,
    Key,
    Running,
    Spread,
    allow,
    deployed_api,
    put_mock,
    signature,
    trust,
    until,
    user_key,
)

LIMIT_MS = 100.0
CONNECTIONS = 32  # over two workers: that one of them gets none is as likely as 1 in 2 ** 31
ROUNDS = 5
ATTEMPTS = 3  # for a machine that does something else for a moment


class Callers:
    """Connections that are open before the change, so that both workers are asked at once."""

    def __init__(self, running: Running, path: str, key: Key) -> None:
        self._path = path
        self._headers = signature(f"http://127.0.0.1:{running.gateway.port}{path}", key)
        self._connections = [
            http.client.HTTPConnection("127.0.0.1", running.gateway.port, timeout=10)
            for _ in range(CONNECTIONS)
        ]

    def ask(self) -> list[tuple[int, bytes]]:
        """Ask on every connection, all of them before the first answer is read."""
        for connection in self._connections:
            connection.request("GET", self._path, headers=self._headers)
        answers = [connection.getresponse() for connection in self._connections]
        return [(answer.status, answer.read()) for answer in answers]

    def close(self) -> None:
        for connection in self._connections:
            connection.close()


def delay_ms(
    running: Running, path: str, key: Key, change: Callable[[], Any], wanted: tuple[int, bytes]
) -> float:
    """Make a change; give the time from its answer to the last worker's enforcing it."""
    callers = Callers(running, path, key)
    try:
        until(lambda: not any(_is(answer, wanted) for answer in callers.ask()))
        change()
        answered_s = time.perf_counter()
        while True:
            asked_s = time.perf_counter()
            if all(_is(answer, wanted) for answer in callers.ask()):
                return (asked_s - answered_s) * 1000
            assert asked_s - answered_s < 10, "not enforced at all"
    finally:
        callers.close()


def _is(answer: tuple[int, bytes], wanted: tuple[int, bytes]) -> bool:
    return answer[0] == wanted[0] and wanted[1] in answer[1]


def assert_at_once(measure: Callable[[], float]) -> None:
    """Measure some rounds; again, if the machine was busy."""
    for attempt in range(ATTEMPTS):
        spread = Spread([measure() for _ in range(ROUNDS)])
        if max(spread.times_ms) < LIMIT_MS:
            print(f"enforced after: {spread}")
            return
        print(f"attempt {attempt + 1}: {spread}")
    raise AssertionError(f"not enforced within {LIMIT_MS:g} ms: {spread}")


@pytest.fixture(scope="module")
def api(bargate: Running) -> Api:
    return deployed_api(bargate)


def names(prefix: str) -> Callable[[], str]:
    """Give a name that was not given before."""
    return lambda: f"{prefix}-{time.monotonic_ns()}"


def invoker(bargate: Running, name: str) -> Key:
    return user_key(bargate.client("iam"), name, allow("execute-api:Invoke"))


ALLOWED = (200, b'"ok"')
NOT_AUTHORIZED = (403, b"not authorized")
INVALID_TOKEN = (403, b"security token included in the request is invalid")


def test_a_deployment_is_served(bargate: Running) -> None:
    fresh = deployed_api(bargate)
    client = bargate.client("apigateway")
    texts = names("text")

    def measure() -> float:
        text = texts()
        client.update_integration_response(
            restApiId=fresh.id,
            resourceId=fresh.root_id,
            httpMethod="GET",
            statusCode="200",
            patchOperations=[
                {
                    "op": "replace",
                    "path": "/responseTemplates/application~1json",
                    "value": json.dumps({"ok": text}),
                }
            ],
        )
        deploy = lambda: client.create_deployment(restApiId=fresh.id, stageName="prod")  # noqa: E731
        return delay_ms(bargate, fresh.path, bargate.root, deploy, (200, text.encode()))

    assert_at_once(measure)


def test_what_is_not_deployed_is_not_served(bargate: Running) -> None:
    """AWS's own rule: methods and their authorization change with a deployment alone."""
    fresh = deployed_api(bargate)
    client = bargate.client("apigateway")
    client.delete_method(restApiId=fresh.id, resourceId=fresh.root_id, httpMethod="GET")
    put_mock(client, fresh, '{"open":true}', authorization="NONE")
    time.sleep(LIMIT_MS / 1000)
    assert bargate.call(fresh.path).status == 403
    client.create_deployment(restApiId=fresh.id, stageName="prod")
    time.sleep(LIMIT_MS / 1000)
    assert bargate.call(fresh.path).json == {"open": True}


def test_a_policy_that_is_put_allows(bargate: Running, api: Api) -> None:
    iam = bargate.client("iam")
    users = names("put")

    def measure() -> float:
        name = users()
        key = user_key(iam, name)
        put = lambda: iam.put_user_policy(  # noqa: E731
            UserName=name, PolicyName="p", PolicyDocument=allow("execute-api:Invoke")
        )
        return delay_ms(bargate, api.path, key, put, ALLOWED)

    assert_at_once(measure)


def test_a_policy_that_is_deleted_allows_no_more(bargate: Running, api: Api) -> None:
    iam = bargate.client("iam")
    users = names("deleted")

    def measure() -> float:
        name = users()
        key = invoker(bargate, name)
        delete = lambda: iam.delete_user_policy(UserName=name, PolicyName="p")  # noqa: E731
        return delay_ms(bargate, api.path, key, delete, NOT_AUTHORIZED)

    assert_at_once(measure)


def test_a_key_that_is_deleted_or_made_inactive_opens_nothing(bargate: Running, api: Api) -> None:
    iam = bargate.client("iam")
    users = names("key")

    def measure_with(change: str, **more: str) -> Callable[[], float]:
        def measure() -> float:
            name = users()
            key = invoker(bargate, name)
            run = getattr(iam, change)
            return delay_ms(
                bargate,
                api.path,
                key,
                lambda: run(UserName=name, AccessKeyId=key.id, **more),
                INVALID_TOKEN,
            )

        return measure

    assert_at_once(measure_with("delete_access_key"))
    assert_at_once(measure_with("update_access_key", Status="Inactive"))


def session_of(bargate: Running, name: str) -> tuple[Key, Callable[[], None]]:
    """Make a role that may invoke and a session of it; gives how to delete the role."""
    iam = bargate.client("iam")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust("000000000000"))
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=allow("execute-api:Invoke"))
    key = assume(bargate, name)
    return key, lambda: iam.delete_role(RoleName=name)


def assume(bargate: Running, name: str) -> Key:
    caller = user_key(bargate.client("iam"), f"u{time.monotonic_ns()}", allow("sts:AssumeRole"))
    arn = f"arn:aws:iam::000000000000:role/{name}"
    sts = bargate.client("sts", caller)
    return Key.of(sts.assume_role(RoleArn=arn, RoleSessionName="session")["Credentials"])


def test_the_sessions_of_a_deleted_role_open_nothing_even_when_it_is_made_again(
    bargate: Running, api: Api
) -> None:
    iam = bargate.client("iam")
    roles = names("role")

    def measure() -> float:
        name = roles()
        key, delete = session_of(bargate, name)
        iam.delete_role_policy(RoleName=name, PolicyName="p")
        elapsed_ms = delay_ms(bargate, api.path, key, delete, INVALID_TOKEN)
        again, _ = session_of(bargate, name)
        callers = Callers(bargate, api.path, again)
        while any(status != 200 for status, _ in callers.ask()):
            pass
        callers.close()
        old = Callers(bargate, api.path, key)
        answers = old.ask()
        old.close()
        assert all(status == 403 and INVALID_TOKEN[1] in body for status, body in answers)
        with pytest.raises(iam.exceptions.ClientError, match="invalid"):
            bargate.client("sts", key).get_caller_identity()
        return elapsed_ms

    # A role with policies cannot be deleted, so its policy goes first: the session is refused
    # for that already, and with another text when the role itself is gone.
    assert_at_once(measure)


def test_sessions_issued_before_now_are_revoked_by_a_policy_of_their_role(
    bargate: Running, api: Api
) -> None:
    iam = bargate.client("iam")
    roles = names("revoked")

    def measure() -> float:
        name = roles()
        key, _ = session_of(bargate, name)
        time.sleep(1.1)  # tokens say their time of issue in whole seconds
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        older = {"DateLessThan": {"aws:TokenIssueTime": now}}
        revoke = lambda: iam.put_role_policy(  # noqa: E731
            RoleName=name,
            PolicyName="AWSRevokeOlderSessions",
            PolicyDocument=allow("*", Effect="Deny", Condition=older),
        )
        elapsed_ms = delay_ms(bargate, api.path, key, revoke, (403, b"explicit deny"))
        fresh = Callers(bargate, api.path, assume(bargate, name))
        answers = fresh.ask()
        fresh.close()
        assert {status for status, _ in answers} == {200}
        return elapsed_ms

    assert_at_once(measure)
