"""TestInvokeAuthorizer: whom a user pool authorizer would let in, decided by its real code."""

from __future__ import annotations

import json
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from bargate.access.call import Call, Facts
from bargate.access.key_directory import KeySource
from bargate.access.verdict import Denial, Need
from bargate.ledger.replay import Replayed
from bargate.model.installation import Stage
from bargate.model.rest_api import Integration, Method, Resource
from bargate.services.apigateway.errors import bad_request
from bargate.services.apigateway.finding import the_authorizer
from bargate.services.apigateway.test_invoke_method import Invocation, compiled, frozen
from bargate.services.apigateway.test_log import ExecutionLog
from bargate.services.apigateway.test_request import STAGE, simulated_call, stage_variables
from bargate.services.environment import Environment
from bargate.services.operation import Later, operation

if TYPE_CHECKING:
    from bargate.model.rest_api import RestApi
    from bargate.records.rest_authorizer import RestAuthorizer
    from bargate.services.environment import FetchingKeys
    from bargate.services.operation import OperationCall, Params

_MAX_FETCHES: Final = 3


@operation()
def test_invoke_authorizer(call: OperationCall, request: Params) -> Later:
    """Run an authorizer on a simulated request."""
    authorizer = the_authorizer(call, request)
    if authorizer.type != "COGNITO_USER_POOLS":
        # [I] until functions can be run: nothing is said of a call that nobody can decide
        raise bad_request(
            f"Authorizers of type {authorizer.type} need a Lambda function, and Bargate cannot run"
            " functions yet"
        )
    environment = call.environment
    keys = environment.keys if isinstance(environment, Environment) else None
    if keys is None:
        raise bad_request("No key set can be fetched from here: deploy the API and call it")
    api = _guarded(frozen(call, request), authorizer)
    simulated = simulated_call(call, request, "GET", "/")
    stage = compiled(call, api, Stage(name=STAGE, variables=stage_variables(request)), keys)
    matched = stage.router.match("GET", "/")
    if matched is None:
        raise AssertionError("the API has this one method")  # INVARIANT: see _guarded
    test = Invocation(
        stage,
        matched[0],
        simulated,
        Facts({}, counters=Replayed()),
        ExecutionLog(simulated),
        monotonic(),
    )
    return Later(lambda: _run(test, keys))


def _guarded(api: RestApi, authorizer: RestAuthorizer) -> RestApi:
    """Give an API of one method that nothing but the authorizer guards."""
    method = Method(
        http_method="GET",
        authorization_type="COGNITO_USER_POOLS",
        authorizer_id=authorizer.id,
        integration=Integration(type="MOCK"),
    )
    resource = Resource(id="test", path="/", methods=(method,))
    return replace(api, policy=None, models=(), resources=(resource,))


async def _run(test: Invocation, keys: FetchingKeys) -> Params:
    verdict = _verdict(test.endpoint.head, test.call, test.facts)
    for _ in range(_MAX_FETCHES):
        if not isinstance(verdict, Need) or not isinstance(verdict.source, KeySource):
            break
        test.log.add(f"Fetching the key set of {verdict.source.issuer}")
        await keys.fetch(verdict.source)
        verdict = _verdict(test.endpoint.head, test.call, test.facts)
    if isinstance(verdict, Need) and isinstance(verdict.source, KeySource):
        verdict = Denial(
            response_type="AUTHORIZER_FAILURE",
            reason="authorizer.keys",
            detail=f"the key set is not known: {keys.describe(verdict.source)}",
        )
    assert not isinstance(verdict, Need)  # noqa: S101  authorizers ask for key sets alone
    if verdict is not None:
        return _output(test, test.refused(verdict).status)
    test.log.add("Successfully completed authorizer execution")
    return _output(test, 0) | {"claims": _claims(test.facts.claims or {})}


def _verdict(steps: Any, call: Call, facts: Facts) -> Denial | Need | None:
    for step in steps:
        verdict: Denial | Need | None = step(call, facts)
        if verdict is not None:
            return verdict
    return None


def _output(test: Invocation, client_status: int) -> Params:
    """AWS [M]: clientStatus is 0 if the authorizer succeeded."""
    return {
        "clientStatus": client_status,
        "log": test.log.text(),
        "latency": int((monotonic() - test.started_s) * 1000),
    }


def _claims(claims: Any) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in claims.items()
    }
