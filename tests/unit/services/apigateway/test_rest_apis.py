from __future__ import annotations

import json

import pytest

from unit.services.apigateway.building_rest import Api, add, remove, replace

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "execute-api:Invoke",
            "Resource": ["execute-api:/*", "execute-api:/dev/GET/pets"],
        }
    ],
}
INVALID = (
    "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."
)


def test_a_new_api_has_awss_defaults(api):
    made = api.made
    assert made["apiKeySource"] == "HEADER"
    assert made["endpointConfiguration"] == {"types": ["EDGE"], "ipAddressType": "ipv4"}
    assert made["disableExecuteApiEndpoint"] is False
    assert len(made["id"]) == 10
    assert made["id"].isalnum()
    assert made["id"] == made["id"].lower()
    assert made["createdDate"].tzinfo is not None
    assert "policy" not in made
    assert "binaryMediaTypes" not in made
    assert api("GetRestApi") == made
    assert api("GetResources")["items"] == [{"id": api.root, "path": "/"}]
    assert {each["name"] for each in api("GetModels")["items"]} == {"Empty", "Error"}


def test_short_resources_of_a_policy_are_written_out_and_quotes_escaped():
    api = Api(policy=json.dumps(POLICY))
    shown = api("GetRestApi")["policy"]
    assert shown.startswith('{\\"Version\\":\\"2012-10-17\\"')
    resources = json.loads(json.loads(f'"{shown}"'))["Statement"][0]["Resource"]
    arn = f"arn:aws:execute-api:us-east-1:123456789012:{api.id}"
    assert resources == [f"{arn}/*", f"{arn}/dev/GET/pets"]
    assert "policy" not in api.patch("UpdateRestApi", replace("/policy", ""))


@pytest.mark.parametrize(
    "policy",
    [
        "{",
        "[]",
        "1",
        '{"Version":"2012-10-17"}',
        '{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}',
        json.dumps(POLICY).replace('"*"', '{"AWS":"nobody"}', 1),
        json.dumps(POLICY).replace('"Effect": "Allow"', '"Effect": "Maybe"'),
        json.dumps(POLICY).replace(
            '"Resource"', '"Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/99"}},"Resource"'
        ),
        "[" * 5_000,
        json.dumps(POLICY) + " " * 9_000,
    ],
)
def test_a_policy_that_cannot_be_enforced_is_never_kept(policy, api):
    error = api.calling.refused("CreateRestApi", name="x", policy=policy)
    assert (error.code, error.message) == ("BadRequestException", INVALID)
    assert api.patch_refused("UpdateRestApi", replace("/policy", policy)) == (
        "BadRequestException",
        INVALID,
    )
    assert "policy" not in api("GetRestApi")


def test_settings_are_patched(api):
    changed = api.patch(
        "UpdateRestApi",
        replace("/name", "new"),
        replace("/description", "d"),
        replace("/apiKeySource", "AUTHORIZER"),
        replace("/minimumCompressionSize", "1024"),
        add("/binaryMediaTypes/image~1png", ""),
        add("/binaryMediaTypes/*~1*", ""),
        add("/binaryMediaTypes/application~1x~0y", ""),
        replace("/binaryMediaTypes/image~1png", "image/gif"),
        replace("/endpointConfiguration/types/EDGE", "REGIONAL"),
        replace("/disableExecuteApiEndpoint", "true"),
    )
    assert changed["name"] == "new"
    assert changed["apiKeySource"] == "AUTHORIZER"
    assert changed["minimumCompressionSize"] == 1024
    assert changed["binaryMediaTypes"] == ["*/*", "application/x~y", "image/gif"]
    assert changed["endpointConfiguration"]["types"] == ["REGIONAL"]
    assert changed["disableExecuteApiEndpoint"] is True
    assert changed == api("GetRestApi")
    changed = api.patch(
        "UpdateRestApi",
        replace("/minimumCompressionSize", ""),
        remove("/binaryMediaTypes/*~1*"),
        replace("/endpointConfiguration/types/REGIONAL", "PRIVATE"),
        add("/endpointConfiguration/vpcEndpointIds", "vpce-1"),
        add("/endpointConfiguration/vpcEndpointIds", "vpce-2"),
        remove("/endpointConfiguration/vpcEndpointIds") | {"value": "vpce-1"},
    )
    assert "minimumCompressionSize" not in changed
    assert changed["endpointConfiguration"] == {
        "types": ["PRIVATE"],
        "ipAddressType": "dualstack",
        "vpcEndpointIds": ["vpce-2"],
    }


def test_a_patch_that_fails_changes_nothing(api):
    before = api("GetRestApi")
    api.patch_refused("UpdateRestApi", replace("/name", "x"), replace("/nope", "y"))
    assert api("GetRestApi") == before


def test_a_private_api_without_a_policy_is_never_deployed():
    api = Api(endpointConfiguration={"types": ["PRIVATE"]})
    api.mock()
    message = "Private REST API doesn't have a resource policy attached to it"
    assert message in api.refused("CreateDeployment", stageName="dev")[1]
    assert api.served() is None


def test_apis_are_listed_a_page_at_a_time(api):
    for number in range(4):
        Api(api.calling, name=f"n{number}")
    seen, request = [], {"limit": 2}
    while True:
        page = api.calling("GetRestApis", **request)
        seen += [each["id"] for each in page["items"]]
        assert len(page["items"]) <= 2
        if "position" not in page:
            break
        request["position"] = page["position"]
    assert len(seen) == len(set(seen)) == 5


def test_deleting_an_api_deletes_all_of_it(api):
    other = Api(api.calling)
    other.mock()
    other.deploy()
    for number in range(250):
        api.resource(f"p{number}")
    api.mock(api.root)
    api.deploy()
    api("CreateRequestValidator", name="v")
    api("PutGatewayResponse", responseType="THROTTLED", statusCode="503")
    assert api("DeleteRestApi") == {}
    assert api.refused("GetRestApi")[0] == "NotFoundException"
    assert api.served() is None
    assert other.served() is not None

    def left(tx):
        from bargate.services.apigateway.rest_apis import _PARTS

        return [
            kind.name for kind in _PARTS if tx.count(kind, ("123456789012", "us-east-1", api.id))
        ]

    assert api.calling.store.read(left) == []


def test_a_clone_has_everything_but_stages(api):
    api.patch("UpdateRestApi", replace("/policy", json.dumps(POLICY)))
    api.mock()
    api.deploy()
    clone = Api(api.calling, cloneFrom=api.id)
    assert clone.id != api.id
    assert api.id not in clone("GetRestApi")["policy"]
    assert {each["path"] for each in clone("GetResources")["items"]} == {"/", "/pets"}
    assert clone("GetStages") == {"item": []}
    clone.deploy()
    api("DeleteRestApi")
    assert [each.path for each in clone.served().api.resources] == ["/pets"]
