import pytest
from botocore import xform_name

from bargate.services.apigatewayv2.service import SERVICE
from bargate.services.operation import OperationCall
from calling import ACCOUNT, REGION, root
from http_apis import calling, new_api, new_stage


def _arn(api: str, region: str = REGION) -> str:
    return f"arn:aws:apigateway:{region}::/apis/{api}"


def test_tags_are_added_replaced_listed_and_removed():
    call = calling()
    api = new_api(call, Tags={"a": "1"})
    new_stage(call, api)
    for arn in (_arn(api), f"{_arn(api)}/stages/$default"):
        call("TagResource", ResourceArn=arn, Tags={"a": "2", "b": "3"})
        assert call("GetTags", ResourceArn=arn) == {"Tags": {"a": "2", "b": "3"}}
        call("UntagResource", ResourceArn=arn, TagKeys=["a", "never"])
        assert call("GetTags", ResourceArn=arn) == {"Tags": {"b": "3"}}
    assert call("GetApi", ApiId=api)["Tags"] == {"b": "3"}


@pytest.mark.parametrize(
    "arn",
    [
        "", "nope", "arn:aws:apigateway:us-east-1::/restapis/x", "arn:aws:s3:::bucket",
        "arn:aws:apigateway:us-east-1::/apis/", "arn:aws:apigateway:us-east-1::/apis/{api}/routes/x",
        "arn:aws:apigateway:us-east-1:123456789012:/apis/{api}", "arn:aws:apigateway:::/apis/{api}",
        "arn:aws:apigateway:us-east-1::/apis/{api}\n", "arn:aws:apigateway:us-east-1::/apis/nope",
        "arn:aws:apigateway:eu-west-1::/apis/{api}", "arn:aws-cn:apigateway:us-east-1::/apis/{api}",
        "arn:aws:apigateway:us-east-1::/apis/{api}/stages/nope", "arn:" + "a" * 5000,
    ],
)  # fmt: skip
def test_an_arn_of_nothing_is_refused(arn):
    call = calling()
    api = new_api(call)
    refused = call.refused("TagResource", ResourceArn=arn.replace("{api}", api), Tags={"a": "1"})
    assert refused.code in {"BadRequestException", "NotFoundException"}
    assert call("GetApi", ApiId=api)["Tags"] == {}


def test_an_arn_names_nothing_of_another_account():
    mine = calling()
    api = new_api(mine, Tags={"secret": "1"})
    other = calling(store=mine.store, caller=root("210987654321"))
    for operation, more in (("GetTags", {}), ("UntagResource", {"TagKeys": ["secret"]})):
        refused = other.refused(operation, ResourceArn=_arn(api), **more)
        assert refused.code == "NotFoundException"


def test_tags_are_bounded_over_all_calls():
    call = calling()
    api = new_api(call, Tags={str(number): "1" for number in range(50)})
    refused = call.refused("TagResource", ResourceArn=_arn(api), Tags={"one more": "1"})
    assert refused.code == "BadRequestException"


def _targets(call, name, **request):
    def work(tx):
        caller = call.caller
        asked = OperationCall(
            account_id=caller.account_id,
            region=REGION,
            partition="aws",
            caller=caller,
            tx=tx,
            now=call.now,
            request_id="r",
        )
        return list(SERVICE.targets(name, asked, request))

    return call.store.read(work)


def test_permissions_are_asked_for_on_paths_without_the_version():
    call = calling()
    (target,) = _targets(call, "CreateRoute", ApiId="abc", RouteKey="GET /")
    assert (target.action, target.resource) == (
        "apigateway:POST",
        "arn:aws:apigateway:us-east-1::/apis/abc/routes",
    )
    (target,) = _targets(call, "DeleteRoute", ApiId="../v2/x", RouteId="::/v2/")
    assert (
        target.resource == "arn:aws:apigateway:us-east-1::/apis/..%2Fv2%2Fx/routes/%3A%3A%2Fv2%2F"
    )


def test_tags_of_request_and_resource_can_be_asked_for_by_policies():
    call = calling()
    api = new_api(call, Tags={"team": "a"})
    new_stage(call, api, Tags={"team": "b"})
    (made,) = _targets(call, "CreateApi", Name="n", ProtocolType="HTTP", Tags={"cost": "1"})
    assert made.context == {"aws:RequestTag/cost": "1", "aws:TagKeys": ("cost",)}
    (route,) = _targets(call, "CreateRoute", ApiId=api, RouteKey="GET /")
    assert route.context == {"aws:ResourceTag/team": "a"}
    (stage,) = _targets(call, "DeleteStage", ApiId=api, StageName="$default")
    assert stage.context == {"aws:ResourceTag/team": "b"}
    (tagged,) = _targets(call, "UntagResource", ResourceArn=_arn(api), TagKeys=["team"])
    assert tagged.context == {"aws:ResourceTag/team": "a", "aws:TagKeys": ("team",)}
    assert ACCOUNT not in tagged.resource


@pytest.mark.parametrize("name", sorted(SERVICE.operations))
def test_every_operation_says_what_it_needs(name):
    call = calling()
    names = {xform_name(each): each for each in call.model.operation_names}
    (target,) = _targets(call, names[name])
    assert target.action.startswith("apigateway:")
    assert "/v2" not in target.resource
