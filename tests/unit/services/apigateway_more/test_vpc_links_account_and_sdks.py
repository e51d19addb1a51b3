from __future__ import annotations

from typing import Any

import pytest

from bargate.services.apigateway import SERVICE
from calling import ACCOUNT, REGION, Calling, root
from unit.services.apigateway_more.building_apis import api_with_stages, patch

TARGET = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/net/n/0123456789abcdef"


def test_a_link_is_made_changed_and_goes(api: Calling) -> None:
    made = api("CreateVpcLink", name="link", targetArns=[TARGET], tags={"a": "b"})
    assert made["status"] == "AVAILABLE"
    assert api("GetVpcLinks")["items"] == [made]
    changed = api(
        "UpdateVpcLink", vpcLinkId=made["id"], patchOperations=[patch("replace", "/name", "new")]
    )
    assert changed["name"] == "new"
    stranger = Calling(SERVICE, api.store, caller=root("210987654321"))
    assert stranger.refused("GetVpcLink", vpcLinkId=made["id"]).code == "NotFoundException"
    api("DeleteVpcLink", vpcLinkId=made["id"])
    assert (
        api.refused("GetVpcLink", vpcLinkId=made["id"]).message
        == "Invalid Vpc Link identifier specified"
    )


@pytest.mark.parametrize(
    "targets", [[], [TARGET, TARGET], ["x"], [TARGET.replace(ACCOUNT, "210987654321")], [TARGET.replace("/net/", "/app/")], [TARGET + "\n"]]
)  # fmt: skip
def test_targets_that_are_none_are_refused(api: Calling, targets: list[str]) -> None:
    assert (
        api.refused("CreateVpcLink", name="link", targetArns=targets).code == "BadRequestException"
    )
    assert api.refused("CreateVpcLink", name="", targetArns=[TARGET]).code == "BadRequestException"


def test_the_account_has_its_throttle_and_a_role(api: Calling) -> None:
    found = api("GetAccount")
    assert found["throttleSettings"] == {"burstLimit": 5000, "rateLimit": 10000.0}
    role = f"arn:aws:iam::{ACCOUNT}:role/logs"

    def update(operation: dict[str, str]) -> Any:
        return api("UpdateAccount", patchOperations=[operation])

    assert update(patch("replace", "/cloudwatchRoleArn", role))["cloudwatchRoleArn"] == role
    assert api("GetAccount")["cloudwatchRoleArn"] == role
    for operation in (
        patch("replace", "/cloudwatchRoleArn", "x"),
        patch("replace", "/cloudwatchRoleArn", "arn:aws:iam::210987654321:role/logs"),
        patch("replace", "/throttleSettings/rateLimit", "1"),
    ):
        assert (
            api.refused("UpdateAccount", patchOperations=[operation]).code == "BadRequestException"
        )
    assert "cloudwatchRoleArn" not in update(patch("replace", "/cloudwatchRoleArn", ""))


def test_kinds_of_sdk_are_known_and_none_is_generated(api: Calling) -> None:
    kinds = [each["id"] for each in api("GetSdkTypes")["items"]]
    assert kinds == ["android", "java", "javascript", "objectivec", "ruby", "swift"]
    for kind in kinds:
        assert api("GetSdkType", id=kind)["id"] == kind
    assert api.refused("GetSdkType", id="cobol").code == "NotFoundException"
    rest = api_with_stages(api, "prod")
    refused = api.refused("GetSdk", restApiId=rest, stageName="prod", sdkType="java")
    assert refused.code == "BadRequestException"
    assert "does not generate SDKs" in refused.message
    assert (
        api.refused("GetSdk", restApiId=rest, stageName="x", sdkType="java").code
        == "NotFoundException"
    )
