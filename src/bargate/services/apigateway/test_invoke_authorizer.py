"""TestInvokeAuthorizer: whom an authorizer would let in, decided by its real code.

    simulated request ──► a method that the authorizer alone guards ──► its step
                                    key sets, functions ◄── Need ──┘       └──► output

Nothing is remembered from one test to the next, and what stages remember is not used.
"""

from __future__ import annotations

import json
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from bargate.access.authorizer_answer import AuthorizerAsk, Told
from bargate.access.call import Call, Facts
from bargate.access.key_directory import KeySource
from bargate.access.verdict import Denial, Need
from bargate.ledger.replay import Replayed
from bargate.model.installation import Stage
from bargate.model.invocation import Refused
from bargate.model.rest_api import Integration, Method, Resource
from bargate.policy import render
from bargate.services.apigateway.errors import bad_request
from bargate.services.apigateway.finding import the_authorizer
from bargate.services.apigateway.test_invoke_method import Invocation, compiled, frozen
from bargate.services.apigateway.test_log import ExecutionLog
from bargate.services.apigateway.test_request import STAGE, simulated_call, stage_variables
from bargate.services.environment import Environment
from bargate.services.operation import Later, operation
from bargate.snapshot.trial import NoKeys

if TYPE_CHECKING:
    from bargate.access.authorizer_answer import Answer
    from bargate.model.invocation import Outcome
    from bargate.model.rest_api import RestApi
    from bargate.records.rest_authorizer import RestAuthorizer
    from bargate.services.environment import FetchingKeys
    from bargate.services.operation import OperationCall, Params

_MAX_FETCHES: Final = 3
_NO_FUNCTIONS: Final = Refused(reason="unavailable", message="no functions run here")


@operation()
def test_invoke_authorizer(call: OperationCall, request: Params) -> Later:
    """Run an authorizer on a simulated request."""
    authorizer = the_authorizer(call, request)
    environment = call.environment if isinstance(call.environment, Environment) else None
    keys = environment.keys if environment is not None else None
    if authorizer.type == "COGNITO_USER_POOLS" and keys is None:
        raise bad_request("No key set can be fetched from here: deploy the API and call it")
    api = _guarded(frozen(call, request), authorizer)
    simulated = simulated_call(call, request, "GET", "/")
    shown = Stage(name=STAGE, variables=stage_variables(request))
    stage = compiled(call, api, shown, keys or NoKeys())
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
    return Later(lambda: _run(test, environment, keys))


def _guarded(api: RestApi, authorizer: RestAuthorizer) -> RestApi:
    """Give an API of one method that nothing but the authorizer guards."""
    is_cognito = authorizer.type == "COGNITO_USER_POOLS"
    method = Method(
        http_method="GET",
        authorization_type="COGNITO_USER_POOLS" if is_cognito else "CUSTOM",
        authorizer_id=authorizer.id,
        integration=Integration(type="MOCK"),
    )
    resource = Resource(id="test", path="/", methods=(method,))
    return replace(api, policy=None, models=(), resources=(resource,))


async def _run(
    test: Invocation, environment: Environment | None, keys: FetchingKeys | None
) -> Params:
    verdict = _verdict(test.endpoint.head, test.call, test.facts)
    for _ in range(_MAX_FETCHES):
        if not isinstance(verdict, Need):
            break
        if isinstance(verdict.source, AuthorizerAsk):
            await _ask(test, environment, verdict.source)
        elif isinstance(verdict.source, KeySource) and keys is not None:
            test.log.add(f"Fetching the key set of {verdict.source.issuer}")
            await keys.fetch(verdict.source)
        verdict = _verdict(test.endpoint.head, test.call, test.facts)
    if isinstance(verdict, Need):
        verdict = _unknown_keys(verdict, keys)
    told = test.facts.authorizer_answer
    returned = {} if told is None or isinstance(told.answer, Denial) else _returned(told.answer)
    if verdict is not None:
        return _output(test, test.refused(verdict).status) | returned
    test.log.add("Successfully completed authorizer execution")
    if returned:
        return _output(test, 0) | returned
    return _output(test, 0) | {"claims": _claims(test.facts.claims or {})}


async def _ask(test: Invocation, environment: Environment | None, ask: AuthorizerAsk) -> None:
    functions = environment.functions if environment is not None else None
    test.log.function_request(ask.invocation)
    sent_s = monotonic()
    outcome: Outcome = _NO_FUNCTIONS if functions is None else await functions(ask.invocation)
    latency_s = monotonic() - sent_s
    answer = ask.read(outcome)
    told = Told(answer=answer, latency_s=latency_s)
    test.facts.authorizer_answer = told
    if isinstance(answer, Denial):
        test.log.add(f"Authorizer failed, latency: {int(latency_s * 1000)} ms")
    else:
        # Not the answer itself: its usageIdentifierKey opens doors.
        test.log.add(f"Authorizer answered, latency: {int(latency_s * 1000)} ms")


def _unknown_keys(need: Need, keys: FetchingKeys | None) -> Denial:
    assert isinstance(need.source, KeySource)  # noqa: S101  authorizers need nothing else
    known = keys.describe(need.source) if keys is not None else "none can be fetched from here"
    return Denial(
        response_type="AUTHORIZER_FAILURE",
        reason="authorizer.keys",
        detail=f"the key set is not known: {known}",
    )


def _returned(answer: Answer) -> Params:
    """Give what a function returned; AWS [M]: `authorization` maps names to lists of texts."""
    shown: Params = {}
    if answer.principal_id is not None:
        shown["principalId"] = answer.principal_id
    if answer.policy is not None:
        shown["policy"] = json.dumps(json.loads(render(answer.policy.policy)))
    if answer.context:
        shown["authorization"] = {name: [value] for name, value in answer.context.items()}
    return shown


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
