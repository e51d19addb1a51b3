"""Lambda authorizers in-process: real steps, real `Needs`, and a function given as a callable.

asked = Functions(lambda event: allow("*"))
verdict, facts = decide(step, call(headers={"Authorization": "t"}), asked)
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from bargate.access import lambda_authorizer, lambda_http_authorizer
from bargate.access.call import Call, Facts
from bargate.access.control import GuardedMethod, GuardedRoute, Step
from bargate.access.verdict import Denial, Need
from bargate.gateway.fetch import fetch
from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.gateway.needs import Needs
from bargate.model.http_api import HttpApi, HttpAuthorizer, Route
from bargate.model.invocation import Errored, Invocation, Outcome, Returned
from bargate.model.rest_api import Authorizer, Method
from building import PLACE, STAGE, guarded, method, rest_api

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:door"
URI = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
METHODS = "arn:aws:execute-api:us-east-1:123456789012:petstore/prod"


def statement(resource: Any = "*", effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource, **more}


def answer(*statements: dict[str, Any], **members: Any) -> dict[str, Any]:
    """What an authorizer returns."""
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return {"principalId": "ann", "policyDocument": document, **members}


ALLOW = answer(statement())


class Functions:
    """A FunctionInvoker for unit tests: `run` is given each event."""

    def __init__(self, run: Callable[[Any], Any]) -> None:
        self.run = run
        self.invocations: list[Invocation] = []

    @property
    def events(self) -> list[Any]:
        return [json.loads(each.payload) for each in self.invocations]

    async def __call__(self, invocation: Invocation) -> Outcome:
        self.invocations.append(invocation)
        await asyncio.sleep(0)
        result = self.run(json.loads(invocation.payload))
        if isinstance(result, Outcome):
            return result
        payload = result if isinstance(result, bytes) else json.dumps(result).encode()
        return Returned(payload=payload, version="$LATEST")


def failed(message: str) -> Errored:
    payload = json.dumps({"errorMessage": message, "errorType": "Exception"}).encode()
    return Errored(payload=payload, version="$LATEST")


def authorizer(kind: Any = "TOKEN", **fields: Any) -> Authorizer:
    return Authorizer(**{"id": "a1", "name": "door", "type": kind, "authorizer_uri": URI, **fields})


def rest(
    authorizer: Authorizer, *paths: str, verb: str = "ANY", **fields: Any
) -> list[GuardedMethod]:
    """The methods of a REST API that one authorizer guards."""
    of: Method = method(verb, authorization_type="CUSTOM", authorizer_id=authorizer.id)
    api = rest_api(
        *((path, of) for path in paths or ("/{proxy+}",)), authorizers=(authorizer,), **fields
    )
    first = guarded(api)
    return [
        GuardedMethod(
            PLACE, api, STAGE, each, each.methods[0], first.keys, first.shared, first.identities
        )
        for each in api.resources
    ]


def rest_step(authorizer: Authorizer, **fields: Any) -> Step:
    step = lambda_authorizer.CONTROL.compile(rest(authorizer, **fields)[0])
    assert step is not None
    return step


def http_route(
    authorizer: HttpAuthorizer, route_key: str = "ANY /{proxy+}", **fields: Any
) -> GuardedRoute:
    """A route of an HTTP API that an authorizer guards."""
    route = Route(route_key=route_key, authorization_type="CUSTOM", authorizer_id=authorizer.id)
    api = HttpApi(id="petstore", name="Pets", routes=(route,), authorizers=(authorizer,), **fields)
    return GuardedRoute(PLACE, api, STAGE, route, HttpKeyDirectory(fetch))


def http_step(authorizer: HttpAuthorizer, route_key: str = "ANY /{proxy+}") -> Step:
    step = lambda_http_authorizer.CONTROL.compile(http_route(authorizer, route_key))
    assert step is not None
    return step


def http_authorizer(**fields: Any) -> HttpAuthorizer:
    known = {"id": "a1", "name": "door", "type": "REQUEST", "authorizer_uri": URI}
    return HttpAuthorizer(**{**known, "payload_format_version": "2.0", **fields})


def decide(step: Step, made: Call, functions: Functions) -> tuple[Denial | None, Facts]:
    """Run a step as the gateway does: what it needs is fetched, and it is run again."""
    return asyncio.run(decided(step, made, Needs(None, None, functions)))  # type: ignore[arg-type]


async def decided(step: Step, made: Call, needs: Needs) -> tuple[Denial | None, Facts]:
    facts = Facts({})
    verdict = step(made, facts)
    if isinstance(verdict, Need):
        await needs.fetch(verdict)
        verdict = step(made, facts)
    assert not isinstance(verdict, Need)
    return verdict, facts
