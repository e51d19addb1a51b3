"""Every operation is called once through real boto3 with valid input and answers as modelled."""

from __future__ import annotations

from typing import Any

import botocore.loaders
import botocore.model
from botocore import xform_name
from tests.endpoint import Endpoint

from bargate.control.services import SERVICES
from conformance.control.world import SCRIPT, World

# What is there to be called; a new operation needs a step of its own in the script.
OPERATIONS = {
    "apigateway": 124,
    "apigatewayv2": 72,
    "iam": 151,
    "sts": 6,
    "ec2": 21,
    "acm": 8,
    "lambda": 31,
    "cognito-idp": 115,
}
# Calls that the script expects to be refused, for the reason that each gives.
REFUSED = 20
# Members that the models mark required in the answers, which have to be there.
REQUIRED_MEMBERS = 280
# Answers all of whose members are given at times alone (here a session for USER_AUTH).
MAY_BE_EMPTY = {"cognito-idp:ConfirmSignUp"}

_LOADER = botocore.loaders.Loader()
_MODELS = {
    name: botocore.model.ServiceModel(_LOADER.load_service_model(name, "service-2"), name)
    for name in SERVICES
}


def test_the_script_calls_every_operation() -> None:
    for service, found in SERVICES.items():
        called = {xform_name(each.operation) for each in SCRIPT if each.service == service}
        assert called == set(found.operations), called ^ set(found.operations)
        assert len(called) == OPERATIONS[service]


def test_every_operation_answers_with_what_its_model_requires(endpoint: Endpoint) -> None:
    world = World(endpoint)
    world.promote_agent()
    members = 0
    for step in SCRIPT:
        output = world.play(step)
        if output is None:
            continue
        assert output["ResponseMetadata"]["RequestId"], step
        shape = _MODELS[step.service].operation_model(step.operation).output_shape
        if shape is None or not shape.members:
            continue
        assert len(output) > 1 or str(step) in MAY_BE_EMPTY, (
            f"{step} answers nothing of {list(shape.members)}"
        )
        members += _check(output, shape, str(step))
    assert members >= REQUIRED_MEMBERS
    # nothing of the world is left but what the script does not take away
    left = world.root("apigateway").get_rest_apis()["items"]
    assert [each["name"] for each in left] == ["imported"]
    users = world.root("iam").list_users()["Users"]
    assert [each["UserName"] for each in users] == ["agent"]


def test_what_the_script_expects_to_be_refused_says_why() -> None:
    refused = [each for each in SCRIPT if each.refused]
    assert len({str(each) for each in refused}) == len(refused) == REFUSED
    assert all(each.why for each in refused)


def _check(value: Any, shape: Any, path: str) -> int:
    """Count the required members of a value; each has to be there."""
    if shape.type_name == "list":
        return sum(_check(each, shape.member, f"{path}[]") for each in value)
    if shape.type_name == "map":
        return sum(_check(each, shape.value, f"{path}.*") for each in value.values())
    if shape.type_name != "structure" or shape.is_document_type:
        return 0
    for name in shape.required_members:
        assert value.get(name) is not None, f"{path} lacks {name}"
    inside = sum(
        _check(value[name], member, f"{path}.{name}")
        for name, member in shape.members.items()
        if value.get(name) is not None
    )
    return inside + len(shape.required_members)
