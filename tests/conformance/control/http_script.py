"""The script's part of API Gateway's HTTP APIs."""

from __future__ import annotations

import json
from typing import Any

from tests.endpoint import REGION

from conformance.control.rest_script import CERTIFICATE
from conformance.control.script import Step, steps_of

step = steps_of("apigatewayv2")

OPENAPI = json.dumps(
    {"openapi": "3.0.1", "info": {"title": "imported", "version": "1"}, "paths": {}}
)
NO_WEBSOCKET = "a part of WebSocket APIs, which HTTP APIs have none of"


def api(k: Any, **more: Any) -> dict[str, Any]:
    return {"ApiId": k.http, **more}


def integration(k: Any, **more: Any) -> dict[str, Any]:
    return api(k, IntegrationId=k.http_integration, **more)


def route(k: Any, **more: Any) -> dict[str, Any]:
    return api(k, RouteId=k.route, **more)


def stage(k: Any, **more: Any) -> dict[str, Any]:
    return api(k, StageName="dev", **more)


def mapping(k: Any, **more: Any) -> dict[str, Any]:
    return {"DomainName": "http.example.com", "ApiMappingId": k.mapping, **more}


def tagged(k: Any, **more: Any) -> dict[str, Any]:
    return {"ResourceArn": f"arn:aws:apigateway:{REGION}::/apis/{k.http}", **more}


def missing(operation: str, given: Any) -> Step:
    made: Step = step(operation, given, refused="NotFoundException", why=NO_WEBSOCKET)
    return made


def impossible(operation: str, given: Any) -> Step:
    made: Step = step(operation, given, refused="BadRequestException", why=NO_WEBSOCKET)
    return made


def response(k: Any) -> dict[str, Any]:
    return integration(k, IntegrationResponseId="abc")


def route_response(k: Any) -> dict[str, Any]:
    return route(k, RouteResponseId="abc")


def model(k: Any) -> dict[str, Any]:
    return api(k, ModelId="abc")


BUILD: tuple[Step, ...] = (
    step(
        "CreateApi",
        lambda _: {
            "Name": "pets",
            "ProtocolType": "HTTP",
            "Tags": {"a": "b"},
            "CorsConfiguration": {"AllowOrigins": ["https://example.com"]},
        },
        http="ApiId",
    ),
    step("GetApi", api),
    step("GetApis"),
    step("UpdateApi", lambda k: api(k, Description="pets")),
    step("ImportApi", lambda _: {"Body": OPENAPI}, http_imported="ApiId"),
    step("ReimportApi", lambda k: {"ApiId": k.http_imported, "Body": OPENAPI}),
    step(
        "CreateIntegration",
        lambda k: api(
            k,
            IntegrationType="HTTP_PROXY",
            IntegrationMethod="GET",
            IntegrationUri="http://127.0.0.1:1/",
            PayloadFormatVersion="1.0",
        ),
        http_integration="IntegrationId",
    ),
    step("GetIntegration", integration),
    step("GetIntegrations", api),
    step("UpdateIntegration", lambda k: integration(k, Description="it")),
    step(
        "CreateAuthorizer",
        lambda k: api(
            k,
            Name="jwt",
            AuthorizerType="JWT",
            IdentitySource=["$request.header.Authorization"],
            JwtConfiguration={"Issuer": "https://example.com", "Audience": ["a"]},
        ),
        http_authorizer="AuthorizerId",
    ),
    step("GetAuthorizer", lambda k: api(k, AuthorizerId=k.http_authorizer)),
    step("GetAuthorizers", api),
    step("UpdateAuthorizer", lambda k: api(k, AuthorizerId=k.http_authorizer, Name="jwt2")),
    step(
        "CreateRoute",
        lambda k: api(
            k,
            RouteKey="GET /pets",
            Target=f"integrations/{k.http_integration}",
            AuthorizationType="JWT",
            AuthorizerId=k.http_authorizer,
        ),
        route="RouteId",
    ),
    step("GetRoute", route),
    step("GetRoutes", api),
    step("UpdateRoute", lambda k: route(k, OperationName="pets")),
    missing(
        "DeleteRouteRequestParameter",
        lambda k: route(k, RequestParameterKey="route.request.header.a"),
    ),
    step("CreateDeployment", api, http_deployment="DeploymentId"),
    step("GetDeployment", lambda k: api(k, DeploymentId=k.http_deployment)),
    step("GetDeployments", api),
    step("UpdateDeployment", lambda k: api(k, DeploymentId=k.http_deployment, Description="one")),
    step(
        "CreateStage",
        lambda k: stage(
            k,
            DeploymentId=k.http_deployment,
            RouteSettings={"GET /pets": {"ThrottlingBurstLimit": 5}},
            AccessLogSettings={
                "DestinationArn": f"arn:aws:logs:{REGION}:123456789012:log-group:g",
                "Format": "$context.requestId",
            },
        ),
    ),
    step("GetStage", stage),
    step("GetStages", api),
    step("UpdateStage", lambda k: stage(k, Description="dev")),
    step("ResetAuthorizersCache", stage),
    step("ExportApi", lambda k: api(k, Specification="OAS30", OutputType="JSON", StageName="dev")),
    step("TagResource", lambda k: tagged(k, Tags={"c": "d"})),
    step("GetTags", tagged),
    step("UntagResource", lambda k: tagged(k, TagKeys=["c"])),
    step(
        "CreateDomainName",
        lambda _: {
            "DomainName": "http.example.com",
            "DomainNameConfigurations": [
                {"CertificateArn": CERTIFICATE, "EndpointType": "REGIONAL"}
            ],
        },
    ),
    step("GetDomainName", lambda _: {"DomainName": "http.example.com"}),
    step("GetDomainNames"),
    step(
        "UpdateDomainName",
        lambda _: {
            "DomainName": "http.example.com",
            "DomainNameConfigurations": [{"CertificateArn": CERTIFICATE}],
        },
    ),
    step(
        "CreateApiMapping",
        lambda k: api(k, DomainName="http.example.com", Stage="dev"),
        mapping="ApiMappingId",
    ),
    step("GetApiMapping", mapping),
    step("GetApiMappings", lambda _: {"DomainName": "http.example.com"}),
    step("UpdateApiMapping", lambda k: mapping(k, ApiId=k.http, ApiMappingKey="v1")),
    step(
        "CreateVpcLink", lambda _: {"Name": "l", "SubnetIds": ["subnet-1"]}, http_link="VpcLinkId"
    ),
    step("GetVpcLink", lambda k: {"VpcLinkId": k.http_link}),
    step("GetVpcLinks"),
    step("UpdateVpcLink", lambda k: {"VpcLinkId": k.http_link, "Name": "m"}),
    impossible("CreateModel", lambda k: api(k, Name="m", Schema="{}")),
    missing("GetModel", model),
    step("GetModels", api),
    missing("GetModelTemplate", model),
    missing("UpdateModel", model),
    impossible(
        "CreateIntegrationResponse", lambda k: integration(k, IntegrationResponseKey="$default")
    ),
    missing("GetIntegrationResponse", response),
    step("GetIntegrationResponses", integration),
    missing("UpdateIntegrationResponse", response),
    impossible("CreateRouteResponse", lambda k: route(k, RouteResponseKey="$default")),
    missing("GetRouteResponse", route_response),
    step("GetRouteResponses", route),
    missing("UpdateRouteResponse", route_response),
)

TEAR_DOWN: tuple[Step, ...] = (
    missing("DeleteModel", model),
    missing("DeleteIntegrationResponse", response),
    missing("DeleteRouteResponse", route_response),
    step("DeleteVpcLink", lambda k: {"VpcLinkId": k.http_link}),
    step("DeleteApiMapping", mapping),
    step("DeleteDomainName", lambda _: {"DomainName": "http.example.com"}),
    step("DeleteRouteSettings", lambda k: stage(k, RouteKey="GET /pets")),
    step("DeleteAccessLogSettings", stage),
    step("DeleteStage", stage),
    step("DeleteDeployment", lambda k: api(k, DeploymentId=k.http_deployment)),
    step("DeleteRoute", route),
    step("DeleteAuthorizer", lambda k: api(k, AuthorizerId=k.http_authorizer)),
    step("DeleteIntegration", integration),
    step("DeleteCorsConfiguration", api),
    step("DeleteApi", api),
)
