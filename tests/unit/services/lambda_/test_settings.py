"""Tags, concurrency, settings of events; and all of it as the functions host is told."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from tests.endpoint import ACCOUNT, REGION, Endpoint

from bargate.model.function import Alias, ZipCode
from unit.services.lambda_.making import ARN, ROLE, allow, asked, package, refused, user

INVALID = "InvalidParameterValueException"


@pytest.fixture
def greet(functions: Any) -> Any:
    functions.create_function(**asked(Environment={"Variables": {"GREETING": "hello"}}))
    return functions


def part(endpoint: Endpoint) -> Any:
    return endpoint.published().get(f"function/{ACCOUNT}/{REGION}/greet")


def test_the_host_is_told_all_that_it_needs(endpoint: Endpoint, greet: Any) -> None:
    greet.publish_version(FunctionName="greet")
    greet.create_alias(FunctionName="greet", Name="live", FunctionVersion="1")
    greet.put_function_concurrency(FunctionName="greet", ReservedConcurrentExecutions=3)
    greet.put_function_event_invoke_config(FunctionName="greet", MaximumRetryAttempts=0)
    greet.add_permission(
        FunctionName="greet", Qualifier="live", StatementId="s", Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )  # fmt: skip
    told = part(endpoint)
    assert (told.arn, told.reserved_concurrency) == (f"{ARN}:greet", 3)
    assert (told.max_retries, told.max_age_s) == (0, 21_600)
    assert [each.version for each in told.versions] == ["$LATEST", "1"]
    assert told.aliases == (Alias(name="live", version="1"),)
    assert list(told.policies) == ["live"]
    latest = told.versions[0]
    digest = hashlib.sha256(package()).hexdigest()
    path = str(Path(endpoint.settings.folder).resolve() / "functions" / f"{digest}.zip")
    assert latest.code == ZipCode(path=path, sha256=digest)
    assert Path(path).read_bytes() == package()
    assert (latest.role_arn, latest.handler) == (ROLE, "app.handler")
    assert latest.environment["GREETING"].reveal() == "hello"
    greet.delete_function(FunctionName="greet")
    assert part(endpoint) is None


def test_tags_are_set_told_and_taken_away(greet: Any) -> None:
    arn = f"{ARN}:greet"
    greet.tag_resource(Resource=arn, Tags={"a": "1", "b": "2"})
    greet.untag_resource(Resource=arn, TagKeys=["a", "none"])
    assert greet.list_tags(Resource=arn)["Tags"] == {"b": "2"}
    many = {f"k{number}": "" for number in range(50)}
    assert refused(greet.tag_resource, Resource=arn, Tags=many)[0] == INVALID
    assert refused(greet.tag_resource, Resource=arn, Tags={"aws:x": ""})[0] == INVALID
    assert refused(greet.list_tags, Resource=f"{arn}:1")[0] == INVALID
    assert refused(greet.list_tags, Resource=f"{ARN}:none")[0] == "ResourceNotFoundException"
    other = f"arn:aws:lambda:{REGION}:{ACCOUNT}:code-signing-config:csc-{'a' * 17}"
    assert refused(greet.list_tags, Resource=other)[0] == "ResourceNotFoundException"


def test_tags_decide_who_may(endpoint: Endpoint, greet: Any) -> None:
    tagged = {"StringEquals": {"aws:ResourceTag/team": "a"}}
    agent = user(endpoint, "agent", {**allow("lambda:GetFunction"), "Condition": tagged})
    assert refused(agent.get_function, FunctionName="greet")[0] == "AccessDeniedException"
    greet.tag_resource(Resource=f"{ARN}:greet", Tags={"team": "a"})
    assert agent.get_function(FunctionName="greet")["Tags"] == {"team": "a"}
    maker = user(endpoint, "maker", allow(["lambda:CreateFunction", "iam:PassRole"]))
    code, message = refused(maker.create_function, **asked("new", Tags={"team": "a"}))
    assert (code, "lambda:TagResource" in message) == ("AccessDeniedException", True)


def test_concurrency_is_reserved_within_what_the_account_has(greet: Any) -> None:
    name = {"FunctionName": "greet"}
    assert "ReservedConcurrentExecutions" not in greet.get_function_concurrency(**name)
    for reserved in (0, 900):
        greet.put_function_concurrency(**name, ReservedConcurrentExecutions=reserved)
        told = greet.get_function_concurrency(**name)
        assert told["ReservedConcurrentExecutions"] == reserved
    code, message = refused(
        greet.put_function_concurrency, **name, ReservedConcurrentExecutions=901
    )
    assert (code, "minimum value of [100]" in message) == (INVALID, True)
    limits = greet.get_account_settings()
    assert limits["AccountLimit"]["UnreservedConcurrentExecutions"] == 100
    assert limits["AccountUsage"] == {"FunctionCount": 1, "TotalCodeSize": len(package())}
    greet.create_function(**asked("second"))
    code, _ = refused(
        greet.put_function_concurrency, FunctionName="second", ReservedConcurrentExecutions=1
    )
    assert code == INVALID
    greet.delete_function_concurrency(**name)
    assert "ReservedConcurrentExecutions" not in greet.get_function_concurrency(**name)


def test_settings_of_events_are_set_changed_and_taken_away(greet: Any) -> None:
    name = {"FunctionName": "greet"}
    missing = "ResourceNotFoundException"
    for call in (greet.get_function_event_invoke_config, greet.delete_function_event_invoke_config):
        assert refused(call, **name)[0] == missing
    update = greet.update_function_event_invoke_config
    assert refused(update, **name, MaximumRetryAttempts=1)[0] == missing
    put = greet.put_function_event_invoke_config
    put(**name, MaximumRetryAttempts=1)
    told = update(**name, MaximumEventAgeInSeconds=60)
    assert (told["MaximumRetryAttempts"], told["MaximumEventAgeInSeconds"]) == (1, 60)
    assert told["FunctionArn"] == f"{ARN}:greet:$LATEST"
    assert len(greet.list_function_event_invoke_configs(**name)["FunctionEventInvokeConfigs"]) == 1
    assert "MaximumRetryAttempts" not in put(**name, MaximumEventAgeInSeconds=60)
    queue = {"OnFailure": {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"}}
    for wrong in (
        {},
        {"MaximumRetryAttempts": 1, "DestinationConfig": queue},
        {"MaximumRetryAttempts": 1, "Qualifier": "1"},
    ):
        assert refused(put, **name, **wrong)[0] == INVALID
    greet.delete_function_event_invoke_config(**name)
    assert greet.list_function_event_invoke_configs(**name)["FunctionEventInvokeConfigs"] == []
