"""Conditions that the control plane's own policies can set on its own calls."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.endpoint import ACCOUNT, REGION, Endpoint

import objects
from bargate.identity.totp import code_of, step_at
from bargate.secret import Secret
from bargate.sigv4.request import SignedRequest, sha256_of
from bargate.sigv4.sign import Signer, sign
from conformance.control.iam_script import TRUST
from conformance.control.world import ADMINISTRATOR, World

DENIED = {"AccessDenied", "AccessDeniedException"}
APIS = f"arn:aws:apigateway:{REGION}::/restapis"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
ADMIN_ROLE = f"arn:aws:iam::{ACCOUNT}:role/admin"
FUNCTION = (
    f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/"
    f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f/invocations"
)
PUBLIC = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "execute-api:Invoke",
                "Resource": "execute-api:/*",
            }
        ],
    }
)


def allow(action: Any, resource: Any = "*", **condition: Any) -> dict[str, Any]:
    made = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**made, "Condition": condition} if condition else made


def deny(action: Any, resource: Any = "*", **condition: Any) -> dict[str, Any]:
    return {**allow(action, resource, **condition), "Effect": "Deny"}


class Agent:
    """A user with just the statements that a test gives it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rest = world.agent("apigateway")
        self.http = world.agent("apigatewayv2")
        self.iam = world.agent("iam")
        self.sts = world.agent("sts")
        self.root = world.root

    def may(self, *statements: dict[str, Any]) -> None:
        self.world.allow(
            "agent", json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        )


@pytest.fixture
def agent(endpoint: Endpoint) -> Agent:
    return Agent(World(endpoint))


def denied(call: Any, **given: Any) -> str:
    """Give the message of a call that has to be denied."""
    with pytest.raises(ClientError) as error:
        call(**given)
    found = error.value.response["Error"]
    assert found["Code"] in DENIED, found
    message: str = found["Message"]
    return message


# Tags


def test_apis_are_created_with_the_tags_that_a_policy_wants_alone(agent: Agent) -> None:
    agent.may(
        allow(
            "apigateway:POST",
            APIS,
            StringEquals={"aws:RequestTag/team": "a"},
            **{"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}},
        )
    )
    agent.rest.create_rest_api(name="x", tags={"team": "a"})
    denied(agent.rest.create_rest_api, name="x")
    denied(agent.rest.create_rest_api, name="x", tags={"team": "b"})
    denied(agent.rest.create_rest_api, name="x", tags={"team": "a", "owner": "me"})


def test_an_api_is_reached_by_its_tags_and_so_is_all_below_it(agent: Agent) -> None:
    mine, other = (
        agent.root("apigateway").create_rest_api(name=team, tags={"team": team})
        for team in ("a", "b")
    )
    agent.may(
        allow("apigateway:*", f"{APIS}/*", StringEquals={"aws:ResourceTag/team": "a"}),
    )
    agent.rest.get_rest_api(restApiId=mine["id"])
    agent.rest.create_resource(restApiId=mine["id"], parentId=mine["rootResourceId"], pathPart="p")
    denied(agent.rest.get_rest_api, restApiId=other["id"])
    denied(agent.rest.get_resources, restApiId=other["id"])
    denied(
        agent.rest.create_resource,
        restApiId=other["id"],
        parentId=other["rootResourceId"],
        pathPart="p",
    )


@pytest.mark.parametrize("kind", ["REST", "HTTP"])
def test_nobody_tags_their_way_into_an_api(agent: Agent, kind: str) -> None:
    if kind == "REST":
        api = agent.root("apigateway").create_rest_api(name="x", tags={"team": "b"})["id"]
        arn, client, lower = f"{APIS}/{api}", agent.rest, True
    else:
        made = agent.root("apigatewayv2").create_api(
            Name="x", ProtocolType="HTTP", Tags={"team": "b"}
        )
        arn, client, lower = (
            f"{APIS.replace('restapis', 'apis')}/{made['ApiId']}",
            agent.http,
            False,
        )
    names = ("resourceArn", "tags", "tagKeys") if lower else ("ResourceArn", "Tags", "TagKeys")
    everything = allow("apigateway:*", "*", StringEquals={"aws:ResourceTag/team": "a"})
    agent.may(everything)
    denied(client.tag_resource, **{names[0]: arn, names[1]: {"team": "a"}})
    denied(client.untag_resource, **{names[0]: arn, names[2]: ["team"]})
    # the other API's operation on the same ARN is no way round
    across = agent.http if lower else agent.rest
    odd = ("ResourceArn", "Tags") if lower else ("resourceArn", "tags")
    with pytest.raises(ClientError):
        across.tag_resource(**{odd[0]: arn, odd[1]: {"team": "a"}})
    # all of API Gateway but its tags is not enough either
    agent.may(allow("apigateway:*", [f"{APIS}*", f"arn:aws:apigateway:{REGION}::/apis*"]))
    denied(client.tag_resource, **{names[0]: arn, names[1]: {"team": "a"}})


def test_roles_are_tagged_and_used_by_their_tags(agent: Agent) -> None:
    root = agent.root("iam")
    for name, team in (("app", "a"), ("admin", "b")):
        root.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=TRUST,
            Tags=[{"Key": "team", "Value": team}],
        )
    agent.may(
        allow("iam:UpdateRole", "*", StringEquals={"aws:ResourceTag/team": "a"}),
        allow("iam:DeleteRole", "*", StringEquals={"iam:ResourceTag/team": "a"}),
        allow("iam:TagRole", "*", StringEquals={"aws:ResourceTag/team": "a"}),
        allow("iam:CreateRole", "*", StringEquals={"aws:RequestTag/team": "a"}),
    )
    agent.iam.update_role(RoleName="app", Description="x")
    denied(agent.iam.update_role, RoleName="admin", Description="x")
    denied(agent.iam.delete_role, RoleName="admin")
    denied(agent.iam.tag_role, RoleName="admin", Tags=[{"Key": "team", "Value": "a"}])
    denied(agent.iam.create_role, RoleName="new", AssumeRolePolicyDocument=TRUST)
    agent.iam.create_role(
        RoleName="new", AssumeRolePolicyDocument=TRUST, Tags=[{"Key": "team", "Value": "a"}]
    )
    agent.iam.delete_role(RoleName="app")


def test_a_user_s_own_tags_are_compared_with_those_of_what_it_uses(agent: Agent) -> None:
    api = agent.root("apigateway").create_rest_api(name="x", tags={"team": "a"})["id"]
    agent.may(
        allow(
            "apigateway:GET",
            "*",
            StringEquals={"aws:ResourceTag/team": "${aws:PrincipalTag/team}"},
        )
    )
    denied(agent.rest.get_rest_api, restApiId=api)
    agent.root("iam").tag_user(UserName="agent", Tags=[{"Key": "team", "Value": "a"}])
    agent.world.endpoint.published()
    agent.rest.get_rest_api(restApiId=api)
    # it may not give itself the tag
    agent.root("iam").untag_user(UserName="agent", TagKeys=["team"])
    agent.world.endpoint.published()
    denied(agent.iam.tag_user, UserName="agent", Tags=[{"Key": "team", "Value": "a"}])


# Where a call comes from


def signed_get(agent: Agent, source_ip: str) -> int:
    key_id, secret = agent.world.agent.credentials
    signer = Signer(
        access_key_id=key_id, secret=Secret(secret), region=REGION, service="apigateway"
    )
    host = (b"host", b"127.0.0.1:4566")
    request = SignedRequest("GET", "/restapis", "", [host], sha256_of(b""))
    added = sign(request, signer, datetime.now(UTC).timestamp())
    headers = [(k.decode(), v.decode()) for k, v in [host, *added]]
    spoofed = [*headers, ("x-forwarded-for", "10.0.0.1")]
    return agent.world.endpoint.send("GET", "/restapis", spoofed, source_ip=source_ip).status


def test_the_address_is_the_connection_s_whatever_headers_say(agent: Agent) -> None:
    agent.may(allow("apigateway:GET", "*", IpAddress={"aws:SourceIp": "10.0.0.0/8"}))
    assert signed_get(agent, "10.1.2.3") == 200
    assert signed_get(agent, "192.0.2.1") == 403
    assert signed_get(agent, "::1") == 403


def test_calls_without_tls_can_be_denied(agent: Agent) -> None:
    agent.may(allow("apigateway:*"), deny("*", "*", Bool={"aws:SecureTransport": "false"}))
    assert "explicit deny" in denied(agent.rest.get_rest_apis)


def test_the_region_is_the_one_that_was_signed_for(agent: Agent) -> None:
    agent.may(allow("apigateway:GET", "*", StringEquals={"aws:RequestedRegion": REGION}))
    agent.rest.get_rest_apis()
    elsewhere = agent.world.endpoint.client(
        "apigateway", *agent.world.agent.credentials, region="eu-west-1"
    )
    denied(elsewhere.get_rest_apis)


def test_a_second_factor_can_be_demanded(agent: Agent) -> None:
    root = agent.root("iam")
    device = root.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    seed = Secret(device["Base32StringSeed"].decode())
    step = step_at(datetime.now(UTC).timestamp())
    root.enable_mfa_device(
        UserName="agent",
        SerialNumber=device["SerialNumber"],
        AuthenticationCode1=code_of(seed, step - 2),
        AuthenticationCode2=code_of(seed, step - 1),
    )
    agent.may(allow("apigateway:GET", "*", Bool={"aws:MultiFactorAuthPresent": "true"}))
    denied(agent.rest.get_rest_apis)  # long-term keys never have one
    for given, opens in (
        ({}, False),
        (
            {
                "SerialNumber": device["SerialNumber"],
                "TokenCode": code_of(seed, step_at(datetime.now(UTC).timestamp())),
            },
            True,
        ),
    ):
        made = agent.sts.get_session_token(**given)["Credentials"]
        client = agent.world.endpoint.client(
            "apigateway", made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]
        )
        if opens:
            client.get_rest_apis()
        else:
            denied(client.get_rest_apis)


# Boundaries, session policies, accounts


def test_a_boundary_limits_an_administrator(agent: Agent) -> None:
    root = agent.root("iam")
    boundary = root.create_policy(
        PolicyName="edge",
        PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [allow("apigateway:GET")]}
        ),
    )["Policy"]["Arn"]
    root.attach_user_policy(UserName="agent", PolicyArn=ADMINISTRATOR)
    root.put_user_permissions_boundary(UserName="agent", PermissionsBoundary=boundary)
    agent.world.endpoint.published()
    agent.rest.get_rest_apis()
    assert "permissions boundary" in denied(agent.rest.create_rest_api, name="x")
    denied(agent.iam.delete_user_permissions_boundary, UserName="agent")
    denied(agent.iam.put_user_permissions_boundary, UserName="agent",
           PermissionsBoundary=ADMINISTRATOR)  # fmt: skip


def test_users_are_made_with_the_boundary_that_a_policy_wants_alone(agent: Agent) -> None:
    boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    agent.may(
        allow(
            ["iam:CreateUser", "iam:PutUserPermissionsBoundary", "iam:AttachUserPolicy"],
            "*",
            StringEquals={"iam:PermissionsBoundary": boundary},
        )
    )
    denied(agent.iam.create_user, UserName="free")
    denied(agent.iam.create_user, UserName="free", PermissionsBoundary=ADMINISTRATOR)
    agent.iam.create_user(UserName="bounded", PermissionsBoundary=boundary)
    agent.iam.attach_user_policy(UserName="bounded", PolicyArn=ADMINISTRATOR)
    denied(agent.iam.attach_user_policy, UserName="agent", PolicyArn=ADMINISTRATOR)
    denied(
        agent.iam.put_user_permissions_boundary,
        UserName="bounded",
        PermissionsBoundary=ADMINISTRATOR,
    )
    denied(agent.iam.delete_user_permissions_boundary, UserName="bounded")


def test_a_session_policy_limits_a_role(agent: Agent) -> None:
    root = agent.root("iam")
    root.create_role(RoleName="admin", AssumeRolePolicyDocument=TRUST)
    root.attach_role_policy(RoleName="admin", PolicyArn=ADMINISTRATOR)
    agent.may(allow("sts:AssumeRole", ADMIN_ROLE))
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow("apigateway:GET")]})
    made = agent.sts.assume_role(RoleArn=ADMIN_ROLE, RoleSessionName="work", Policy=document)
    given = made["Credentials"]
    session = (given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    agent.world.endpoint.client("apigateway", *session).get_rest_apis()
    message = denied(agent.world.endpoint.client("iam", *session).list_users)
    assert "no session policy allows" in message
    assert f"arn:aws:sts::{ACCOUNT}:assumed-role/admin/work" in message
    message = denied(agent.world.endpoint.client("apigateway", *session).create_rest_api, name="x")


def test_each_method_of_http_is_an_action_of_its_own(agent: Agent) -> None:
    api = agent.root("apigateway").create_rest_api(name="x")["id"]
    agent.may(allow("apigateway:GET", f"{APIS}/*"))
    agent.rest.get_rest_api(restApiId=api)
    agent.rest.get_resources(restApiId=api)
    denied(agent.rest.get_rest_apis)  # /restapis is not below /restapis/
    denied(agent.rest.delete_rest_api, restApiId=api)
    denied(agent.rest.update_rest_api, restApiId=api, patchOperations=[])
    denied(agent.rest.get_api_keys)
    denied(agent.http.get_apis)


@pytest.mark.parametrize("odd", ["{}/../{}", "%2e%2e", "{}%2f..%2f{}", "*", "{}?x=1"])
def test_an_id_that_is_a_path_reaches_nothing_else(agent: Agent, odd: str) -> None:
    mine, other = (agent.root("apigateway").create_rest_api(name=n)["id"] for n in "ab")
    agent.may(
        allow("apigateway:GET", f"{APIS}/{mine}/*"), allow("apigateway:GET", f"{APIS}/{mine}")
    )
    with pytest.raises(ClientError) as error:
        agent.rest.get_rest_api(restApiId=odd.format(mine, other))
    assert error.value.response["Error"]["Code"] in {*DENIED, "NotFoundException"}


# Roles that are passed on, policies that are set


def test_a_role_is_passed_to_an_integration_with_permission_alone(agent: Agent) -> None:
    api = agent.root("apigateway").create_rest_api(name="x")
    at = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
    agent.root("apigateway").put_method(**at, authorizationType="NONE")
    integration = {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": FUNCTION}
    gateway = allow("apigateway:*")
    agent.may(gateway)
    message = denied(agent.rest.put_integration, **at, **integration, credentials=ADMIN_ROLE)
    assert f"not authorized to perform: iam:PassRole on resource: {ADMIN_ROLE}" in message
    agent.rest.put_integration(**at, **integration)
    agent.rest.put_integration(**at, **integration, credentials="arn:aws:iam::*:user/*")
    change = [{"op": "replace", "path": "/credentials", "value": ADMIN_ROLE}]
    denied(agent.rest.update_integration, **at, patchOperations=change)
    agent.may(gateway, allow("iam:PassRole", ROLE))
    agent.rest.put_integration(**at, **integration, credentials=ROLE)
    denied(agent.rest.put_integration, **at, **integration, credentials=ADMIN_ROLE)
    for service, opens in (("ec2.amazonaws.com", False), ("apigateway.amazonaws.com", True)):
        passing = allow("iam:PassRole", "*", StringEquals={"iam:PassedToService": service})
        agent.may(gateway, passing)
        if opens:
            agent.rest.update_integration(**at, patchOperations=change)
        else:
            denied(agent.rest.update_integration, **at, patchOperations=change)
    foreign = "arn:aws:iam::210987654321:role/x"
    message = denied(agent.rest.put_integration, **at, **integration, credentials=foreign)
    assert "Cross-account pass role is not allowed." in message
    kept = agent.rest.get_integration(**at)
    assert kept["credentials"] == ADMIN_ROLE


def openapi(**integration: Any) -> dict[str, Any]:
    extension = {"type": "AWS_PROXY", "httpMethod": "POST", "uri": FUNCTION, **integration}
    return {
        "openapi": "3.0.1",
        "info": {"title": "x", "version": "1"},
        "paths": {"/a": {"get": {"x-amazon-apigateway-integration": extension}}},
    }


def test_documents_and_copies_pass_no_role_without_permission(agent: Agent) -> None:
    with_role = json.dumps(openapi(credentials=ADMIN_ROLE)).encode()
    without = json.dumps(openapi()).encode()
    source = agent.root("apigateway").import_rest_api(body=with_role)["id"]
    agent.may(allow("apigateway:*"))
    own = agent.rest.import_rest_api(body=without)["id"]
    for call, given in (
        (agent.rest.import_rest_api, {"body": with_role}),
        (agent.rest.put_rest_api, {"restApiId": own, "body": with_role}),
        (agent.rest.create_rest_api, {"name": "copy", "cloneFrom": source}),
        (agent.http.import_api, {"Body": _http(ADMIN_ROLE)}),
    ):
        assert "iam:PassRole" in denied(call, **given)
    # and nothing of what was refused is there
    assert len(agent.rest.get_rest_apis()["items"]) == 2
    assert agent.http.get_apis()["Items"] == []
    assert "credentials" not in str(agent.rest.get_resources(restApiId=own, embed=["methods"]))
    agent.may(allow("apigateway:*"), allow("iam:PassRole", ADMIN_ROLE))
    agent.rest.create_rest_api(name="copy", cloneFrom=source)
    agent.rest.put_rest_api(restApiId=own, body=with_role)
    made = agent.http.import_api(Body=_http(ADMIN_ROLE))["ApiId"]
    agent.may(allow("apigateway:*"))
    assert "iam:PassRole" in denied(agent.http.reimport_api, ApiId=made, Body=_http(ROLE))


def _http(role: str) -> str:
    function = FUNCTION.split("functions/")[1].removesuffix("/invocations")
    return json.dumps(openapi(credentials=role, uri=function, payloadFormatVersion="2.0"))


def test_an_api_that_may_not_be_read_may_not_be_cloned(agent: Agent) -> None:
    source = agent.root("apigateway").create_rest_api(name="secret")["id"]
    agent.may(allow("apigateway:POST", APIS))
    denied(agent.rest.create_rest_api, name="copy", cloneFrom=source)
    agent.may(allow("apigateway:POST", APIS), allow("apigateway:GET", f"{APIS}/{source}"))
    agent.rest.create_rest_api(name="copy", cloneFrom=source)


def test_authorizers_and_http_integrations_pass_roles_too(agent: Agent) -> None:
    rest = agent.root("apigateway").create_rest_api(name="x")["id"]
    http = agent.root("apigatewayv2").create_api(Name="x", ProtocolType="HTTP")["ApiId"]
    agent.may(allow("apigateway:*"))
    token = {
        "restApiId": rest,
        "name": "t",
        "type": "TOKEN",
        "authorizerUri": FUNCTION,
        "identitySource": "method.request.header.A",
    }
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
    integration = {
        "ApiId": http,
        "IntegrationType": "AWS_PROXY",
        "IntegrationUri": arn,
        "PayloadFormatVersion": "2.0",
    }
    request = {
        "ApiId": http,
        "Name": "r",
        "AuthorizerType": "REQUEST",
        "AuthorizerUri": FUNCTION,
        "IdentitySource": ["$request.header.A"],
        "AuthorizerPayloadFormatVersion": "2.0",
    }
    made = agent.rest.create_authorizer(**token)["id"]
    own = agent.http.create_integration(**integration)["IntegrationId"]
    guard = agent.http.create_authorizer(**request)["AuthorizerId"]
    credentials = [{"op": "replace", "path": "/authorizerCredentials", "value": ROLE}]
    logs = [{"op": "replace", "path": "/cloudwatchRoleArn", "value": ROLE}]
    quick = {"Name": "q", "ProtocolType": "HTTP", "Target": arn}
    refused = (
        (agent.rest.create_authorizer, {**token, "name": "u", "authorizerCredentials": ROLE}),
        (
            agent.rest.update_authorizer,
            {"restApiId": rest, "authorizerId": made, "patchOperations": credentials},
        ),
        (agent.rest.update_account, {"patchOperations": logs}),
        (agent.http.create_integration, {**integration, "CredentialsArn": ROLE}),
        (
            agent.http.update_integration,
            {"ApiId": http, "IntegrationId": own, "CredentialsArn": ROLE},
        ),
        (agent.http.create_authorizer, {**request, "Name": "s", "AuthorizerCredentialsArn": ROLE}),
        (
            agent.http.update_authorizer,
            {"ApiId": http, "AuthorizerId": guard, "AuthorizerCredentialsArn": ROLE},
        ),
        (agent.http.create_api, {**quick, "CredentialsArn": ROLE}),
    )
    for call, given in refused:
        assert "iam:PassRole" in denied(call, **given)
    agent.may(allow("apigateway:*"), allow("iam:PassRole", ROLE))
    for call, given in refused:
        call(**given)


def test_a_resource_policy_is_set_with_permission_of_its_own(agent: Agent) -> None:
    agent.may(allow(["apigateway:POST", "apigateway:PATCH", "apigateway:PUT", "apigateway:GET"]))
    action = "apigateway:UpdateRestApiPolicy"
    assert action in denied(agent.rest.create_rest_api, name="x", policy=PUBLIC)
    api = agent.rest.create_rest_api(name="x")["id"]
    change = {
        "restApiId": api,
        "patchOperations": [{"op": "replace", "path": "/policy", "value": PUBLIC}],
    }
    assert f"{action} on resource: {APIS}/{api}" in denied(agent.rest.update_rest_api, **change)
    document = {**openapi(), "x-amazon-apigateway-policy": json.loads(PUBLIC)}
    body = json.dumps(document).encode()
    assert action in denied(agent.rest.import_rest_api, body=body)
    assert action in denied(agent.rest.put_rest_api, restApiId=api, body=body)
    agent.root("apigateway").update_rest_api(**change)
    # taking it away is a change as well
    agent.rest.update_rest_api(
        restApiId=api, patchOperations=[{"op": "replace", "path": "/name", "value": "y"}]
    )
    removal = [{"op": "replace", "path": "/policy", "value": ""}]
    assert action in denied(agent.rest.update_rest_api, restApiId=api, patchOperations=removal)
    plain = json.dumps(openapi()).encode()
    overwrite = {"restApiId": api, "mode": "overwrite", "body": plain}
    assert action in denied(agent.rest.put_rest_api, **overwrite)
    agent.rest.put_rest_api(**{**overwrite, "mode": "merge"})
    assert agent.rest.get_rest_api(restApiId=api)["policy"]
    agent.may(allow(["apigateway:PATCH", action]))
    agent.rest.update_rest_api(restApiId=api, patchOperations=removal)


def test_imported_keys_are_put_on_plans_with_permission_alone(agent: Agent) -> None:
    plan = agent.root("apigateway").create_usage_plan(name="p")["id"]
    keys = f"Name,key,usageplanIds\r\none,{'a' * 30},{plan}\r\n".encode()
    importing = allow("apigateway:POST", f"arn:aws:apigateway:{REGION}::/apikeys")
    agent.may(importing)
    denied(agent.rest.import_api_keys, body=keys, format="csv")
    on_plan = f"arn:aws:apigateway:{REGION}::/usageplans/{plan}/keys"
    agent.may(importing, allow("apigateway:POST", on_plan))
    assert agent.rest.import_api_keys(body=keys, format="csv")["ids"]


def test_mutual_tls_of_a_name_needs_permission_of_its_own(agent: Agent, endpoint: Endpoint) -> None:
    certificate = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/c"
    given = {
        "DomainName": "a.example.com",
        "DomainNameConfigurations": [{"CertificateArn": certificate}],
    }
    trusted = {"MutualTlsAuthentication": {"TruststoreUri": "s3://b/ca.pem"}}
    verbs = ["apigateway:POST", "apigateway:PATCH"]
    agent.may(allow(verbs))
    objects.put(endpoint.s3, "b", "ca.pem", objects.authority().pem)
    assert "AddCertificateToDomain" in denied(agent.http.create_domain_name, **given, **trusted)
    agent.http.create_domain_name(**given)
    agent.may(allow([*verbs, "apigateway:AddCertificateToDomain"]))
    agent.http.update_domain_name(DomainName="a.example.com", **trusted)
    removal = [{"op": "remove", "path": "/mutualTlsAuthentication"}]
    message = denied(
        agent.rest.update_domain_name, domainName="a.example.com", patchOperations=removal
    )
    assert "RemoveCertificateFromDomain" in message
