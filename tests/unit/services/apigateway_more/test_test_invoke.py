from __future__ import annotations

import asyncio
import json
from typing import Any, cast

import pytest
from botocore import xform_name
from msgspec import structs

from authorizing import URI, Functions, answer, failed, statement
from bargate.access.key_directory import KeySource
from bargate.mapping.plan import UpstreamRequest
from bargate.records.rest_authorizer import REST_AUTHORIZER, RestAuthorizer
from bargate.services.apigateway import SERVICE
from bargate.services.environment import BackendAnswer, BackendFailed, Environment
from bargate.services.operation import Later, OperationCall
from bargate.wire.error import AwsError
from calling import ACCOUNT, REGION, Calling, root
from unit.tokens.minting import MemoryDirectory, jwk, mint

POOL = f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{REGION}_abc"


def environment(**members: Any) -> Environment:
    nothing = cast("Any", None)
    known = {
        "sealer": nothing,
        "sealing_keys": (),
        "mfa_attempts": nothing,
        "api_endpoint": nothing,
    }
    return Environment(**(known | members))


class Backend:
    def __init__(self, answer: BackendAnswer | BackendFailed) -> None:
        self.answer = answer
        self.asked: list[UpstreamRequest] = []

    async def __call__(self, request: UpstreamRequest) -> BackendAnswer:
        self.asked.append(request)
        if isinstance(self.answer, BackendFailed):
            raise self.answer
        return self.answer


def run(api: Calling, name: str, **request: Any) -> Any:
    """Run an operation whose output may need waiting."""

    def work(tx: Any) -> Any:
        call = OperationCall(
            account_id=api.caller.account_id, region=api.region, partition="aws", caller=api.caller,
            tx=tx, now=api.now, request_id="r-1", environment=api.environment,
        )  # fmt: skip
        return SERVICE.operations[xform_name(name)].run(call, request)

    output = api.store.read(work)
    return asyncio.run(output.work()) if isinstance(output, Later) else output  # type: ignore[arg-type]


class Made:
    def __init__(self, api: Calling, integration: dict[str, Any], **method: Any) -> None:
        made = api("CreateRestApi", name="t")
        self.rest = made["id"]
        resource = api(
            "CreateResource", restApiId=self.rest, parentId=made["rootResourceId"], pathPart="{id}"
        )
        self.ids = {"restApiId": self.rest, "resourceId": resource["id"], "httpMethod": "GET"}
        api("PutMethod", **self.ids, **({"authorizationType": "NONE"} | method))
        api("PutMethodResponse", **self.ids, statusCode="200")
        api("PutIntegration", **self.ids, **integration)
        if not integration["type"].endswith("PROXY"):
            api(
                "PutIntegrationResponse",
                **self.ids,
                statusCode="200",
                responseTemplates={
                    "application/json": '{"id": "$input.params(\'id\')", "v": "$stageVariables.v", "stage": "$context.stage"}'
                },
            )


MOCK = {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}}


def proxy(uri: str = "http://backend.example.com:9000/{id}") -> dict[str, Any]:
    return {
        "type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": uri,
        "requestParameters": {"integration.request.path.id": "method.request.path.id"},
    }  # fmt: skip


WITH_PATH = {"requestParameters": {"method.request.path.id": True}}


def test_a_mock_answers_in_process(api: Calling) -> None:
    made = Made(api, MOCK)
    output = run(
        api,
        "TestInvokeMethod",
        **made.ids,
        pathWithQueryString="/7?a=b",
        stageVariables={"v": "x"},
        headers={"Authorization": "Bearer secret-token", "X-A": "1"},
    )
    assert output["status"] == 200
    assert output["body"] == '{"id": "7", "v": "x", "stage": "test-invoke-stage"}'
    assert output["headers"]["Content-Type"] == "application/json"
    assert output["multiValueHeaders"]["Content-Type"] == ["application/json"]
    log = output["log"]
    assert log.startswith("Execution log for request r-1\n")
    assert "HTTP Method: GET, Resource Path: /{id}" in log
    assert "Method request query string: a=b" in log
    assert "Method completed with status: 200" in log
    assert "secret-token" not in log
    assert output["latency"] >= 0


def test_authorization_keys_and_policy_are_left_out(api: Calling) -> None:
    made = Made(api, MOCK, authorizationType="AWS_IAM", apiKeyRequired=True)
    assert run(api, "TestInvokeMethod", **made.ids, pathWithQueryString="/7")["status"] == 200


def test_validation_is_not_left_out(api: Calling) -> None:
    made = Made(api, MOCK)
    validator = api(
        "CreateRequestValidator", restApiId=made.rest, name="v", validateRequestParameters=True
    )
    api("DeleteMethod", **made.ids)
    api(
        "PutMethod",
        **made.ids,
        authorizationType="NONE",
        requestValidatorId=validator["id"],
        requestParameters={"method.request.header.X-A": True},
    )
    api("PutIntegration", **made.ids, **MOCK)
    output = run(api, "TestInvokeMethod", **made.ids, pathWithQueryString="/7")
    assert output["status"] == 400
    assert "Missing required request parameters: [X-A]" in output["body"]


def test_a_backend_is_really_asked(api: Calling) -> None:
    backend = Backend(BackendAnswer(201, [(b"X-B", b"1"), (b"X-B", b"2")], b"hello"))
    api.environment = environment(backends=backend)
    made = Made(api, proxy(), **WITH_PATH)
    output = run(api, "TestInvokeMethod", **made.ids, pathWithQueryString="/7?q=1")
    assert (output["status"], output["body"]) == (201, "hello")
    assert output["multiValueHeaders"]["X-B"] == ["1", "2"]
    (asked,) = backend.asked
    assert asked.head.startswith(b"GET /7?q=1 HTTP/1.1\r\n")
    assert asked.origin.host == "backend.example.com"
    assert "Endpoint request URI: http://backend.example.com:9000/7?q=1" in output["log"]


@pytest.mark.parametrize("is_timeout", [True, False])
def test_a_backend_that_fails_is_a_504(api: Calling, is_timeout: bool) -> None:
    api.environment = environment(
        backends=Backend(BackendFailed("it is gone", is_timeout=is_timeout))
    )
    made = Made(api, proxy(), **WITH_PATH)
    output = run(api, "TestInvokeMethod", **made.ids, pathWithQueryString="/7")
    assert output["status"] == 504
    assert "it is gone" in output["log"]
    assert "it is gone" not in output["body"]


def test_without_backends_it_is_refused(api: Calling) -> None:
    made = Made(api, proxy(), **WITH_PATH)
    for found in (None, environment()):
        api.environment = found
        with pytest.raises(AwsError, match="No backend"):
            run(api, "TestInvokeMethod", **made.ids, pathWithQueryString="/7")


@pytest.mark.parametrize(
    "request_",
    [
        {"pathWithQueryString": "7"},
        {"pathWithQueryString": "/a/b"},
        {"pathWithQueryString": "http://evil.example.com/"},
        {"pathWithQueryString": "/7 HTTP/1.1\r\nX: y"},
        {"pathWithQueryString": "/" + "x" * 20_000},
        {"pathWithQueryString": "/é"},
        {"pathWithQueryString": "/7", "headers": {"X\r\nY": "z"}},
        {"pathWithQueryString": "/7", "headers": {"X": "a\r\nY: z"}},
        {"pathWithQueryString": "/7", "headers": {"X": "\u20ac"}},
        {"pathWithQueryString": "/7", "multiValueHeaders": {"X": ["a", "\0"]}},
        {"pathWithQueryString": "/7", "headers": {"X": "a" * 20_000}},
        {"pathWithQueryString": "/7", "stageVariables": {"a b": "x"}},
        {"pathWithQueryString": "/7", "stageVariables": {"a": "x\r\ny"}},
        {"pathWithQueryString": "/7", "body": "x" * (10 * 1024 * 1024 + 1)},
    ],
)
def test_what_could_not_come_over_the_wire_is_refused(
    api: Calling, request_: dict[str, Any]
) -> None:
    backend = Backend(BackendAnswer(200, [], b""))
    api.environment = environment(backends=backend)
    made = Made(api, proxy(), **WITH_PATH)
    with pytest.raises(AwsError) as refused:
        run(api, "TestInvokeMethod", **made.ids, **request_)
    assert refused.value.code == "BadRequestException"
    assert backend.asked == []


def test_what_is_not_there_is_not_run(api: Calling) -> None:
    made = Made(api, MOCK)
    with pytest.raises(AwsError, match="Invalid Method identifier specified"):
        run(api, "TestInvokeMethod", **(made.ids | {"httpMethod": "PUT"}))
    with pytest.raises(AwsError, match="Invalid Resource identifier specified"):
        run(api, "TestInvokeMethod", **(made.ids | {"resourceId": "x"}))
    stranger = Calling(SERVICE, api.store, caller=root("210987654321"))
    with pytest.raises(AwsError, match="Invalid API identifier specified"):
        run(stranger, "TestInvokeMethod", **made.ids)


class FetchableKeys(MemoryDirectory):  # type: ignore[misc]
    """A key directory that knows its issuer's keys once they were fetched."""

    def __init__(self, source: KeySource) -> None:
        super().__init__(may=True)
        self.source = source
        self.silent = False
        self.fetched: list[KeySource] = []

    async def fetch(self, source: KeySource) -> None:
        self.fetched.append(source)
        if source == self.source and not self.silent:
            self.publish(source, jwk("a", alg="RS256", use="sig"))
            self.may = False


class TestAuthorizers:
    ISSUER = f"https://cognito-idp.{REGION}.amazonaws.com/{REGION}_abc"

    def authorizer(self, api: Calling, kind: Any = "COGNITO_USER_POOLS") -> dict[str, str]:
        rest = api("CreateRestApi", name="t")["id"]
        record = RestAuthorizer(
            account_id=ACCOUNT, region=REGION, api_id=rest, id="auth1", name="users", type=kind,
            provider_arns=(POOL,), identity_source="method.request.header.Authorization",
        )  # fmt: skip
        api.store.write(lambda tx: tx.create(REST_AUTHORIZER, record))
        return {"restApiId": rest, "authorizerId": "auth1"}

    def token(self, **changes: Any) -> str:
        now = 1_767_322_000  # an hour before the clock of Calling
        claims = {
            "iss": self.ISSUER,
            "sub": "u",
            "aud": "c",
            "token_use": "id",
            "iat": now,
            "exp": now + 10_000,
            "groups": ["a"],
            "email_verified": True,
        }
        return mint("a", claims | changes).decode()

    def keys(self) -> FetchableKeys:
        return FetchableKeys(KeySource(self.ISSUER, self.ISSUER + "/.well-known/jwks.json"))

    def invoke(self, api: Calling, ids: dict[str, str], token: str) -> Any:
        return run(api, "TestInvokeAuthorizer", **ids, headers={"Authorization": token})

    def test_a_right_token_gives_its_claims_after_its_keys_are_fetched(self, api: Calling) -> None:
        keys = self.keys()
        api.environment = environment(keys=keys)
        ids = self.authorizer(api)
        output = self.invoke(api, ids, self.token())
        assert output["clientStatus"] == 0, output
        assert (output["claims"]["sub"], output["claims"]["groups"]) == ("u", '["a"]')
        assert output["claims"]["email_verified"] == "true"
        assert len(keys.fetched) == 1

    def test_wrong_tokens_are_refused_as_live(self, api: Calling) -> None:
        api.environment = environment(keys=self.keys())
        ids = self.authorizer(api)
        forged = mint(
            "b", {"iss": self.ISSUER, "token_use": "id", "exp": 2e9, "iat": 1}, kid="a"
        ).decode()
        for token in (
            self.token(exp=1_767_322_001),
            self.token(iss="https://evil.example.com"),
            self.token() + "x",
            forged,
            "x",
            "",
        ):
            output = self.invoke(api, ids, token)
            assert output["clientStatus"] == 401
            assert "claims" not in output
            assert len(token) < 9 or token not in output["log"]

    def test_keys_that_cannot_be_had_let_nobody_in(self, api: Calling) -> None:
        keys = self.keys()
        keys.silent = True
        api.environment = environment(keys=keys)
        output = self.invoke(api, self.authorizer(api), self.token())
        assert output["clientStatus"] in {401, 500}
        assert "claims" not in output
        assert len(keys.fetched) <= 3

    def function(self, api: Calling, kind: str, run: Any, **fields: Any) -> dict[str, str]:
        self.functions = Functions(run)
        api.environment = environment(functions=self.functions)
        ids = self.authorizer(api, kind)
        api.store.write(
            lambda tx: tx.update(
                REST_AUTHORIZER,
                (ACCOUNT, REGION, ids["restApiId"], "auth1"),
                lambda record: structs.replace(record, authorizer_uri=URI, **fields),
            )
        )
        return ids

    @pytest.mark.parametrize("kind", ["TOKEN", "REQUEST"])
    def test_a_function_is_asked_and_its_answer_told(self, api: Calling, kind: str) -> None:
        returned = answer(statement(), context={"a": 1}, usageIdentifierKey="KEY" * 8)
        ids = self.function(api, kind, lambda _: returned)
        for _ in range(2):
            output = self.invoke(api, ids, "SECRET-TOKEN")
            assert output["clientStatus"] == 0, output
            assert output["principalId"] == "ann"
            assert output["authorization"] == {"a": ["1"]}
            assert json.loads(output["policy"])["Statement"][0]["Effect"] == "Allow"
            assert "SECRET" not in str(output)
            assert "KEYKEY" not in str(output)
        assert len(self.functions.events) == 2  # nothing is remembered from test to test
        assert self.functions.events[0]["methodArn"].endswith("/test-invoke-stage/GET/")

    @pytest.mark.parametrize(
        ("returned", "status"),
        [
            (failed("Unauthorized"), 401),
            (failed("boom"), 500),
            ({"principalId": "ann"}, 500),
            (answer(statement(effect="Deny")), 403),
        ],
    )
    def test_an_answer_that_refuses(self, api: Calling, returned: Any, status: int) -> None:
        output = self.invoke(api, self.function(api, "TOKEN", lambda _: returned), "t")
        assert output["clientStatus"] == status

    def test_a_missing_or_wrong_token_asks_nobody(self, api: Calling) -> None:
        expression = {"identity_validation_expression": "[a-z]+"}
        ids = self.function(api, "TOKEN", lambda _: answer(statement()), **expression)
        for token in ("", "UPPER"):
            assert self.invoke(api, ids, token)["clientStatus"] == 401
        assert self.functions.events == []

    def test_without_functions_nobody_is_let_in(self, api: Calling) -> None:
        ids = self.function(api, "TOKEN", lambda _: answer(statement()))
        api.environment = environment()
        output = self.invoke(api, ids, "t")
        assert output["clientStatus"] == 500
        assert "principalId" not in output

    def test_without_keys_it_is_refused(self, api: Calling) -> None:
        with pytest.raises(AwsError, match="No key set"):
            self.invoke(api, self.authorizer(api), "x")
