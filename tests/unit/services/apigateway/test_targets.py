from __future__ import annotations

from bargate.services.apigateway import SERVICE
from bargate.services.operation import OperationCall
from unit.services.apigateway.building_rest import Api


def target(api, operation, **request):
    calling = api.calling

    def work(tx):
        call = OperationCall(
            account_id=calling.caller.account_id,
            region=calling.region,
            partition="aws",
            caller=calling.caller,
            tx=tx,
            now=calling.now,
            request_id="r",
        )
        (found,) = SERVICE.targets(operation, call, request)
        return found

    return calling.store.read(work)


def test_an_operation_needs_its_method_on_its_path(api):
    found = target(api, "DeleteResource", restApiId=api.id, resourceId="abc123")
    assert found.action == "apigateway:DELETE"
    assert found.resource == f"arn:aws:apigateway:us-east-1::/restapis/{api.id}/resources/abc123"
    found = target(api, "CreateRestApi", name="x")
    assert (found.action, found.resource) == (
        "apigateway:POST",
        "arn:aws:apigateway:us-east-1::/restapis",
    )
    found = target(api, "ImportRestApi", body=b"")
    assert found.resource == "arn:aws:apigateway:us-east-1::/restapis"
    found = target(api, "UpdateStage", restApiId=api.id, stageName="dev")
    assert (found.action, found.resource) == (
        "apigateway:PATCH",
        f"arn:aws:apigateway:us-east-1::/restapis/{api.id}/stages/dev",
    )


def test_what_a_request_names_never_becomes_another_path(api):
    found = target(api, "GetStage", restApiId=f"{api.id}/stages", stageName="a/../b*?")
    assert found.resource.count("/") == 4
    assert "*" not in found.resource
    assert "?" not in found.resource
    found = target(api, "GetTags", resourceArn="arn:aws:apigateway:us-east-1::/restapis/x")
    assert found.resource == (
        "arn:aws:apigateway:us-east-1::"
        "/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2Fx"
    )


def test_tags_of_request_and_resource_are_context():
    api = Api(tags={"team": "blue", "env": "test"})
    api.mock()
    api.deploy()
    arn = f"arn:aws:apigateway:us-east-1::/restapis/{api.id}"
    api.calling("TagResource", resourceArn=f"{arn}/stages/dev", tags={"env": "prod"})
    found = target(api, "CreateRestApi", name="x", tags={"a": "1", "b": "2"})
    assert found.context == {
        "aws:RequestTag/a": "1",
        "aws:RequestTag/b": "2",
        "aws:TagKeys": ("a", "b"),
    }
    found = target(api, "DeleteStage", restApiId=api.id, stageName="dev")
    assert found.context == {"aws:ResourceTag/team": "blue", "aws:ResourceTag/env": "prod"}
    found = target(api, "UntagResource", resourceArn=arn, tagKeys=["team"])
    assert found.context == {
        "aws:ResourceTag/team": "blue",
        "aws:ResourceTag/env": "test",
        "aws:TagKeys": ("team",),
    }
    assert target(api, "GetRestApi", restApiId="nosuch").context == {}
    assert target(api, "GetRestApi", restApiId=f"{api.id}/stages/dev").context == {}


def test_tags_of_plans_and_keys_are_context_too(api):
    plan = api.calling("CreateUsagePlan", name="p", tags={"tier": "gold"})["id"]
    found = target(api, "UpdateUsagePlan", usagePlanId=plan)
    assert found.context == {"aws:ResourceTag/tier": "gold"}
    key = api.calling("CreateApiKey", name="k", tags={"owner": "me"})["id"]
    assert target(api, "DeleteApiKey", apiKey=key).context == {"aws:ResourceTag/owner": "me"}


def test_every_operation_of_the_model_has_a_target(api):
    operations = api.calling.model.operation_names
    for name in operations:
        found = target(api, name)
        assert found.action.removeprefix("apigateway:") in {"GET", "PUT", "POST", "PATCH", "DELETE"}
    assert len(operations) > 120
