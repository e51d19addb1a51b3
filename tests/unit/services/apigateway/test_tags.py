from __future__ import annotations

import pytest

from unit.services.apigateway.building_rest import OTHER_ACCOUNT, Api, elsewhere


def arn_of(path, region="us-east-1"):
    return f"arn:aws:apigateway:{region}::{path}"


def test_apis_and_stages_are_tagged():
    api = Api(tags={"a": "1"})
    api.mock()
    api.deploy()
    for path, before in (
        (f"/restapis/{api.id}", {"a": "1"}),
        (f"/restapis/{api.id}/stages/dev", {}),
    ):
        named = {"resourceArn": arn_of(path)}
        assert api.calling("GetTags", **named) == {"tags": before}
        assert api.calling("TagResource", **named, tags={"a": "2", "b": ""}) == {}
        assert api.calling("GetTags", **named) == {"tags": {"a": "2", "b": ""}}
        assert api.calling("UntagResource", **named, tagKeys=["a", "none"]) == {}
        assert api.calling("GetTags", **named) == {"tags": {"b": ""}}
    assert api("GetRestApi")["tags"] == {"b": ""}
    assert api("GetStage", stageName="dev")["tags"] == {"b": ""}


@pytest.mark.parametrize(
    "tags",
    [
        {"aws:x": "1"},
        {"AWS:x": "1"},
        {"": "1"},
        {"k" * 129: "1"},
        {"k": "v" * 257},
        {str(number): "" for number in range(51)},
    ],
)
def test_tags_that_aws_does_not_take(tags, api):
    error = api.calling.refused("TagResource", resourceArn=arn_of(f"/restapis/{api.id}"), tags=tags)
    assert error.code == "BadRequestException"
    assert api.calling.refused("CreateRestApi", name="x", tags=tags).code == "BadRequestException"


def test_more_than_fifty_tags_never_gather(api):
    named = {"resourceArn": arn_of(f"/restapis/{api.id}")}
    api.calling("TagResource", **named, tags={f"a{number}": "" for number in range(40)})
    more = {f"b{number}": "" for number in range(11)}
    assert api.calling.refused("TagResource", **named, tags=more).code == "BadRequestException"
    assert len(api.calling("GetTags", **named)["tags"]) == 40


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "x",
        "arn:aws:apigateway:us-east-1::/restapis/",
        "arn:aws:apigateway:us-east-1::/restapis/nosuch",
        "arn:aws:apigateway:us-east-1::/restapis/{id}/stages/nosuch",
        "arn:aws:apigateway:us-east-1::/restapis/{id}/",
        "arn:aws:apigateway:us-east-1::/restapis/{id}\n",
        "arn:aws:apigateway:us-east-1::/restapis/{id}\0",
        "arn:aws:apigateway:eu-west-1::/restapis/{id}",
        "arn:aws-cn:apigateway:us-east-1::/restapis/{id}",
        "arn:aws:execute-api:us-east-1::/restapis/{id}",
        "arn:aws:apigateway:us-east-1:123456789012:/restapis/{id}",
    ],
)
def test_an_arn_that_names_nothing_here(arn, api):
    arn = arn.replace("{id}", api.id)
    error = api.calling.refused("GetTags", resourceArn=arn)
    assert error.code in {"NotFoundException", "BadRequestException"}


def test_tags_of_another_account_are_out_of_reach(api):
    arn = arn_of(f"/restapis/{api.id}")
    assert elsewhere(api, OTHER_ACCOUNT).refused("GetTags", resourceArn=arn).code == (
        "NotFoundException"
    )
    error = elsewhere(api, region="eu-west-1").refused("GetTags", resourceArn=arn)
    assert error.code == "NotFoundException"
