from __future__ import annotations

from calling import Calling
from unit.services.apigateway_more.building_apis import api_with_stages


def plan_of(api: Calling, rest: str, *stages: str) -> str:
    named = [{"apiId": rest, "stage": stage} for stage in stages]
    return str(api("CreateUsagePlan", name="gold", apiStages=named)["id"])


def stages_of(api: Calling, plan: str) -> list[str]:
    return [each["stage"] for each in api("GetUsagePlan", usagePlanId=plan)["apiStages"]]


def test_a_new_stage_of_an_old_name_is_on_no_plan(api: Calling) -> None:
    rest = api_with_stages(api, "a", "b")
    plan = plan_of(api, rest, "a", "b")
    deployment = api("GetStage", restApiId=rest, stageName="a")["deploymentId"]
    api("DeleteStage", restApiId=rest, stageName="a")
    api("CreateStage", restApiId=rest, stageName="a", deploymentId=deployment)
    assert stages_of(api, plan) == ["b"]


def test_a_deleted_api_leaves_plans_and_its_documentation(api: Calling) -> None:
    rest, other = api_with_stages(api, "a"), api_with_stages(api, "a", name="other")
    named = [{"apiId": each, "stage": "a"} for each in (rest, other)]
    plan = api("CreateUsagePlan", name="gold", apiStages=named)["id"]
    api("DeleteRestApi", restApiId=rest)
    left = api("GetUsagePlan", usagePlanId=plan)["apiStages"]
    assert left == [{"apiId": other, "stage": "a"}]


def test_what_a_domain_name_leads_to_is_not_deleted(api: Calling) -> None:
    rest = api_with_stages(api, "a", "b")
    api("CreateDomainName", domainName="api.example.com")
    api("CreateBasePathMapping", domainName="api.example.com", restApiId=rest, stage="a")
    assert api.refused("DeleteRestApi", restApiId=rest).code == "BadRequestException"
    assert api.refused("DeleteStage", restApiId=rest, stageName="a").code == "BadRequestException"
    api("DeleteStage", restApiId=rest, stageName="b")
    api("DeleteBasePathMapping", domainName="api.example.com", basePath="(none)")
    api("DeleteRestApi", restApiId=rest)
