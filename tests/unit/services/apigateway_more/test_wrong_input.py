"""Whatever a client sends, an operation answers or refuses as AWS does; nothing else comes out."""

from __future__ import annotations

import random
from typing import Any

import pytest
from botocore import xform_name

from bargate.services.apigateway import SERVICE, more
from bargate.services.operation import OperationCall, collect
from bargate.wire.error import AwsError
from calling import Calling
from unit.services.apigateway_more.building_apis import api_with_stages

ROUNDS = 15
TEXTS = (
    "", "\0", "a\0b", "\ud800", "é", "\u0130", "x" * 5_000, "/", "//", "~1", "~2", "..", "(none)", "%00", "a:b", ":", "-1",
    "1e400", "nan", "2026-01-01", "9999-12-31", "{", "[]", "{}", "arn:aws:a:b:c:d", "\r\n", "*", "API_KEY", "true", "swagger",
    "/quota/limit", "/apiStages", "/endpointConfiguration/types/0", "/endpointConfiguration/types/-1", "/remaining", "/name",
    "application/json", "s3://a/b", "*.example.com", "١٢",
)  # fmt: skip


class Generator:
    def __init__(self, seed: int, known: dict[str, list[str]]) -> None:
        self.random = random.Random(seed)
        self.known = known

    def value(self, shape: Any, name: str = "", depth: int = 0) -> Any:
        draw = self.random
        kind = shape.type_name
        if kind == "structure":
            return {
                member: self.value(each, member, depth + 1)
                for member, each in shape.members.items()
                if member in shape.required_members or (depth < 5 and draw.random() < 0.5)
            }
        if kind == "list":
            return [self.value(shape.member, name, depth + 1) for _ in range(draw.randint(0, 3))]
        if kind == "map":
            return {draw.choice(TEXTS): self.value(shape.value, name, depth + 1) for _ in range(2)}
        if kind == "string":
            return self.text(shape, name)
        if kind == "blob":
            return draw.choice(
                (
                    b"",
                    b"\xff",
                    b"{}",
                    b"name,key\n,\n",
                    b'{"openapi": 3}',
                    b"[" * 9999,
                    b'{"swagger": "2.0", "paths": []}',
                )
            )
        return {
            "boolean": lambda: draw.random() < 0.5,
            "integer": lambda: draw.choice((0, 1, -1, 2**31 - 1, -(2**31))),
            "long": lambda: draw.choice((0, 2**63 - 1)),
            "double": lambda: draw.choice((0.0, -0.0, 1e308, float("inf"), float("nan"))),
        }[kind]()

    def text(self, shape: Any, name: str) -> str:
        known = self.known.get(name)
        if known and self.random.random() < 0.7:
            return self.random.choice(known)
        if getattr(shape, "enum", None) and self.random.random() < 0.8:
            return str(self.random.choice(shape.enum))
        return self.random.choice(TEXTS)


def prepared() -> tuple[Calling, dict[str, list[str]]]:
    api = Calling(SERVICE)
    rest = api_with_stages(api, "prod")
    key = api("CreateApiKey", name="one")["id"]
    plan = api(
        "CreateUsagePlan",
        name="p",
        quota={"limit": 1, "period": "DAY"},
        apiStages=[{"apiId": rest, "stage": "prod"}],
    )["id"]
    api("CreateUsagePlanKey", usagePlanId=plan, keyId=key, keyType="API_KEY")
    api("CreateDomainName", domainName="api.example.com")
    api("CreateBasePathMapping", domainName="api.example.com", restApiId=rest)
    resource = api("GetResources", restApiId=rest)["items"][0]["id"]
    certificate = api("GenerateClientCertificate")["clientCertificateId"]
    part = api(
        "CreateDocumentationPart", restApiId=rest, location={"type": "API"}, properties="{}"
    )["id"]
    paths = [
        "/name",
        "/description",
        "/enabled",
        "/quota/limit",
        "/quota/period",
        "/apiStages",
        "/throttle/rateLimit",
        "/remaining",
        "/policy",
        "/basePath",
        "/stage",
        "/properties",
        f"/apiStages/{rest}:prod/throttle/~1a/GET/rateLimit",
        "/mutualTlsAuthentication/truststoreUri",
        "/endpointConfiguration/types",
    ]
    return api, {
        "restApiId": [rest], "apiId": [rest], "stage": ["prod"], "stageName": ["prod"], "apiKey": [key], "keyId": [key],
        "usagePlanId": [plan], "keyType": ["API_KEY"], "domainName": ["api.example.com"], "resourceId": [resource],
        "httpMethod": ["GET"], "clientCertificateId": [certificate], "documentationPartId": [part], "path": paths,
        "startDate": ["2026-01-01"], "endDate": ["2026-01-02"], "exportType": ["oas30", "swagger"], "basePath": ["(none)"],
        "pathWithQueryString": ["/", "/?a=b"],
    }  # fmt: skip


OPERATIONS = sorted(collect(more.MODULES))


def test_every_operation_of_these_modules_is_tried() -> None:
    assert len(OPERATIONS) >= 60


@pytest.mark.parametrize("name", OPERATIONS)
def test_wrong_input_is_refused_as_aws_refuses(name: str) -> None:
    api, known = prepared()
    model = next(each for each in api.model.operation_names if xform_name(each) == name)
    shape = api.model.operation_model(model).input_shape
    answered = 0
    for seed in range(ROUNDS):
        request = Generator(seed, known).value(shape)

        def work(tx: Any, request: Any = request) -> Any:
            call = OperationCall(
                account_id=api.caller.account_id, region=api.region, partition="aws", caller=api.caller,
                tx=tx, now=api.now, request_id=f"r{seed}",  # noqa: B023
            )  # fmt: skip
            return SERVICE.operations[name].run(call, request)

        try:
            api.store.write(work)
        except AwsError as error:
            assert error.status is None or 400 <= error.status < 500  # noqa: PT017
        answered += 1
    assert answered == ROUNDS
