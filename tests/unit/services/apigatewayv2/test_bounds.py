"""Any value that a client can send gives an output or a 4xx AwsError."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bargate.services.apigatewayv2.bounds import _input_shapes
from bargate.services.apigatewayv2.service import SERVICE
from bargate.services.operation import OperationCall
from bargate.wire.error import AwsError
from calling import NOW, REGION, root
from http_apis import calling, new_api, new_jwt, new_route, new_stage

_CODES = {"BadRequestException", "NotFoundException", "ConflictException"}
_WORDS = [
    "", "a", "$default", "GET /a", "$request.header.x", "http://127.0.0.1/", "\0", "\ud800", "é🙂",
    "JWT", "HTTP", "HTTP_PROXY", "NONE", "OAS30", "JSON", "x" * 5000, "../", "%2f", "-1", "{}",
    "arn:aws:apigateway:us-east-1::/apis/a", "integrations/a", "*", "null", "1.0", "\r\n",
]  # fmt: skip


def _values(shape: Any, known: dict[str, str], name: str = "") -> st.SearchStrategy[Any]:
    kind = shape.type_name
    if kind == "structure":
        optional = {member: _values(each, known, member) for member, each in shape.members.items()}
        needed = {member: optional.pop(member) for member in shape.required_members}
        return st.fixed_dictionaries(needed, optional=optional)
    if kind == "list":
        return st.lists(_values(shape.member, known), max_size=3)
    if kind == "map":
        key = _values(shape.key, known)
        return st.dictionaries(key, _values(shape.value, known), max_size=3)
    if kind == "string":
        texts = st.sampled_from(_WORDS) | st.text(max_size=20)
        if shape.enum:
            texts = st.sampled_from(shape.enum) | texts
        return st.just(known[name]) | texts if name in known else texts
    if kind == "boolean":
        return st.booleans()
    if kind in {"integer", "long"}:
        return st.integers(-(2**70), 2**70)
    return st.floats()


@pytest.mark.parametrize("name", sorted(SERVICE.operations))
def test_generated_input_is_answered_or_refused(name):
    call = calling()
    api = new_api(call)
    route = new_route(call, api)
    new_stage(call, api)
    (integration,) = call("GetIntegrations", ApiId=api)["Items"]
    deployment = call("GetStage", ApiId=api, StageName="$default")["DeploymentId"]
    known = {
        "ApiId": api,
        "RouteId": route,
        "StageName": "$default",
        "IntegrationId": integration["IntegrationId"],
        "AuthorizerId": new_jwt(call, api),
        "DeploymentId": deployment,
        "ResourceArn": f"arn:aws:apigateway:us-east-1::/apis/{api}",
    }
    shape = _input_shapes()[name]
    operation = SERVICE.operations[name]

    class UndoneError(Exception):
        pass

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(_values(shape, known))
    def run(request):
        def work(tx):
            operation.run(
                OperationCall(
                    account_id="123456789012",
                    region=REGION,
                    partition="aws",
                    caller=root(),
                    tx=tx,
                    now=NOW,
                    request_id="r",
                ),
                request,
            )
            raise UndoneError

        with pytest.raises((UndoneError, AwsError)) as raised:
            call.store.write(work)
        refused = raised.value
        if isinstance(refused, AwsError):
            assert refused.code in _CODES
            assert len(refused.message) < 20_000

    run()


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("create_integration", {"IntegrationType": "HTTP_PROXY", "TimeoutInMillis": 49}),
        ("create_authorizer", {"AuthorizerResultTtlInSeconds": -1}),
        ("create_api", {"CorsConfiguration": {"MaxAge": -2}}),
        ("create_vpc_link", {"SubnetIds": ["s"] * 501}),
        ("get_tags", {"ResourceArn": "a" * 4097}),
    ],
)
def test_bounds_are_kept_whoever_parsed_the_request(name, request_):
    with pytest.raises(AwsError, match="BadRequestException"):
        SERVICE.operations[name].run(None, request_)
