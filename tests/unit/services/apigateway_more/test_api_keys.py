from __future__ import annotations

import pytest

from bargate.records.api_key import API_KEY, ApiKey
from bargate.secret import Secret
from bargate.services.apigateway import SERVICE
from bargate.services.paging import token_of
from calling import ACCOUNT, REGION, Calling, root
from unit.services.apigateway_more.building_apis import patch

VALUE = "abcdefghij0123456789"


def test_a_key_is_disabled_unless_it_is_enabled(api: Calling) -> None:
    made = api("CreateApiKey", name="one")
    assert made["enabled"] is False
    assert made["stageKeys"] == []
    assert len(made["value"]) == 40
    assert api("CreateApiKey", enabled=True)["enabled"] is True
    assert len(api("CreateApiKey", value="")["value"]) == 40  # as Terraform asks for one


def test_an_id_never_tells_the_value(api: Calling) -> None:
    for distinct in (True, False):
        made = api("CreateApiKey", name="one", generateDistinctId=distinct)
        assert made["id"] != made["value"]
        assert made["id"] not in made["value"]


def test_the_value_is_shown_only_when_asked_for(api: Calling) -> None:
    made = api("CreateApiKey", name="one", value=VALUE)
    assert made["value"] == VALUE
    assert "value" not in api("GetApiKey", apiKey=made["id"])
    assert api("GetApiKey", apiKey=made["id"], includeValue=True)["value"] == VALUE
    assert "value" not in api("GetApiKeys")["items"][0]
    assert api("GetApiKeys", includeValues=True)["items"][0]["value"] == VALUE
    changed = api("UpdateApiKey", apiKey=made["id"], patchOperations=[])
    assert "value" not in changed


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a" * 19, "API Key value should be at least 20 characters"),
        ("a" * 129, "API Key value exceeds maximum size of 128 characters"),
        ("a" * 20 + "\r\nX-Evil: 1", "Invalid API Key value specified."),
        ("é" * 20, "Invalid API Key value specified."),
        (" " + "a" * 20, "Invalid API Key value specified."),
    ],
)
def test_values_out_of_bounds_are_refused(api: Calling, value: str, text: str) -> None:
    refused = api.refused("CreateApiKey", value=value)
    assert (refused.code, refused.message) == ("BadRequestException", text)


def test_a_value_is_unique_in_its_account_and_region(api: Calling) -> None:
    api("CreateApiKey", value=VALUE)
    refused = api.refused("CreateApiKey", value=VALUE)
    assert (refused.code, refused.message) == ("ConflictException", "API Key already exists")
    elsewhere = Calling(SERVICE, api.store, region="eu-west-1")
    assert elsewhere("CreateApiKey", value=VALUE)["value"] == VALUE
    stranger = Calling(SERVICE, api.store, caller=root("210987654321"))
    assert stranger("CreateApiKey", value=VALUE)["value"] == VALUE


def test_another_accounts_key_is_not_there(api: Calling) -> None:
    made = api("CreateApiKey", name="one")
    stranger = Calling(SERVICE, api.store, caller=root("210987654321"))
    for operation, more in (
        ("GetApiKey", {"includeValue": True}),
        ("UpdateApiKey", {"patchOperations": [patch("replace", "/enabled", "true")]}),
        ("DeleteApiKey", {}),
    ):
        refused = stranger.refused(operation, apiKey=made["id"], **more)
        assert refused.code == "NotFoundException"
        assert refused.message == "Invalid API Key identifier specified"
    assert stranger("GetApiKeys", includeValues=True)["items"] == []


def test_names_are_found_by_a_prefix_with_its_case(api: Calling) -> None:
    for name in ("pet", "pets", "Pets", "pet-shop", "peu", "cats"):
        api("CreateApiKey", name=name)
    api("CreateApiKey")
    found = [each["name"] for each in api("GetApiKeys", nameQuery="pet")["items"]]
    assert found == ["pet", "pet-shop", "pets"]
    assert [each["name"] for each in api("GetApiKeys", nameQuery="P")["items"]] == ["Pets"]
    assert api("GetApiKeys", nameQuery="nothing")["items"] == []
    assert len(api("GetApiKeys", nameQuery="")["items"]) == 7


def test_names_are_paged_within_their_prefix(api: Calling) -> None:
    for number in range(7):
        api("CreateApiKey", name=f"pet{number}")
    api("CreateApiKey", name="zebra")
    names, position = [], None
    while True:
        more = {} if position is None else {"position": position}
        page = api("GetApiKeys", nameQuery="pet", limit=3, **more)
        names += [each["name"] for each in page["items"]]
        position = page.get("position")
        if position is None:
            break
    assert names == [f"pet{number}" for number in range(7)]


def test_keys_of_a_customer_are_found(api: Calling) -> None:
    api("CreateApiKey", name="one", customerId="c1")
    api("CreateApiKey", name="two", customerId="c1")
    api("CreateApiKey", name="three", customerId="c2")
    assert len(api("GetApiKeys", customerId="c1")["items"]) == 2
    found = api("GetApiKeys", customerId="c1", nameQuery="tw")["items"]
    assert [each["name"] for each in found] == ["two"]


def test_a_forged_position_shows_nothing_of_others(api: Calling) -> None:
    stranger = Calling(SERVICE, api.store, caller=root("210987654321"))
    stranger("CreateApiKey", name="theirs")
    for key in (
        ("210987654321", REGION, ""),
        ("210987654321", REGION),
        (ACCOUNT, REGION),
        (ACCOUNT,),
        (),
        (ACCOUNT, REGION, "a\0b"),
        (ACCOUNT, "eu-west-1", "a"),
    ):
        refused = api.refused("GetApiKeys", position=token_of(key))
        assert refused.message == "Invalid position parameter specified"
    for token in ("x", "é", "AAAA", "\0", "z" * 5000):
        assert api.refused("GetApiKeys", position=token).code == "BadRequestException"
    assert api("GetApiKeys", position=token_of((ACCOUNT, REGION, "")))["items"] == []


def test_limits_are_held(api: Calling) -> None:
    assert api.refused("GetApiKeys", limit=-1).code == "BadRequestException"
    assert api("GetApiKeys", limit=100_000)["items"] == []


def test_a_patch_changes_a_key_but_never_its_value(api: Calling) -> None:
    made = api("CreateApiKey", name="one", value=VALUE, enabled=True)
    changed = api(
        "UpdateApiKey",
        apiKey=made["id"],
        patchOperations=[
            patch("replace", "/name", "two"),
            patch("replace", "/enabled", "false"),
            patch("replace", "/description", "of two"),
        ],
    )
    assert (changed["name"], changed["enabled"], changed["description"]) == ("two", False, "of two")
    assert changed["lastUpdatedDate"] > changed["createdDate"]
    for path in ("/value", "/id", "/account_id", "/", "", "name", "/name/x"):
        refused = api.refused(
            "UpdateApiKey", apiKey=made["id"], patchOperations=[patch("replace", path, "x" * 20)]
        )
        assert refused.code == "BadRequestException"
    assert api("GetApiKey", apiKey=made["id"], includeValue=True)["value"] == VALUE


@pytest.mark.parametrize("value", ["yes", "1", "", None])
def test_enabled_is_true_or_false(api: Calling, value: str | None) -> None:
    made = api("CreateApiKey", enabled=False)
    operations = [patch("replace", "/enabled", value)]
    refused = api.refused("UpdateApiKey", apiKey=made["id"], patchOperations=operations)
    assert refused.code == "BadRequestException"


def test_texts_that_cannot_be_kept_are_refused(api: Calling) -> None:
    for members in ({"name": "a\0b"}, {"name": "x" * 1025}, {"name": "\ud800"}):
        refused = api.refused("CreateApiKey", **members)
        assert refused.message == "Invalid API Key name, can be at most 1024 characters."
    refused = api.refused("CreateApiKey", description="\0")
    assert refused.message == "Invalid API Key description specified."
    for tags in ({"\ud800": "a"}, {"a": "\ud800"}, {"a": "\0"}, {"aws:a": "b"}, {"": "b"}):
        assert api.refused("CreateApiKey", tags=tags).code == "BadRequestException"
    assert api.refused("GetApiKey", apiKey="a\0b").code == "NotFoundException"
    assert api.refused("GetApiKeys", nameQuery="\ud800").code == "BadRequestException"


def test_a_key_seemingly_bound_to_a_stage_is_refused(api: Calling) -> None:
    stage = {"restApiId": "a", "stageName": "b"}
    assert api.refused("CreateApiKey", stageKeys=[stage]).code == "BadRequestException"


def test_no_index_holds_a_value(api: Calling) -> None:
    made = api("CreateApiKey", value=VALUE)
    record = api.store.read(lambda tx: tx.get(API_KEY, (ACCOUNT, REGION, made["id"])))
    for index in API_KEY.indexes:
        assert VALUE not in "".join(index.key_of(record) or ())
    assert VALUE not in repr(record)


def test_ten_thousand_keys_are_listed_page_by_page() -> None:
    api = Calling(SERVICE)
    count = 10_000

    def fill(tx: object) -> None:
        for number in range(count):
            tx.create(  # type: ignore[attr-defined]
                API_KEY,
                ApiKey(
                    account_id=ACCOUNT,
                    region=REGION,
                    id=f"k{number:09}",
                    value=Secret(f"value-of-key-number-{number:09}"),
                    name=f"n{number % 100}",
                    created_date=api.now,
                    last_updated_date=api.now,
                ),
            )

    api.store.write(fill)
    seen: set[str] = set()
    position = None
    while True:
        more = {} if position is None else {"position": position}
        page = api("GetApiKeys", limit=500, **more)
        assert len(page["items"]) <= 500
        seen |= {each["id"] for each in page["items"]}
        position = page.get("position")
        if position is None:
            break
    assert len(seen) == count
    found = api("GetApiKeys", nameQuery="n99", limit=500)
    assert len(found["items"]) == 100
