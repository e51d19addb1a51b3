"""What an account has is nobody else's: not to be read, changed or counted, whatever it is named."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.endpoint import Endpoint

from bargate.control.first_start import make_keys
from bargate.records.access_key import ACCESS_KEY
from conformance.control.cognito_script import UNSIGNED
from conformance.control.world import SCRIPT, World

OTHER = "210987654321"
_READS = ("Get", "List", "Describe", "Export", "Simulate", "Test")


def other_root(endpoint: Endpoint) -> Any:
    """Give clients of the root user of a second account in the same store."""
    endpoint.store.write(lambda tx: make_keys(tx, OTHER, datetime.now(UTC)))
    (key,) = endpoint.store.read(lambda tx: tx.list(ACCESS_KEY, (OTHER, OTHER)))
    endpoint.published()
    made: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in made:
            made[service] = endpoint.client(service, key.id, key.secret.reveal())
        return made[service]

    return client


def test_nothing_of_an_account_is_read_or_changed_from_another(endpoint: Endpoint) -> None:
    world = World(endpoint)
    world.build()
    known = world.known
    known.task, known.second_association = "task/x/y/z", known.association
    secrets = {each for each in vars(known).values() if isinstance(each, str) and len(each) > 5}
    before = _everything(world)
    client = other_root(endpoint)
    statuses: set[int] = set()
    tried = reached = 0
    for step in SCRIPT:
        if step.operation.startswith(("Create", "Import", "Generate", "Upload")):
            continue
        if str(step) in UNSIGNED:  # no account calls them
            continue
        tried += 1
        try:
            output = known.call(step, client(step.service))
        except ClientError as error:
            statuses.add(error.response["ResponseMetadata"]["HTTPStatusCode"])
            continue
        if output.get("Unsuccessful"):  # EC2 refuses items of a list so
            continue
        reached += 1
        output.pop("ResponseMetadata")
        asked = str(step.given(known))
        told = {each for each in secrets if each in str(output) and each not in asked}
        assert not told, (str(step), told)
        assert step.operation.startswith(_READS) or step.operation in _OWN, str(step)
    assert tried > 250
    assert reached < tried / 4
    assert statuses <= {400, 403, 404, 409}
    assert _everything(world) == before


# Writes that are about the caller's own account, whatever the script built in the first.
_OWN = {"UpdateAccount", "UpdateAccountPasswordPolicy", "DeleteAccountPasswordPolicy"}


def _everything(world: World) -> list[tuple[str, str]]:
    """Give what the first account reads, or how it is refused."""
    found = []
    for step in SCRIPT:
        if (
            step.service == "sts"
            or str(step) in UNSIGNED
            or not step.operation.startswith(("Get", "List", "Describe"))
        ):
            continue
        try:
            output = world.known.call(step, world.root(step.service))
        except ClientError as error:
            found.append((str(step), error.response["Error"]["Code"]))
        else:
            del output["ResponseMetadata"]
            found.append((str(step), "" if "body" in output else str(output)))
    assert len(found) > 100
    return found


def test_a_policy_of_the_other_account_opens_nothing_here(endpoint: Endpoint) -> None:
    world = World(endpoint)
    world.build()
    client = other_root(endpoint)("iam")
    client.create_user(UserName="spy")
    client.attach_user_policy(
        UserName="spy", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    key = client.create_access_key(UserName="spy")["AccessKey"]
    endpoint.published()
    spy = (key["AccessKeyId"], key["SecretAccessKey"])
    with pytest.raises(ClientError) as error:
        endpoint.client("sts", *spy).assume_role(RoleArn=world.known.role, RoleSessionName="spy")
    assert error.value.response["Error"]["Code"] == "AccessDenied"
    with pytest.raises(ClientError) as error:
        endpoint.client("apigateway", *spy).get_rest_api(restApiId=world.known.api)
    assert error.value.response["Error"]["Code"] == "NotFoundException"
    with pytest.raises(ClientError):
        client.attach_user_policy(UserName="spy", PolicyArn=world.known.policy)
