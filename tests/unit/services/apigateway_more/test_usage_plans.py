from __future__ import annotations

from typing import Any

import pytest

from bargate.records.usage_record import USAGE_RECORD, UsageRecord
from bargate.services.apigateway import SERVICE
from calling import ACCOUNT, REGION, Calling, root
from unit.services.apigateway_more.building_apis import api_with_stages, patch


def test_a_plan_is_given_back_as_it_was_made(api: Calling) -> None:
    rest = api_with_stages(api, "prod")
    stage = {
        "apiId": rest,
        "stage": "prod",
        "throttle": {"/pets/GET": {"rateLimit": 1.5, "burstLimit": 2}, "//GET": {"burstLimit": 1}},
    }
    made = api(
        "CreateUsagePlan",
        name="gold",
        description="for all",
        apiStages=[stage],
        throttle={"rateLimit": 10.0, "burstLimit": 100},
        quota={"limit": 1000, "offset": 5, "period": "WEEK"},
        tags={"a": "b"},
    )
    assert made["apiStages"] == [stage]
    assert made["quota"] == {"limit": 1000, "offset": 5, "period": "WEEK"}
    assert api("GetUsagePlan", usagePlanId=made["id"]) == made
    assert api("GetUsagePlans")["items"] == [made]


@pytest.mark.parametrize("stage", [{"apiId": "nope", "stage": "prod"}, {"stage": "x"}, {}])
def test_stages_that_are_not_there_are_refused(api: Calling, stage: dict[str, str]) -> None:
    refused = api.refused("CreateUsagePlan", name="gold", apiStages=[stage])
    assert refused.code == "BadRequestException"
    named = f"{{api: {stage.get('apiId', 'null')}, stage: {stage.get('stage', 'null')}}}"
    assert refused.message.startswith(f"Invalid API Stage {named} specified for usageplan ")


def test_another_accounts_api_is_not_there(api: Calling) -> None:
    rest = api_with_stages(api, "prod")
    stranger = Calling(SERVICE, api.store, caller=root("210987654321"))
    stage = {"apiId": rest, "stage": "prod"}
    refused = stranger.refused("CreateUsagePlan", name="theft", apiStages=[stage])
    assert refused.message.startswith("Invalid API Stage {api: ")
    plan = stranger("CreateUsagePlan", name="theft")["id"]
    operations = [patch("add", "/apiStages", f"{rest}:prod")]
    refused = stranger.refused("UpdateUsagePlan", usagePlanId=plan, patchOperations=operations)
    assert refused.message.startswith("Invalid API Stage {api: ")
    assert api.refused("GetUsagePlan", usagePlanId=plan).code == "NotFoundException"


@pytest.mark.parametrize(
    "members",
    [
        {"quota": {"limit": 0, "period": "DAY"}},
        {"quota": {"limit": -1, "period": "DAY"}},
        {"quota": {"limit": 2**31, "period": "DAY"}},
        {"quota": {"limit": 5, "offset": 6, "period": "DAY"}},
        {"quota": {"limit": 5, "offset": -1, "period": "DAY"}},
        {"quota": {"limit": 5}},
        {"quota": {"period": "DAY"}},
        {"quota": {"limit": 5, "period": "YEAR"}},
        {"throttle": {"rateLimit": -1.0}},
        {"throttle": {"rateLimit": float("nan")}},
        {"throttle": {"rateLimit": float("inf")}},
        {"throttle": {"burstLimit": -1}},
        {"name": "  "},
        {"name": "a\0"},
    ],
)
def test_limits_that_limit_nothing_are_refused(api: Calling, members: dict[str, Any]) -> None:
    refused = api.refused("CreateUsagePlan", **({"name": "gold"} | members))
    assert refused.code == "BadRequestException"


def test_a_burst_may_exceed_its_rate_and_the_other_way_round(api: Calling) -> None:
    api("CreateUsagePlan", name="a", throttle={"rateLimit": 1.0, "burstLimit": 100})
    api("CreateUsagePlan", name="b", throttle={"rateLimit": 100.0, "burstLimit": 1})


class TestPatching:
    def update(self, api: Calling, plan: str, *operations: dict[str, str]) -> Any:
        return api("UpdateUsagePlan", usagePlanId=plan, patchOperations=list(operations))

    def refused(self, api: Calling, plan: str, *operations: dict[str, str]) -> str:
        error = api.refused("UpdateUsagePlan", usagePlanId=plan, patchOperations=list(operations))
        assert error.code == "BadRequestException", error
        return error.message

    def test_stages_come_and_go(self, api: Calling) -> None:
        rest = api_with_stages(api, "a", "b")
        plan = api("CreateUsagePlan", name="gold")["id"]
        made = self.update(
            api,
            plan,
            patch("add", "/apiStages", f"{rest}:a"),
            patch("add", "/apiStages", f"{rest}:b"),
        )
        assert [each["stage"] for each in made["apiStages"]] == ["a", "b"]
        made = self.update(api, plan, patch("remove", "/apiStages", f"{rest}:a"))
        assert [each["stage"] for each in made["apiStages"]] == ["b"]
        assert (
            self.refused(api, plan, patch("remove", "/apiStages", f"{rest}:a"))
            == "Invalid API Stage specified"
        )
        assert (
            self.refused(api, plan, patch("remove", "/apiStages")) == "Invalid API Stage specified"
        )
        for value in (f"{rest}:b", f"{rest}:c", rest, "", ":", f"{rest}:b:c"):
            assert self.refused(api, plan, patch("add", "/apiStages", value)).startswith(
                "Invalid API Stage"
            )

    def test_methods_are_throttled(self, api: Calling) -> None:
        rest = api_with_stages(api, "a")
        plan = api("CreateUsagePlan", name="gold", apiStages=[{"apiId": rest, "stage": "a"}])["id"]
        place = f"/apiStages/{rest}:a/throttle"
        made = self.update(
            api,
            plan,
            patch("replace", f"{place}/~1pets/GET/rateLimit", "2.5"),
            patch("add", f"{place}/~1pets/GET/burstLimit", "3"),
            patch("add", f"{place}/~1/GET/burstLimit", "4"),
        )
        assert made["apiStages"][0]["throttle"] == {
            "/pets/GET": {"rateLimit": 2.5, "burstLimit": 3},
            "//GET": {"burstLimit": 4},
        }
        made = self.update(api, plan, patch("remove", f"{place}/~1pets/GET"))
        assert list(made["apiStages"][0]["throttle"]) == ["//GET"]
        assert "throttle" not in self.update(api, plan, patch("remove", place))["apiStages"][0]
        self.refused(api, plan, patch("remove", f"{place}/~1pets/GET"))
        self.refused(api, plan, patch("add", f"{place}/~1pets/BREW/rateLimit", "1"))
        self.refused(api, plan, patch("add", f"{place}/pets/GET/rateLimit", "1"))
        self.refused(api, plan, patch("add", f"{place}/~1pets/GET/rateLimit", "nan"))
        self.refused(api, plan, patch("add", f"{place}/~1pets/GET/rateLimit", "inf"))
        self.refused(api, plan, patch("add", f"{place}/~1pets/GET/burstLimit", "-1"))
        self.refused(api, plan, patch("add", "/apiStages/x:y/throttle/~1pets/GET/rateLimit", "1"))

    def test_a_stage_has_at_most_twenty_throttled_methods(self, api: Calling) -> None:
        rest = api_with_stages(api, "a")
        plan = api("CreateUsagePlan", name="gold", apiStages=[{"apiId": rest, "stage": "a"}])["id"]
        operations = [
            patch("add", f"/apiStages/{rest}:a/throttle/~1p{number}/GET/rateLimit", "1")
            for number in range(21)
        ]
        self.update(api, plan, *operations[:20])
        refused = api.refused("UpdateUsagePlan", usagePlanId=plan, patchOperations=operations[20:])
        assert refused.code == "LimitExceededException"

    def test_quota_and_throttle_change(self, api: Calling) -> None:
        plan = api("CreateUsagePlan", name="gold")["id"]
        made = self.update(
            api,
            plan,
            patch("replace", "/quota/limit", "10"),
            patch("replace", "/quota/period", "DAY"),
            patch("replace", "/quota/offset", "2"),
            patch("replace", "/throttle/rateLimit", "5"),
            patch("replace", "/throttle/burstLimit", "6"),
            patch("replace", "/name", "silver"),
            patch("replace", "/description", "less"),
            patch("add", "/productCode", "p1"),
        )
        assert made["quota"] == {"limit": 10, "offset": 2, "period": "DAY"}
        assert made["throttle"] == {"rateLimit": 5.0, "burstLimit": 6}
        assert (made["name"], made["description"], made["productCode"]) == ("silver", "less", "p1")
        gone = self.update(
            api,
            plan,
            patch("remove", "/quota"),
            patch("remove", "/throttle"),
            patch("remove", "/productCode"),
        )
        assert not {"quota", "throttle", "productCode"} & set(gone)
        for path, value in (
            ("/quota/period", "DAY"),
            ("/quota/limit", "0"),
            ("/quota/limit", "x"),
            ("/id", "x"),
            ("/name", ""),
        ):
            self.refused(api, plan, patch("replace", path, value))

    def test_an_unknown_path_is_answered_as_aws_does(self, api: Calling) -> None:
        plan = api("CreateUsagePlan", name="gold")["id"]
        text = self.refused(api, plan, patch("remove", "/apiStages/a:b"))
        assert text.startswith(
            "Invalid patch path  '/apiStages/a:b' specified for op 'remove'. Must be one of: ["
        )


class TestKeysOfPlans:
    def test_a_key_comes_to_a_plan_and_goes(self, api: Calling) -> None:
        key = api("CreateApiKey", name="one")
        plan = api("CreateUsagePlan", name="gold")["id"]
        made = api("CreateUsagePlanKey", usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
        assert made == {"id": key["id"], "type": "API_KEY", "value": key["value"], "name": "one"}
        assert api("GetUsagePlanKey", usagePlanId=plan, keyId=key["id"]) == made
        assert api("GetUsagePlanKeys", usagePlanId=plan)["items"] == [made]
        assert api("GetUsagePlanKeys", usagePlanId=plan, nameQuery="two")["items"] == []
        assert api("GetUsagePlanKeys", usagePlanId=plan, nameQuery="on")["items"] == [made]
        assert [each["id"] for each in api("GetUsagePlans", keyId=key["id"])["items"]] == [plan]
        again = api.refused(
            "CreateUsagePlanKey", usagePlanId=plan, keyId=key["id"], keyType="API_KEY"
        )
        assert again.code == "ConflictException"
        api("DeleteUsagePlanKey", usagePlanId=plan, keyId=key["id"])
        for operation in ("GetUsagePlanKey", "DeleteUsagePlanKey"):
            assert (
                api.refused(operation, usagePlanId=plan, keyId=key["id"]).code
                == "NotFoundException"
            )
        assert api("GetUsagePlans", keyId=key["id"])["items"] == []

    def test_what_is_not_there_is_not_put_on_a_plan(self, api: Calling) -> None:
        key = api("CreateApiKey", name="one")["id"]
        plan = api("CreateUsagePlan", name="gold")["id"]
        refused = api.refused("CreateUsagePlanKey", usagePlanId=plan, keyId=key, keyType="JWT")
        assert refused.code == "BadRequestException"
        refused = api.refused("CreateUsagePlanKey", usagePlanId="x", keyId=key, keyType="API_KEY")
        assert refused.message == "Invalid Usage Plan ID specified"
        refused = api.refused("CreateUsagePlanKey", usagePlanId=plan, keyId="x", keyType="API_KEY")
        assert refused.message == "Invalid API Key identifier specified"
        stranger = Calling(SERVICE, api.store, caller=root("210987654321"))
        theirs = stranger("CreateUsagePlan", name="theft")["id"]
        refused = stranger.refused(
            "CreateUsagePlanKey", usagePlanId=theirs, keyId=key, keyType="API_KEY"
        )
        assert refused.code == "NotFoundException"

    def test_a_key_is_on_one_plan_a_stage(self, api: Calling) -> None:
        rest = api_with_stages(api, "a", "b")
        key = api("CreateApiKey", name="one")["id"]
        first = api("CreateUsagePlan", name="1", apiStages=[{"apiId": rest, "stage": "a"}])["id"]
        same = api("CreateUsagePlan", name="2", apiStages=[{"apiId": rest, "stage": "a"}])["id"]
        other = api("CreateUsagePlan", name="3", apiStages=[{"apiId": rest, "stage": "b"}])["id"]
        api("CreateUsagePlanKey", usagePlanId=first, keyId=key, keyType="API_KEY")
        refused = api.refused("CreateUsagePlanKey", usagePlanId=same, keyId=key, keyType="API_KEY")
        assert refused.code == "ConflictException"
        assert refused.message == (
            f"Usage Plan {same} cannot be added because API Key {key} cannot reference multiple"
            f" Usage Plans with the same API Stage: {rest}:a"
        )
        api("CreateUsagePlanKey", usagePlanId=other, keyId=key, keyType="API_KEY")

    def test_no_stage_comes_to_two_plans_of_a_key(self, api: Calling) -> None:
        rest = api_with_stages(api, "a", "b")
        key = api("CreateApiKey", name="one")["id"]
        first = api("CreateUsagePlan", name="1", apiStages=[{"apiId": rest, "stage": "a"}])["id"]
        other = api("CreateUsagePlan", name="3", apiStages=[{"apiId": rest, "stage": "b"}])["id"]
        for plan in (first, other):
            api("CreateUsagePlanKey", usagePlanId=plan, keyId=key, keyType="API_KEY")
        operations = [patch("add", "/apiStages", f"{rest}:a")]
        refused = api.refused("UpdateUsagePlan", usagePlanId=other, patchOperations=operations)
        assert refused.code == "ConflictException"
        free = api("CreateUsagePlan", name="4")["id"]
        api("UpdateUsagePlan", usagePlanId=free, patchOperations=operations)

    def test_a_key_is_on_ten_plans_at_most(self, api: Calling) -> None:
        key = api("CreateApiKey", name="one")["id"]
        plans = [api("CreateUsagePlan", name=str(number))["id"] for number in range(11)]
        for plan in plans[:10]:
            api("CreateUsagePlanKey", usagePlanId=plan, keyId=key, keyType="API_KEY")
        refused = api.refused(
            "CreateUsagePlanKey", usagePlanId=plans[10], keyId=key, keyType="API_KEY"
        )
        assert refused.code == "LimitExceededException"

    def test_a_deleted_key_is_on_no_plan(self, api: Calling) -> None:
        key = api("CreateApiKey", name="one")["id"]
        plan = api("CreateUsagePlan", name="gold")["id"]
        api("CreateUsagePlanKey", usagePlanId=plan, keyId=key, keyType="API_KEY")
        api("DeleteApiKey", apiKey=key)
        assert api("GetUsagePlanKeys", usagePlanId=plan)["items"] == []


def test_a_plan_with_stages_is_not_deleted(api: Calling) -> None:
    rest = api_with_stages(api, "a")
    plan = api("CreateUsagePlan", name="gold", apiStages=[{"apiId": rest, "stage": "a"}])["id"]
    refused = api.refused("DeleteUsagePlan", usagePlanId=plan)
    assert refused.message == (
        f"Cannot delete Usage Plan {plan} because there are API Stages associated with it,"
        f" including {rest}:a"
    )
    operations = [patch("remove", "/apiStages", f"{rest}:a")]
    api("UpdateUsagePlan", usagePlanId=plan, patchOperations=operations)
    key = api("CreateApiKey", name="one")["id"]
    api("CreateUsagePlanKey", usagePlanId=plan, keyId=key, keyType="API_KEY")
    api("DeleteUsagePlan", usagePlanId=plan)
    assert api("GetUsagePlans")["items"] == []
    assert api("GetUsagePlans", keyId=key)["items"] == []


class TestUsage:
    def plan(self, api: Calling, **quota: Any) -> tuple[str, str]:
        key = api("CreateApiKey", name="one")["id"]
        plan = api("CreateUsagePlan", name="gold", quota=quota)["id"]
        api("CreateUsagePlanKey", usagePlanId=plan, keyId=key, keyType="API_KEY")
        return plan, key

    def use(self, api: Calling, plan: str, key: str, date: str, used: int) -> None:
        record = UsageRecord(
            account_id=ACCOUNT, region=REGION, usage_plan_id=plan, key_id=key, date=date, used=used
        )
        api.store.write(lambda tx: tx.create(USAGE_RECORD, record))

    def usage(self, api: Calling, plan: str, start: str, end: str, **more: Any) -> Any:
        return api("GetUsage", usagePlanId=plan, startDate=start, endDate=end, **more)

    def test_use_is_given_by_key_id_and_day(self, api: Calling) -> None:
        plan, key = self.plan(api, limit=10, period="DAY")
        self.use(api, plan, key, "2026-01-02", 4)
        found = self.usage(api, plan, "2026-01-01", "2026-01-03")
        assert found["items"] == {key: [[0, 10], [4, 6], [0, 10]]}
        assert (found["startDate"], found["endDate"]) == ("2026-01-01", "2026-01-03")

    def test_a_month_is_used_up_day_by_day_and_begins_again(self, api: Calling) -> None:
        plan, key = self.plan(api, limit=10, period="MONTH")
        for date, used in (("2026-03-30", 4), ("2026-03-31", 1), ("2026-04-01", 2)):
            self.use(api, plan, key, date, used)
        found = self.usage(api, plan, "2026-03-31", "2026-04-01")
        assert found["items"][key] == [[1, 5], [2, 8]]

    def test_an_offset_counts_in_the_first_period_only(self, api: Calling) -> None:
        plan, key = self.plan(api, limit=10, offset=7, period="WEEK")
        found = self.usage(api, plan, "2026-01-02", "2026-01-06")  # a Friday, and a new week
        assert found["items"][key] == [[0, 3], [0, 3], [0, 3], [0, 10], [0, 10]]

    def test_what_remains_can_be_set_for_now(self, api: Calling) -> None:
        plan, key = self.plan(api, limit=10, period="DAY")
        self.use(api, plan, key, "2026-01-02", 9)
        operations = [patch("replace", "/remaining", "50")]
        made = api("UpdateUsage", usagePlanId=plan, keyId=key, patchOperations=operations)
        assert made["items"] == {key: [[9, 50]]}
        found = self.usage(api, plan, "2026-01-02", "2026-01-03", keyId=key)
        assert found["items"][key] == [[9, 50], [0, 10]]
        operations = [patch("replace", "/remaining", "0")]
        made = api("UpdateUsage", usagePlanId=plan, keyId=key, patchOperations=operations)
        assert made["items"] == {key: [[9, 0]]}

    @pytest.mark.parametrize("value", ["-1", "x", "1e9", "99999999999", ""])
    def test_what_remains_is_a_number(self, api: Calling, value: str) -> None:
        plan, key = self.plan(api, limit=10, period="DAY")
        operations = [patch("replace", "/remaining", value)]
        refused = api.refused(
            "UpdateUsage", usagePlanId=plan, keyId=key, patchOperations=operations
        )
        assert refused.code == "BadRequestException"

    @pytest.mark.parametrize(
        ("start", "end"),
        [
            ("2026-01-02", "2026-01-01"),
            ("2026-01-01", "2026-06-01"),
            ("20260101", "2026-01-02"),
            ("2026-W01-1", "2026-01-02"),
            ("2026-02-30", "2026-03-01"),
            ("0001-01-01", "0001-01-02"),
            ("", "2026-01-01"),
            ("2026-01-01\0", "2026-01-02"),
            ("\u0662\u0660\u0662\u0666-01-01", "2026-01-02"),
        ],
    )
    def test_dates_that_are_none_are_refused(self, api: Calling, start: str, end: str) -> None:
        plan, _ = self.plan(api, limit=10, period="DAY")
        refused = api.refused("GetUsage", usagePlanId=plan, startDate=start, endDate=end)
        assert refused.code == "BadRequestException"

    def test_a_key_that_comes_back_has_what_it_left(self, api: Calling) -> None:
        plan, key = self.plan(api, limit=10, period="DAY")
        self.use(api, plan, key, "2026-01-02", 9)
        api("DeleteUsagePlanKey", usagePlanId=plan, keyId=key)
        assert self.usage(api, plan, "2026-01-02", "2026-01-02")["items"] == {}
        api("CreateUsagePlanKey", usagePlanId=plan, keyId=key, keyType="API_KEY")
        assert self.usage(api, plan, "2026-01-02", "2026-01-02")["items"] == {key: [[9, 1]]}

    def test_keys_of_a_plan_are_paged(self, api: Calling) -> None:
        plan, _ = self.plan(api, limit=10, period="DAY")
        for number in range(4):
            key = api("CreateApiKey", name=str(number))["id"]
            api("CreateUsagePlanKey", usagePlanId=plan, keyId=key, keyType="API_KEY")
        first = self.usage(api, plan, "2026-01-02", "2026-01-02", limit=3)
        rest = self.usage(api, plan, "2026-01-02", "2026-01-02", position=first["position"])
        assert len(first["items"] | rest["items"]) == 5
        assert "position" not in rest
