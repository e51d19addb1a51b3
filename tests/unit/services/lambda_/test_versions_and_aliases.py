"""Versions that never change again, and aliases that name them."""

from __future__ import annotations

from typing import Any

import pytest

from unit.services.lambda_.making import ARN, asked, package, refused

INVALID = "InvalidParameterValueException"


@pytest.fixture
def greet(functions: Any) -> Any:
    functions.create_function(**asked())
    return functions


def changed(greet: Any, text: str) -> None:
    greet.update_function_code(FunctionName="greet", ZipFile=package(text))


def test_a_version_is_what_latest_was(greet: Any) -> None:
    first = greet.publish_version(FunctionName="greet", Description="one")
    assert (first["Version"], first["FunctionArn"]) == ("1", f"{ARN}:greet:1")
    assert first["Description"] == "one"
    assert greet.publish_version(FunctionName="greet")["Version"] == "1"  # nothing changed
    changed(greet, "x = 2\n")
    assert greet.publish_version(FunctionName="greet")["Version"] == "2"
    told = greet.get_function_configuration(FunctionName="greet", Qualifier="1")
    assert (told["CodeSha256"], told["FunctionArn"]) == (first["CodeSha256"], f"{ARN}:greet:1")
    listed = greet.list_versions_by_function(FunctionName="greet", MaxItems=2)
    more = greet.list_versions_by_function(FunctionName="greet", Marker=listed["NextMarker"])
    versions = [each["Version"] for page in (listed, more) for each in page["Versions"]]
    assert versions == ["$LATEST", "1", "2"]


def test_versions_are_listed_by_their_numbers(greet: Any) -> None:
    for number in range(11):
        changed(greet, f"x = {number}\n")
        greet.publish_version(FunctionName="greet")
    listed = greet.list_versions_by_function(FunctionName="greet")["Versions"]
    assert [each["Version"] for each in listed] == ["$LATEST", *map(str, range(1, 12))]


def test_a_number_is_never_given_twice(greet: Any) -> None:
    greet.publish_version(FunctionName="greet")
    greet.delete_function(FunctionName="greet", Qualifier="1")
    assert greet.publish_version(FunctionName="greet")["Version"] == "2"
    code, _ = refused(greet.get_function, FunctionName="greet", Qualifier="1")
    assert code == "ResourceNotFoundException"


def test_a_version_is_published_only_of_what_the_caller_means(greet: Any) -> None:
    code, message = refused(greet.publish_version, FunctionName="greet", CodeSha256="x")
    assert (code, "different from current CodeSHA256" in message) == (INVALID, True)
    code, _ = refused(greet.publish_version, FunctionName="greet", RevisionId="x")
    assert code == "PreconditionFailedException"


def test_what_cannot_be_deleted_alone_is_refused(greet: Any) -> None:
    greet.publish_version(FunctionName="greet")
    greet.create_alias(FunctionName="greet", Name="live", FunctionVersion="1")
    for qualifier, expected in (
        ("$LATEST", INVALID),
        ("live", INVALID),
        ("1", "ResourceConflictException"),
        ("7", "ResourceNotFoundException"),
    ):
        code, _ = refused(greet.delete_function, FunctionName="greet", Qualifier=qualifier)
        assert code == expected, qualifier


def test_an_alias_names_a_version(greet: Any) -> None:
    greet.publish_version(FunctionName="greet")
    changed(greet, "x = 2\n")
    greet.publish_version(FunctionName="greet")
    made = greet.create_alias(FunctionName="greet", Name="live", FunctionVersion="1")
    assert made["AliasArn"] == f"{ARN}:greet:live"
    told = greet.get_function_configuration(FunctionName="greet:live")
    assert (told["Version"], told["FunctionArn"]) == ("1", f"{ARN}:greet:live")
    again = {"FunctionName": "greet", "Name": "live", "FunctionVersion": "2"}
    assert refused(greet.create_alias, **again) == (
        "ResourceConflictException", f"Alias already exists: {ARN}:greet:live",
    )  # fmt: skip
    assert refused(greet.update_alias, **again, RevisionId="x")[0] == "PreconditionFailedException"
    moved = greet.update_alias(**again, RevisionId=made["RevisionId"])
    assert (moved["FunctionVersion"], moved["RevisionId"] == made["RevisionId"]) == ("2", False)
    listed = greet.list_aliases(FunctionName="greet", FunctionVersion="2")["Aliases"]
    assert [each["Name"] for each in listed] == ["live"]
    assert greet.list_aliases(FunctionName="greet", FunctionVersion="1")["Aliases"] == []
    for _ in range(2):  # one that is gone is gone
        greet.delete_alias(FunctionName="greet", Name="live")
    assert refused(greet.get_alias, FunctionName="greet", Name="live") == (
        "ResourceNotFoundException", f"Cannot find alias arn: {ARN}:greet:live",
    )  # fmt: skip


def test_two_versions_share_the_calls_of_an_alias(greet: Any) -> None:
    for text in ("x = 1\n", "x = 2\n"):
        changed(greet, text)
        greet.publish_version(FunctionName="greet")
    alias = {"FunctionName": "greet", "Name": "live"}

    def routing(**weights: float) -> dict[str, Any]:
        weighted = {name.removeprefix("v"): weight for name, weight in weights.items()}
        return {"RoutingConfig": {"AdditionalVersionWeights": weighted}}

    made = greet.create_alias(**alias, FunctionVersion="1", **routing(v2=0.25))
    assert made["RoutingConfig"] == {"AdditionalVersionWeights": {"2": 0.25}}
    for wrong, code in (
        ({"FunctionVersion": "1", **routing(v1=0.5)}, INVALID),
        ({"FunctionVersion": "2"}, INVALID),
        ({"FunctionVersion": "$LATEST"}, INVALID),
        (routing(v2=0.5, v3=0.1), INVALID),
        (routing(v9=0.5), "ResourceNotFoundException"),
        ({"FunctionVersion": "9"}, "ResourceNotFoundException"),
        (routing(v2=1.5), "ValidationException"),
    ):
        assert refused(greet.update_alias, **alias, **wrong)[0] == code, wrong
    code, _ = refused(greet.delete_function, FunctionName="greet", Qualifier="2")
    assert code == "ResourceConflictException"
    assert "RoutingConfig" not in greet.update_alias(**alias, **routing())


def test_all_that_is_a_functions_goes_with_it(greet: Any) -> None:
    greet.publish_version(FunctionName="greet")
    greet.create_alias(FunctionName="greet", Name="live", FunctionVersion="1")
    permission = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "*"}
    greet.add_permission(FunctionName="greet", Qualifier="live", **permission)
    greet.add_permission(FunctionName="greet", **permission)
    greet.delete_function(FunctionName="greet")
    greet.create_function(**asked())
    assert greet.list_aliases(FunctionName="greet")["Aliases"] == []
    assert len(greet.list_versions_by_function(FunctionName="greet")["Versions"]) == 1
    assert refused(greet.get_policy, FunctionName="greet")[0] == "ResourceNotFoundException"
    greet.publish_version(FunctionName="greet")
    greet.create_alias(FunctionName="greet", Name="live", FunctionVersion="1")
    code, _ = refused(greet.get_policy, FunctionName="greet", Qualifier="live")
    assert code == "ResourceNotFoundException"
