from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bargate.services.apigateway import SERVICE
from bargate.wire.error import AwsError
from calling import Calling
from unit.services.apigateway_more.building_apis import api_with_stages

KEY = "abcdefghij0123456789abcdefghij"


def load(api: Calling, text: str | bytes, **more: Any) -> Any:
    body = text.encode() if isinstance(text, str) else text
    return api("ImportApiKeys", body=body, format="csv", **more)


def test_a_file_makes_keys_and_puts_them_on_plans(api: Calling) -> None:
    plans = [api("CreateUsagePlan", name=name)["id"] for name in "ab"]
    made = load(
        api,
        "Name,key,DESCRIPTION,Enabled,usageplanIds,colour\r\n"
        f'"one, two",{KEY}1,first,TRUE,"{plans[0]}, {plans[1]}",red\r\n'
        f"three,{KEY}2,,false,,\r\n\r\n",
    )
    assert made["warnings"] == []
    first = api("GetApiKey", apiKey=made["ids"][0], includeValue=True)
    assert (first["name"], first["value"], first["enabled"]) == ("one, two", KEY + "1", True)
    assert first["description"] == "first"
    second = api("GetApiKey", apiKey=made["ids"][1])
    assert second["enabled"] is False
    assert "description" not in second
    for plan in plans:
        assert [each["id"] for each in api("GetUsagePlanKeys", usagePlanId=plan)["items"]] == [
            made["ids"][0]
        ]


def test_importing_again_overwrites(api: Calling) -> None:
    first = load(api, f"name,key,enabled\none,{KEY},true")
    second = load(api, f"key,name,description\n{KEY},two,new")
    assert first["ids"] == second["ids"]
    found = api("GetApiKey", apiKey=first["ids"][0])
    assert (found["name"], found["enabled"], found["description"]) == ("two", False, "new")
    assert len(api("GetApiKeys")["items"]) == 1


def test_what_a_row_lacks_is_a_warning_and_the_others_go_on(api: Calling) -> None:
    made = load(
        api,
        "name,key,enabled,usageplanids\n"
        f"short,abc,,\n,{KEY}1,,\nbad,{KEY}2,maybe,\nplan,{KEY}3,,nope\ngood,{KEY}4,,\n"
        f"twice,{KEY}4,,\nfew\n",
    )
    assert len(made["ids"]) == 1
    assert [warning.partition(":")[0] for warning in made["warnings"]] == [
        "Row 2", "Row 3", "Row 4", "Row 5", "Row 7", "Row 8"
    ]  # fmt: skip
    assert KEY not in str(made["warnings"])
    assert len(api("GetApiKeys")["items"]) == 1


def test_a_row_that_fails_leaves_nothing_behind(api: Calling) -> None:
    rest = api_with_stages(api, "a")
    stages = [{"apiId": rest, "stage": "a"}]
    plans = [api("CreateUsagePlan", name=name, apiStages=stages)["id"] for name in "ab"]
    made = load(api, f'name,key,usageplanids\none,{KEY},"{plans[0]},{plans[1]}"')
    assert made["ids"] == []
    assert "cannot reference multiple Usage Plans" in made["warnings"][0]
    assert api("GetApiKeys")["items"] == []
    assert api("GetUsagePlanKeys", usagePlanId=plans[0])["items"] == []


def test_a_warning_undoes_all_if_asked(api: Calling) -> None:
    text = f"name,key\none,{KEY}\ntwo,short"
    with pytest.raises(AwsError, match="Row 3"):
        load(api, text, failOnWarnings=True)
    assert api("GetApiKeys")["items"] == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n\n",
        b"name\none",
        b"key\n" + KEY.encode(),
        b"name,name,key\na,b,c",
        b"name,key\n\xff\xfe,x",
        b'name,key\n"open,' + KEY.encode(),
        b'name,key\n"a"b,' + KEY.encode(),
        b"name,key\n" + b'"' + b"x" * 200_000 + b'",y',
        b"name,key\na\0b," + KEY.encode() + b"\0",
        b"\n" * 20_000,
        b"name,key\n" + b"a,b\n" * 20_000,
        b"name,key" + b",x" * 200,
        b"x" * (5 * 1024 * 1024),
    ],
)
def test_a_file_that_is_none_is_refused(api: Calling, body: bytes) -> None:
    try:
        made = load(api, body)
    except AwsError as error:
        assert error.code == "BadRequestException"  # noqa: PT017
    else:
        assert made["ids"] == []
        assert made["warnings"]
    assert api("GetApiKeys")["items"] == []


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(
            st.sampled_from(["name", "KEY", KEY, '"', ",", "\0", "'", "\r", "é", "TRUE", "=1+1"]),
            max_size=6,
        ),
        max_size=6,
    )
)
def test_whatever_the_quoting_is_nothing_breaks(rows: list[list[str]]) -> None:
    api = Calling(SERVICE)
    body = "name,key,enabled\n" + "\n".join(",".join(row) for row in rows)
    try:
        made = load(api, body)
    except AwsError as error:
        assert error.code == "BadRequestException"  # noqa: PT017
    else:
        assert len(made["ids"]) == len(api("GetApiKeys")["items"])
