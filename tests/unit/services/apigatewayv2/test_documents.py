"""Import and export: import(export(api)) == api up to ids."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from bargate.model.http_api import Cors, HttpApi, HttpAuthorizer, HttpIntegration, Route
from bargate.model.installation import Stage
from bargate.openapi import import_document, read_document
from bargate.openapi.write_http_api import write_http_api
from bargate.openapi.write_http_text import write_json, write_yaml
from bargate.services.apigatewayv2.from_model import store_http_api
from bargate.services.place import Place
from bargate.wire.error import AwsError
from calling import ACCOUNT, NOW, REGION
from http_apis import (
    BACKEND,
    FUNCTION,
    calling,
    new_api,
    new_jwt,
    new_request_authorizer,
    new_route,
    new_stage,
    served,
    served_keys,
)

ODD = [
    "0123", "true", "yes", "y", "null", "~", "1e3", "1.5e+3", "0x1F", "0o17", "017", "1_000",
    "12:30:45", "2024-01-01", ".5", "+1", "-0", "=", "<<", ".inf", "1.", "- a", "a: b", "a #b", "@",
    "%", "`", "&a", "*a", "!!str", "|", ">", "{}", "[]", "'", '"',
]  # fmt: skip
WORDS = st.sampled_from(ODD) | st.text("abcxyz ñ🙂:#'\"-", min_size=1, max_size=12).filter(
    lambda text: text.strip() == text
)
NAMES = st.text("abcXYZ09_-", min_size=1, max_size=8)

INTEGRATIONS = st.one_of(
    st.builds(
        HttpIntegration,
        type=st.just("HTTP_PROXY"),
        uri=st.sampled_from(
            [BACKEND, "https://example.com/{id}?x=1", "http://${stageVariables.h}/"]
        ),
        http_method=st.sampled_from(["ANY", "GET", "POST"]),
        request_parameters=st.dictionaries(
            st.sampled_from(["append:header.x", "overwrite:querystring.q", "remove:header.Y"]),
            st.sampled_from(["$request.header.z", "text ${context.requestId}", *ODD]),
        ),
        response_parameters=st.dictionaries(
            st.sampled_from(["200", "404"]),
            st.just({"overwrite:statuscode": "201", "append:header.a": "$response.header.b"}),
        ),
        timeout_ms=st.integers(50, 30_000),
        server_name_to_verify=st.none() | st.just("b.example.com"),
        connection_id=st.none() | st.just("link12"),
    ),
    st.builds(
        HttpIntegration,
        type=st.just("AWS_PROXY"),
        uri=st.just(FUNCTION),
        payload_format_version=st.sampled_from(["1.0", "2.0"]),
        credentials=st.none() | st.just("arn:aws:iam::123456789012:role/r"),
    ),
    st.builds(
        HttpIntegration,
        type=st.just("AWS_PROXY"),
        uri=st.just(""),
        integration_subtype=st.just("SQS-SendMessage"),
        request_parameters=st.just({"QueueUrl": "$request.header.q"}),
    ),
)
JWT = HttpAuthorizer(
    id="j",
    name="tokens",
    type="JWT",
    identity_source=("$request.header.Authorization",),
    issuer="https://issuer.example.com",
    audience=("one", "2"),
)
ASKS = HttpAuthorizer(
    id="r",
    name="asks",
    type="REQUEST",
    identity_source=("$request.header.X-Who", "$context.routeKey"),
    authorizer_uri=FUNCTION,
    payload_format_version="2.0",
    enable_simple_responses=True,
    result_ttl_s=30,
)
KEYS = ["$default", "GET /", "ANY /{proxy+}", "GET /pets/{id}", "DELETE /pets/{id}", "POST /a.b~c"]
ACCESS = st.sampled_from(
    [
        {},
        {"authorization_type": "AWS_IAM"},
        {"authorization_type": "JWT", "authorizer_id": "j"},
        {
            "authorization_type": "JWT",
            "authorizer_id": "j",
            "authorization_scopes": ("pets/read", "b"),
        },
        {"authorization_type": "CUSTOM", "authorizer_id": "r"},
    ]
)
CORS = st.builds(
    Cors,
    allow_origins=st.sampled_from([(), ("https://a.test", "https://*.b.test")]),
    allow_methods=st.sampled_from([(), ("*",), ("GET", "POST")]),
    allow_headers=st.sampled_from([(), ("x-a",)]),
    max_age_s=st.none() | st.integers(-1, 86_400),
    allow_credentials=st.booleans(),
)


@st.composite
def http_apis(draw):
    keys = draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=5))
    routes = [
        Route(
            route_key=key,
            operation_name=draw(st.none() | NAMES),
            integration=draw(INTEGRATIONS),
            **draw(ACCESS),
        )
        for key in keys
    ]
    return HttpApi(
        id="abc",
        name=draw(WORDS),
        version=draw(st.sampled_from(["", "1.0", "v1", *ODD])),
        description=draw(st.just("") | WORDS),
        disable_execute_api_endpoint=draw(st.booleans()),
        routes=tuple(routes),
        authorizers=(ASKS, JWT),
        cors=draw(st.none() | CORS),
    )


def without_ids(api: HttpApi) -> HttpApi:
    """Name authorizers by their names, and order what a document does not keep the order of."""
    names = {each.id: each.name for each in api.authorizers}
    routes = [
        structs.replace(route, authorizer_id=names.get(route.authorizer_id or ""))
        for route in api.routes
    ]
    return structs.replace(
        api,
        id="",
        routes=tuple(sorted(routes, key=lambda route: route.route_key)),
        authorizers=tuple(structs.replace(each, id="") for each in api.authorizers),
    )


def imported(text: str) -> HttpApi:
    found = import_document(
        read_document(text, file_name="x"),
        api_id="xyz",
        account_id=ACCOUNT,
        region=REGION,
        partition="aws",
        kind="HTTP",
    ).api
    assert isinstance(found, HttpApi)
    return found


@settings(max_examples=100, deadline=None)
@given(http_apis(), st.sampled_from([write_json, write_yaml]))
def test_what_is_written_is_read_as_the_same_api(api, write):
    assert without_ids(imported(write(write_http_api(api)))) == without_ids(api)


@settings(max_examples=20, deadline=None)
@given(http_apis())
def test_what_is_stored_is_put_together_as_the_same_api(api):
    call = calling()
    place = Place(account_id=ACCOUNT, region=REGION, now=NOW)
    stage = Stage(name="$default", variables={"h": "127.0.0.1"})
    call.store.write(lambda tx: store_http_api(tx, place, api, stages=[stage]))
    exported = call("ExportApi", ApiId="abc", Specification="OAS30", OutputType="YAML")["body"]
    assert without_ids(imported(exported.decode())) == without_ids(api)


def _document(**more) -> str:
    base = {
        "openapi": "3.0.1",
        "info": {"title": "pets", "version": "1"},
        "paths": {
            "/pets": {
                "get": {
                    "x-amazon-apigateway-integration": {
                        "type": "http_proxy",
                        "httpMethod": "ANY",
                        "uri": BACKEND,
                        "payloadFormatVersion": "1.0",
                    }
                }
            }
        },
    }
    return json.dumps(base | more)


def test_an_api_is_imported_and_put_in_place_of_another():
    call = calling()
    made = call("ImportApi", Body=_document())
    api = made["ApiId"]
    assert made["Name"] == "pets"
    new_stage(call, api)
    assert served_keys(call, api) == ["GET /pets"]
    again = json.loads(_document())
    again["paths"]["/dogs"] = again["paths"].pop("/pets")
    call("TagResource", ResourceArn=f"arn:aws:apigateway:us-east-1::/apis/{api}", Tags={"a": "1"})
    put = call("ReimportApi", ApiId=api, Body=json.dumps(again))
    assert (put["ApiId"], put["Tags"]) == (api, {"a": "1"})
    assert served_keys(call, api) == ["GET /dogs"]


def test_a_second_import_of_the_same_document_changes_no_part():
    call = calling()
    api = call("ImportApi", Body=_document())["ApiId"]
    before = call("GetRoutes", ApiId=api)
    changed = set()
    call.store.subscribe(lambda changes: changed.update(each.kind for each in changes))
    call("ReimportApi", ApiId=api, Body=_document())
    assert changed == set()
    assert call("GetRoutes", ApiId=api) == before


def test_names_that_change_places_are_no_conflict():
    call = calling()
    authorizer = {
        "type": "oauth2",
        "x-amazon-apigateway-authorizer": {
            "type": "jwt",
            "identitySource": "$request.header.Authorization",
            "jwtConfiguration": {"issuer": "https://a.test", "audience": ["x"]},
        },
    }
    document = _document(components={"securitySchemes": {"a": authorizer, "b": authorizer}})
    api = call("ImportApi", Body=document)["ApiId"]
    ids = {
        each["Name"]: each["AuthorizerId"] for each in call("GetAuthorizers", ApiId=api)["Items"]
    }
    for name, new in (("a", "c"), ("b", "a"), ("a", "b")):
        call("UpdateAuthorizer", ApiId=api, AuthorizerId=ids[name], Name=new)
    call("ReimportApi", ApiId=api, Body=document)
    found = call("GetAuthorizers", ApiId=api)["Items"]
    assert {each["Name"]: each["AuthorizerId"] for each in found} == ids


@pytest.mark.parametrize(
    "body",
    [
        "", "{", "[]", "null", "openapi: 3.0.1", "\0", "swagger: '2.0'", "&a [*a]", "{" * 10_000,
        _document(info={"title": "x" * 129, "version": "1"}),
        _document(info={"title": "", "version": "1"}),
        _document(info={"title": "x", "version": "1" * 65}),
        _document(**{"x-amazon-apigateway-cors": {"allowOrigins": ["null"]}}),
        _document(**{"x-amazon-apigateway-policy": {}}),
        _document(security=[{"nobody": []}]),
        _document(paths={"/a": {"get": {}}}),
        _document().replace(BACKEND, "ftp://x"),
        _document().replace(BACKEND, "http://127.0.0.1/{nowhere}"),
        _document().replace(BACKEND, "http://127.0.0.1:0/"),
        _document().replace('/pets": {"get', '/a b": {"get'),
        _document().replace('/pets": {"get', '/a?b": {"get'),
    ],
)  # fmt: skip
def test_a_document_that_is_no_api_is_refused_and_leaves_nothing(body):
    call = calling()
    refused = call.refused("ImportApi", Body=body)
    assert refused.code == "BadRequestException"
    assert call("GetApis")["Items"] == []


def test_a_document_does_not_choose_its_id():
    call = calling()
    made = call("ImportApi", Body=_document(**{"x-bargate-api-id": "victim"}))
    assert made["ApiId"] != "victim"


def test_warnings_are_told_or_fail_the_import():
    call = calling()
    body = _document(**{"x-amazon-apigateway-minimum-compression-size": 1})
    made = call("ImportApi", Body=body)
    assert "x-amazon-apigateway-minimum-compression-size" in made["Warnings"][0]
    refused = call.refused("ImportApi", Body=body, FailOnWarnings=True)
    assert refused.code == "BadRequestException"
    assert call.refused("ImportApi", Body=body, Basepath="split").code == "BadRequestException"
    # `Basepath` is what says what becomes of it, and AWS's exports always have one.
    staged = _document(servers=[{"url": "https://abc.example/prod"}])
    assert "Warnings" not in call("ImportApi", Body=staged, FailOnWarnings=True)


def test_the_id_of_another_accounts_api_is_a_conflict():
    call = calling()
    api = HttpApi(id="abc", name="mine")
    here = Place(account_id=ACCOUNT, region=REGION, now=NOW)
    there = Place(account_id="210987654321", region=REGION, now=NOW)
    call.store.write(lambda tx: store_http_api(tx, here, api))
    with pytest.raises(AwsError, match="ConflictException"):
        call.store.write(lambda tx: store_http_api(tx, there, api))


def test_a_stage_is_exported_as_it_is_deployed():
    call = calling()
    api = new_api(call)
    jwt = new_jwt(call, api)
    new_request_authorizer(call, api)
    route = new_route(call, api, AuthorizationType="JWT", AuthorizerId=jwt)
    new_stage(call, api, "prod", AutoDeploy=False)
    undeployed = {
        "ApiId": api, "Specification": "OAS30", "OutputType": "JSON", "StageName": "prod",
    }  # fmt: skip
    assert call.refused("ExportApi", **undeployed).code == "NotFoundException"
    call("CreateDeployment", ApiId=api, StageName="prod")
    call("UpdateRoute", ApiId=api, RouteId=route, RouteKey="GET /later")
    deployed = json.loads(call("ExportApi", **undeployed)["body"])
    assert list(deployed["paths"]) == ["/pets"]
    assert deployed["servers"][0]["url"].endswith("/prod")
    now = call("ExportApi", ApiId=api, Specification="OAS30", OutputType="JSON")["body"]
    assert list(json.loads(now)["paths"]) == ["/later"]
    bare = call(
        "ExportApi",
        ApiId=api,
        Specification="OAS30",
        OutputType="JSON",
        IncludeExtensions=False,
    )["body"]
    assert b"x-amazon" not in bare
    assert served(call, api, "prod") is not None


@pytest.mark.parametrize(
    "settings_",
    [{"Specification": "OAS20"}, {"OutputType": "XML"}, {"ExportVersion": "2.0"}],
)
def test_an_export_of_another_form_is_refused(settings_):
    call = calling()
    base = {"ApiId": new_api(call), "Specification": "OAS30", "OutputType": "JSON"}
    assert call.refused("ExportApi", **base | settings_).code == "BadRequestException"
