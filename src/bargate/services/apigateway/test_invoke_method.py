"""TestInvokeMethod: run a method of the live API, deployed or not, and tell how it went.

    live records ──frozen_api──► one method ──compile_stage──► steps ──► plan ──► backend ──► output
                                                                              └──► function ──┘

Authorizers, keys and policies are left out, validation and mapping are not (AWS [O]).
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from bargate.access.call import Call, Facts
from bargate.access.verdict import Denial, Need
from bargate.ledger.replay import Replayed
from bargate.mapping.plan import Response, UpstreamRequest
from bargate.model.installation import Installation, ServedStage, Stage
from bargate.model.invalid import InvalidConfiguration
from bargate.model.invocation import Invocation as FunctionInvocation
from bargate.model.invocation import Refused
from bargate.records.client_certificate import CLIENT_CERTIFICATE
from bargate.services.apigateway.client_certificates import MISSING
from bargate.services.apigateway.deployed import frozen_api
from bargate.services.apigateway.errors import bad_request, not_found
from bargate.services.apigateway.finding import find_part, the_api, the_resource
from bargate.services.apigateway.model_schemas import InvalidSchema
from bargate.services.apigateway.stage_trial import not_enforceable
from bargate.services.apigateway.test_log import ExecutionLog
from bargate.services.apigateway.test_request import STAGE, simulated_call, stage_variables
from bargate.services.environment import BackendFailed, Environment
from bargate.services.operation import Later, operation
from bargate.snapshot.stage import Surroundings, compile_stage
from bargate.snapshot.trial import NoKeys

if TYPE_CHECKING:
    from bargate.access.key_directory import KeyDirectory
    from bargate.mapping.plan import FunctionPlan, Headers, HttpPlan
    from bargate.model.invocation import FunctionInvoker, Outcome
    from bargate.model.rest_api import RestApi
    from bargate.records.rest_resource import RestResource
    from bargate.services.environment import BackendAnswer, BackendCaller
    from bargate.services.operation import OperationCall, Params
    from bargate.snapshot.compiled import CompiledStage, Endpoint

_VERBS: Final = frozenset({"GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD"})


class Invocation(Struct, frozen=True, eq=False):
    """A test under way."""

    stage: CompiledStage
    endpoint: Endpoint
    call: Call
    facts: Facts
    log: ExecutionLog
    started_s: float

    def refused(self, denial: Denial) -> Response:
        """Give the API's own words for a denial."""
        self.log.denied(denial)
        return self.stage.refuser.render(self.call, self.facts, self.endpoint, denial)


@operation()
def test_invoke_method(call: OperationCall, request: Params) -> Params | Later:
    """Run a method."""
    test = _test(call, request)
    decided = _decided(test)
    if isinstance(decided, Response):
        return _output(test, decided)
    environment = call.environment if isinstance(call.environment, Environment) else None
    if isinstance(decided, FunctionInvocation):
        return _invoking(test, environment.functions if environment else None, decided)
    if environment is None or environment.backends is None:
        raise bad_request("No backend can be called from here: deploy the API and call it")
    return _asking(test, environment.backends, decided)


def _asking(test: Invocation, backends: BackendCaller, upstream: UpstreamRequest) -> Later:
    async def ask() -> Params:
        test.log.endpoint_request(upstream)
        sent_s = monotonic()
        try:
            answer = await backends(upstream)
        except BackendFailed as error:
            return _output(test, test.refused(_failure(error)))
        latency_ms = int((monotonic() - sent_s) * 1000)
        test.log.endpoint_response(answer.status, answer.headers, answer.body, latency_ms)
        return _output(test, _mapped(test, answer))

    return Later(ask)


def _invoking(
    test: Invocation, functions: FunctionInvoker | None, invocation: FunctionInvocation
) -> Later:
    async def invoke() -> Params:
        test.log.function_request(invocation)
        sent_s = monotonic()
        outcome: Outcome = _NO_FUNCTIONS if functions is None else await functions(invocation)
        test.log.function_response(outcome, int((monotonic() - sent_s) * 1000))
        plan: FunctionPlan = test.endpoint.plan  # type: ignore[assignment]  # it invoked
        answer = plan.answered(test.call, test.facts, outcome)
        return _output(test, test.refused(answer) if isinstance(answer, Denial) else answer)

    return Later(invoke)


_NO_FUNCTIONS: Final = Refused(reason="unavailable", message="no functions run here")


def _test(call: OperationCall, request: Params) -> Invocation:
    resource = the_resource(call, request)
    verb = request["httpMethod"]
    if verb not in resource.methods and not (verb in _VERBS and "ANY" in resource.methods):
        raise not_found("Invalid Method identifier specified")
    api = _only(frozen(call, request), resource, verb)
    simulated = simulated_call(call, request, "GET" if verb == "ANY" else verb, resource.path)
    shown = Stage(
        name=STAGE,
        variables=stage_variables(request),
        client_certificate_id=_certificate(call, request),
    )
    stage = compiled(call, api, shown, NoKeys())
    matched = stage.router.match(simulated.method, simulated.resource_path)
    if matched is None:
        raise bad_request("pathWithQueryString is not a path of the resource")
    test = Invocation(
        stage,
        matched[0],
        simulated,
        Facts(matched[1], counters=Replayed()),
        ExecutionLog(simulated),
        monotonic(),
    )
    test.log.method_request(simulated, resource.path, dict(matched[1]))
    return test


def _certificate(call: OperationCall, request: Params) -> str | None:
    """Give the id of the certificate that the backend is shown, of the caller's own."""
    wanted = request.get("clientCertificateId") or None
    if wanted is not None and find_part(call, CLIENT_CERTIFICATE, wanted) is None:
        raise bad_request(MISSING)  # [I]
    return wanted


def frozen(call: OperationCall, request: Params) -> RestApi:
    """Give the live API as it would be deployed."""
    try:
        return frozen_api(call.tx, the_api(call, request))
    except InvalidSchema as error:
        raise bad_request(f"Invalid model: {error}"[:1024]) from error


def _only(api: RestApi, record: RestResource, verb: str) -> RestApi:
    """Leave of an API the method under test, open to whoever may test it."""
    found = record.methods.get(verb) or record.methods["ANY"]
    if found.method.integration is None:
        raise bad_request("No integration defined for method")  # AWS [R] on deployment
    method = replace(
        found.method,
        authorization_type="NONE",
        authorizer_id=None,
        authorization_scopes=(),
        api_key_required=False,
    )
    resource = next(each for each in api.resources if each.id == record.id)
    return replace(api, policy=None, resources=(replace(resource, methods=(method,)),))


def compiled(call: OperationCall, api: RestApi, stage: Stage, keys: KeyDirectory) -> CompiledStage:
    """Compile an API as the test stage; raises BadRequestException for what cannot be enforced."""
    known = call.environment.installation if isinstance(call.environment, Environment) else None
    place = replace(known or Installation(), partition=call.partition)
    served = ServedStage(
        account_id=call.account_id,
        region=call.region,
        api=api,
        stage=stage,
    )
    try:
        return compile_stage(served, Surroundings(place, keys))
    except InvalidConfiguration as error:
        raise not_enforceable(error) from error


def _decided(test: Invocation) -> Response | UpstreamRequest | FunctionInvocation:
    for step in (*test.endpoint.head, *test.endpoint.tail):
        verdict = step(test.call, test.facts)
        if isinstance(verdict, Need):
            raise bad_request("The method cannot be tested: it needs a key set")
        if verdict is not None:
            return test.refused(verdict)
    answer = test.endpoint.ask(test.call, test.facts)
    return test.refused(answer) if isinstance(answer, Denial) else answer


def _failure(error: BackendFailed) -> Denial:
    """AWS [R] apigw-errors §1: no connection and no answer in time are 504."""
    kind = "INTEGRATION_TIMEOUT" if error.is_timeout else "INTEGRATION_FAILURE"
    return Denial(
        response_type=kind,  # type: ignore[arg-type]  # one of them
        reason="integration.timeout" if error.is_timeout else "integration.unreachable",
        detail=str(error),
        status=504,
    )


def _mapped(test: Invocation, answer: BackendAnswer) -> Response:
    plan: HttpPlan = test.endpoint.plan  # type: ignore[assignment]  # it made the request
    if plan.streams:
        status, headers = plan.head(test.call, test.facts, answer.status, answer.headers)
        return Response(status, headers, answer.body)
    mapped = plan.response(test.call, test.facts, answer.status, answer.headers, answer.body)
    return test.refused(mapped) if isinstance(mapped, Denial) else mapped


def _output(test: Invocation, response: Response) -> Params:
    test.log.method_response(response.status, response.headers, response.body)
    values = _by_name(response.headers)
    return {
        "status": response.status,
        "headers": {name: each[-1] for name, each in values.items()},
        "multiValueHeaders": values,
        "body": response.body.decode("utf-8", "replace"),
        "log": test.log.text(),
        "latency": int((monotonic() - test.started_s) * 1000),
    }


def _by_name(headers: Headers) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
    return values
