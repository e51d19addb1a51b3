"""APIs whose methods require an API key, plans with keys on them, and calls with a key.

api = keyed_api(bargate, "/pets")               # GET on / and /pets, deployed as stage prod
plan = Plan.of(bargate, api, quota={"limit": 3, "period": "DAY"})
key = plan.add_key()                            # every worker knows it
assert statuses(bargate, api, key, 4) == [200, 200, 200, 429]
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from e2e.control.installation import Api, Running, put_mock, until
from serving import Answer

PACE = {"rateLimit": 0.01, "burstLimit": 2}  # the third call waits for more than a minute
FORBIDDEN = (403, {"message": "Forbidden"}, "ForbiddenException")
THROTTLED = (429, {"message": "Too Many Requests"}, "TooManyRequestsException")
QUOTA_EXCEEDED = (429, {"message": "Limit Exceeded"}, "LimitExceededException")
_ASKED_FOR_ALL_WORKERS = 16
_numbers = itertools.count()


@dataclass(frozen=True)
class ApiKey:
    id: str
    value: str = field(repr=False)


@dataclass(frozen=True)
class Plan:
    """A usage plan that is open for one stage of an API."""

    running: Running
    api: Api
    id: str

    @classmethod
    def of(
        cls, running: Running, api: Api, methods: dict[str, Any] | None = None, **limits: Any
    ) -> Plan:
        """Make a plan; `methods` are the throttles of its stage."""
        stage = {"apiId": api.id, "stage": api.stage, "throttle": methods or {}}
        made = running.client("apigateway").create_usage_plan(
            name=f"plan-{next(_numbers)}", apiStages=[stage], **limits
        )
        return cls(running, api, made["id"])

    def add_key(self, *, enabled: bool = True) -> ApiKey:
        """Put a new key on the plan, that all workers know on return and that has used nothing."""
        key, probe = self._put_key(enabled=enabled), self._put_key(enabled=True)
        everywhere(lambda: call(self.running, self.api, probe).status != 403)
        return key

    def _put_key(self, *, enabled: bool) -> ApiKey:
        client = self.running.client("apigateway")
        key = new_key(self.running, enabled=enabled)
        client.create_usage_plan_key(usagePlanId=self.id, keyId=key.id, keyType="API_KEY")
        return key

    def usage(self, key: ApiKey) -> list[int]:
        """Give what a key used today, and what remains."""
        today = datetime.now(UTC).date().isoformat()
        told = self.running.client("apigateway").get_usage(
            usagePlanId=self.id, keyId=key.id, startDate=today, endDate=today
        )
        (day,) = told["items"][key.id]
        return day

    def let_remain(self, key: ApiKey, count: int) -> None:
        self.running.client("apigateway").update_usage(
            usagePlanId=self.id,
            keyId=key.id,
            patchOperations=[{"op": "replace", "path": "/remaining", "value": str(count)}],
        )


def new_key(running: Running, *, enabled: bool = True) -> ApiKey:
    """Make a key that is on no plan."""
    name = f"key-{next(_numbers)}"
    made = running.client("apigateway").create_api_key(name=name, enabled=enabled)
    return ApiKey(made["id"], made["value"])


def new_api(running: Running, *paths: str, requires_key: bool) -> Api:
    """Make and deploy a REST API with GET on / and on each path; all workers have it on return."""
    client = running.client("apigateway")
    made = client.create_rest_api(name="keyed")
    api = Api(made["id"], made["rootResourceId"])
    _put_method(client, api, requires_key=requires_key)
    for path in paths:
        resource = client.create_resource(
            restApiId=api.id, parentId=api.root_id, pathPart=path.strip("/")
        )
        _put_method(client, Api(api.id, resource["id"]), requires_key=requires_key)
    client.create_deployment(restApiId=api.id, stageName=api.stage)
    everywhere(lambda: is_served(running, api))
    return api


def keyed_api(running: Running, *paths: str) -> Api:
    return new_api(running, *paths, requires_key=True)


def _put_method(client: Any, api: Api, *, requires_key: bool) -> None:
    put_mock(client, api, '{"ok":true}', authorization="NONE")
    if requires_key:
        client.update_method(
            restApiId=api.id,
            resourceId=api.root_id,
            httpMethod="GET",
            patchOperations=[{"op": "replace", "path": "/apiKeyRequired", "value": "true"}],
        )


def is_served(running: Running, api: Api) -> bool:
    """Say whether a worker has an API, by a method that it lacks; no limit counts such a call."""
    return b"Missing Authentication Token" in running.call(api.path, method="DELETE").body


def everywhere(is_so: Callable[[], bool]) -> None:
    """Wait until so many calls find it so that each worker was asked."""
    until(lambda: all(is_so() for _ in range(_ASKED_FOR_ALL_WORKERS)))


def call(
    running: Running,
    api: Api,
    key: ApiKey | str | None,
    path: str = "",
    *,
    header: str = "x-api-key",
) -> Answer:
    """Call GET on an API's root or a path of it, with a key if one is given."""
    value = key.value if isinstance(key, ApiKey) else key
    headers = {} if value is None else {header: value}
    return running.call(f"{api.path}{path}", headers=headers)


def told(answer: Answer) -> tuple[int, Any, str | None]:
    """Give status, body and error type, to compare with what is expected."""
    return answer.status, answer.json, answer.headers.get("x-amzn-errortype")


def statuses(
    running: Running, api: Api, key: ApiKey | None, count: int, path: str = ""
) -> list[int]:
    """Call so many times, one after the other."""
    return [call(running, api, key, path).status for _ in range(count)]
