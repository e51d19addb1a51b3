"""The script's part of API Gateway's REST APIs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from tests.endpoint import ACCOUNT, REGION

from conformance.control.script import Step, steps_of

step = steps_of("apigateway")

CERTIFICATE = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/12345678-1234-1234-1234-123456789012"
BALANCER = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/net/n/0123456789abcdef"
OPENAPI = json.dumps(
    {"openapi": "3.0.1", "info": {"title": "imported", "version": "1"}, "paths": {"/a": {}}}
).encode()
PARTS = json.dumps(
    {"documentationParts": [{"location": {"type": "API"}, "properties": {"description": "all"}}]}
).encode()
KEYS = b"Name,key\r\nimported,abcdefghij0123456789abcdefghij\r\n"
SCHEMA = json.dumps({"type": "object", "properties": {"name": {"type": "string"}}})


def patch(path: str, value: str | None = None, op: str = "replace") -> list[dict[str, str]]:
    made = {"op": op, "path": path}
    return [made if value is None else {**made, "value": value}]


def api(k: Any, **more: Any) -> dict[str, Any]:
    return {"restApiId": k.api, **more}


def at(k: Any, **more: Any) -> dict[str, Any]:
    return api(k, resourceId=k.resource, httpMethod="GET", **more)


def at_200(k: Any, **more: Any) -> dict[str, Any]:
    return at(k, statusCode="200", **more)


def stage(k: Any, **more: Any) -> dict[str, Any]:
    return api(k, stageName="dev", **more)


def arn(k: Any) -> str:
    return f"arn:aws:apigateway:{REGION}::/restapis/{k.api}"


def today(_k: Any = None) -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d")


BUILD: tuple[Step, ...] = (
    step(
        "CreateRestApi",
        lambda _: {"name": "pets", "tags": {"a": "b"}},
        api="id",
        root_resource="rootResourceId",
    ),
    step("GetRestApi", api),
    step("GetRestApis"),
    step("UpdateRestApi", lambda k: api(k, patchOperations=patch("/description", "pets"))),
    step("ImportRestApi", lambda _: {"body": OPENAPI}, imported="id"),
    step("PutRestApi", lambda k: {"restApiId": k.imported, "mode": "merge", "body": OPENAPI}),
    step("CreateResource", lambda k: api(k, parentId=k.root_resource, pathPart="p"), resource="id"),
    step("GetResource", lambda k: api(k, resourceId=k.resource)),
    step("GetResources", api),
    step(
        "UpdateResource",
        lambda k: api(k, resourceId=k.resource, patchOperations=patch("/pathPart", "pets")),
    ),
    step(
        "CreateModel", lambda k: api(k, name="Pet", contentType="application/json", schema=SCHEMA)
    ),
    step("GetModel", lambda k: api(k, modelName="Pet")),
    step("GetModels", api),
    step("GetModelTemplate", lambda k: api(k, modelName="Pet")),
    step(
        "UpdateModel",
        lambda k: api(k, modelName="Pet", patchOperations=patch("/description", "a pet")),
    ),
    step(
        "CreateRequestValidator",
        lambda k: api(k, name="v", validateRequestBody=True),
        validator="id",
    ),
    step("GetRequestValidator", lambda k: api(k, requestValidatorId=k.validator)),
    step("GetRequestValidators", api),
    step(
        "UpdateRequestValidator",
        lambda k: api(k, requestValidatorId=k.validator, patchOperations=patch("/name", "w")),
    ),
    step(
        "CreateAuthorizer",
        lambda k: api(
            k,
            name="pool",
            type="COGNITO_USER_POOLS",
            providerARNs=[f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/us-east-1_AbCdEf123"],
            identitySource="method.request.header.Authorization",
        ),
        authorizer="id",
    ),
    step("GetAuthorizer", lambda k: api(k, authorizerId=k.authorizer)),
    step("GetAuthorizers", api),
    step(
        "UpdateAuthorizer",
        lambda k: api(k, authorizerId=k.authorizer, patchOperations=patch("/name", "poole")),
    ),
    step(
        "TestInvokeAuthorizer",
        lambda k: api(k, authorizerId=k.authorizer, headers={"Authorization": "a.b.c"}),
        refused="BadRequestException",
        why="no key set can be fetched without the process",
    ),
    step("PutMethod", lambda k: at(k, authorizationType="AWS_IAM")),
    step("GetMethod", at),
    step("UpdateMethod", lambda k: at(k, patchOperations=patch("/operationName", "pets"))),
    step("PutMethodResponse", at_200),
    step("GetMethodResponse", at_200),
    step(
        "UpdateMethodResponse",
        lambda k: at_200(
            k, patchOperations=patch("/responseModels/application~1json", "Empty", "add")
        ),
    ),
    step(
        "PutIntegration",
        lambda k: at(k, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'}),
    ),
    step("GetIntegration", at),
    step("UpdateIntegration", lambda k: at(k, patchOperations=patch("/timeoutInMillis", "900"))),
    step("PutIntegrationResponse", at_200),
    step("GetIntegrationResponse", at_200),
    step(
        "UpdateIntegrationResponse",
        lambda k: at_200(k, patchOperations=patch("/selectionPattern", "2..")),
    ),
    step("TestInvokeMethod", at),
    step("PutGatewayResponse", lambda k: api(k, responseType="ACCESS_DENIED", statusCode="404")),
    step("GetGatewayResponse", lambda k: api(k, responseType="ACCESS_DENIED")),
    step("GetGatewayResponses", api),
    step(
        "UpdateGatewayResponse",
        lambda k: api(k, responseType="ACCESS_DENIED", patchOperations=patch("/statusCode", "403")),
    ),
    step(
        "CreateDocumentationPart",
        lambda k: api(k, location={"type": "API"}, properties='{"description": "x"}'),
        part="id",
    ),
    step("GetDocumentationPart", lambda k: api(k, documentationPartId=k.part)),
    step("GetDocumentationParts", api),
    step(
        "UpdateDocumentationPart",
        lambda k: api(
            k, documentationPartId=k.part, patchOperations=patch("/properties", '{"a": "b"}')
        ),
    ),
    step("ImportDocumentationParts", lambda k: api(k, mode="merge", body=PARTS)),
    step("CreateDocumentationVersion", lambda k: api(k, documentationVersion="1")),
    step("GetDocumentationVersion", lambda k: api(k, documentationVersion="1")),
    step("GetDocumentationVersions", api),
    step(
        "UpdateDocumentationVersion",
        lambda k: api(k, documentationVersion="1", patchOperations=patch("/description", "first")),
    ),
    step("CreateDeployment", lambda k: api(k, description="first"), deployment="id"),
    step("GetDeployment", lambda k: api(k, deploymentId=k.deployment)),
    step("GetDeployments", api),
    step(
        "UpdateDeployment",
        lambda k: api(k, deploymentId=k.deployment, patchOperations=patch("/description", "one")),
    ),
    step("CreateStage", lambda k: stage(k, deploymentId=k.deployment)),
    step("GetStage", stage),
    step("GetStages", api),
    step("UpdateStage", lambda k: stage(k, patchOperations=patch("/variables/a", "b"))),
    step("FlushStageAuthorizersCache", stage),
    step("FlushStageCache", stage),
    step("GetExport", lambda k: stage(k, exportType="oas30")),
    step(
        "GetSdk",
        lambda k: stage(k, sdkType="javascript"),
        refused="BadRequestException",
        why="no SDKs are generated",
    ),
    step("GetSdkTypes"),
    step("GetSdkType", lambda _: {"id": "javascript"}),
    step("TagResource", lambda k: {"resourceArn": arn(k), "tags": {"c": "d"}}),
    step("GetTags", lambda k: {"resourceArn": arn(k)}),
    step("UntagResource", lambda k: {"resourceArn": arn(k), "tagKeys": ["c"]}),
    step("CreateApiKey", lambda _: {"name": "key", "enabled": True}, key="id"),
    step("GetApiKey", lambda k: {"apiKey": k.key, "includeValue": True}),
    step("GetApiKeys"),
    step("UpdateApiKey", lambda k: {"apiKey": k.key, "patchOperations": patch("/name", "k")}),
    step("ImportApiKeys", lambda _: {"body": KEYS, "format": "csv"}),
    step(
        "CreateUsagePlan",
        lambda k: {
            "name": "plan",
            "apiStages": [{"apiId": k.api, "stage": "dev"}],
            "quota": {"limit": 10, "period": "DAY"},
        },
        plan="id",
    ),
    step("GetUsagePlan", lambda k: {"usagePlanId": k.plan}),
    step("GetUsagePlans"),
    step(
        "UpdateUsagePlan", lambda k: {"usagePlanId": k.plan, "patchOperations": patch("/name", "p")}
    ),
    step(
        "CreateUsagePlanKey",
        lambda k: {"usagePlanId": k.plan, "keyId": k.key, "keyType": "API_KEY"},
    ),
    step("GetUsagePlanKey", lambda k: {"usagePlanId": k.plan, "keyId": k.key}),
    step("GetUsagePlanKeys", lambda k: {"usagePlanId": k.plan}),
    step("GetUsage", lambda k: {"usagePlanId": k.plan, "startDate": today(), "endDate": today()}),
    step(
        "UpdateUsage",
        lambda k: {
            "usagePlanId": k.plan,
            "keyId": k.key,
            "patchOperations": patch("/remaining", "5"),
        },
    ),
    step("GenerateClientCertificate", client_certificate="clientCertificateId"),
    step("GetClientCertificate", lambda k: {"clientCertificateId": k.client_certificate}),
    step("GetClientCertificates"),
    step(
        "UpdateClientCertificate",
        lambda k: {
            "clientCertificateId": k.client_certificate,
            "patchOperations": patch("/description", "x"),
        },
    ),
    step(
        "CreateDomainName",
        lambda _: {
            "domainName": "api.example.com",
            "regionalCertificateArn": CERTIFICATE,
            "endpointConfiguration": {"types": ["REGIONAL"]},
        },
    ),
    step("GetDomainName", lambda _: {"domainName": "api.example.com"}),
    step("GetDomainNames"),
    step(
        "UpdateDomainName",
        lambda _: {
            "domainName": "api.example.com",
            "patchOperations": patch("/regionalCertificateName", "n"),
        },
    ),
    step(
        "CreateBasePathMapping",
        lambda k: api(k, domainName="api.example.com", basePath="v1", stage="dev"),
    ),
    step("GetBasePathMapping", lambda _: {"domainName": "api.example.com", "basePath": "v1"}),
    step("GetBasePathMappings", lambda _: {"domainName": "api.example.com"}),
    step(
        "UpdateBasePathMapping",
        lambda _: {
            "domainName": "api.example.com",
            "basePath": "v1",
            "patchOperations": patch("/basePath", "v2"),
        },
    ),
    step(
        "CreateDomainName",
        lambda _: {
            "domainName": "private.example.com",
            "certificateArn": CERTIFICATE,
            "endpointConfiguration": {"types": ["PRIVATE"]},
        },
        private_name="domainNameArn",
        private_id="domainNameId",
    ),
    step(
        "CreateDomainNameAccessAssociation",
        lambda k: {
            "domainNameArn": k.private_name,
            "accessAssociationSourceType": "VPCE",
            "accessAssociationSource": "vpce-1",
        },
        association="domainNameAccessAssociationArn",
    ),
    step("GetDomainNameAccessAssociations"),
    step("CreateVpcLink", lambda _: {"name": "link", "targetArns": [BALANCER]}, link="id"),
    step("GetVpcLink", lambda k: {"vpcLinkId": k.link}),
    step("GetVpcLinks"),
    step("UpdateVpcLink", lambda k: {"vpcLinkId": k.link, "patchOperations": patch("/name", "l")}),
    step("GetAccount"),
    step(
        "UpdateAccount",
        lambda _: {
            "patchOperations": patch("/cloudwatchRoleArn", f"arn:aws:iam::{ACCOUNT}:role/logs")
        },
    ),
)

TEAR_DOWN: tuple[Step, ...] = (
    step(
        "RejectDomainNameAccessAssociation",
        lambda k: {
            "domainNameAccessAssociationArn": k.association,
            "domainNameArn": k.private_name,
        },
    ),
    step(
        "CreateDomainNameAccessAssociation",
        lambda k: {
            "domainNameArn": k.private_name,
            "accessAssociationSourceType": "VPCE",
            "accessAssociationSource": "vpce-2",
        },
        second_association="domainNameAccessAssociationArn",
    ),
    step(
        "DeleteDomainNameAccessAssociation",
        lambda k: {"domainNameAccessAssociationArn": k.second_association},
    ),
    step("DeleteVpcLink", lambda k: {"vpcLinkId": k.link}),
    step("DeleteBasePathMapping", lambda _: {"domainName": "api.example.com", "basePath": "v2"}),
    step("DeleteDomainName", lambda _: {"domainName": "api.example.com"}),
    step("DeleteClientCertificate", lambda k: {"clientCertificateId": k.client_certificate}),
    step("DeleteUsagePlanKey", lambda k: {"usagePlanId": k.plan, "keyId": k.key}),
    step(
        "UpdateUsagePlan",
        lambda k: {
            "usagePlanId": k.plan,
            "patchOperations": patch("/apiStages", f"{k.api}:dev", "remove"),
        },
    ),
    step("DeleteUsagePlan", lambda k: {"usagePlanId": k.plan}),
    step("DeleteApiKey", lambda k: {"apiKey": k.key}),
    step("DeleteStage", stage),
    step("DeleteDeployment", lambda k: api(k, deploymentId=k.deployment)),
    step("DeleteDocumentationVersion", lambda k: api(k, documentationVersion="1")),
    step("DeleteDocumentationPart", lambda k: api(k, documentationPartId=k.part)),
    step("DeleteGatewayResponse", lambda k: api(k, responseType="ACCESS_DENIED")),
    step("DeleteIntegrationResponse", at_200),
    step("DeleteIntegration", at),
    step("DeleteMethodResponse", at_200),
    step("DeleteMethod", at),
    step("DeleteAuthorizer", lambda k: api(k, authorizerId=k.authorizer)),
    step("DeleteRequestValidator", lambda k: api(k, requestValidatorId=k.validator)),
    step("DeleteModel", lambda k: api(k, modelName="Pet")),
    step("DeleteResource", lambda k: api(k, resourceId=k.resource)),
    step("DeleteRestApi", api),
)
