"""Functions of the command line: stored as given, removed when they are not given any more."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from tests.endpoint import ACCOUNT, REGION, Endpoint

from bargate.model.function import Function, UrlCode, ZipCode
from bargate.secret import Secret
from bargate.services.lambda_.local import store_local
from bargate.wire.error import AwsError
from calling import NOW
from unit.services.lambda_.local_functions import local
from unit.services.lambda_.making import asked, package, refused


def store(endpoint: Endpoint, *functions: Function) -> None:
    endpoint.store.write(lambda tx: store_local(tx, functions, NOW))


def part(endpoint: Endpoint, name: str) -> Any:
    return endpoint.published().get(f"function/{ACCOUNT}/{REGION}/{name}")


def test_a_local_function_is_told_and_served(endpoint: Endpoint, functions: Any) -> None:
    given = local("there", environment={"A1": Secret("b")}, timeout_s=9)
    store(
        endpoint,
        given,
        local("far", UrlCode(url="http://a:secret@127.0.0.1:9/f?key=secret"), runtime=""),
    )
    told = functions.get_function(FunctionName="there")
    assert told["Code"] == {"RepositoryType": "Directory", "Location": "/srv/code"}
    assert told["Configuration"]["Timeout"] == 9
    assert "Role" not in told["Configuration"]
    far = functions.get_function(FunctionName="far")["Code"]
    assert far == {"RepositoryType": "URL", "Location": "http://127.0.0.1:9/f"}
    served = part(endpoint, "there")
    assert served.versions[0] == replace(
        given.versions[0], revision_id=served.versions[0].revision_id
    )


def test_the_same_again_changes_nothing_and_another_does(endpoint: Endpoint) -> None:
    store(endpoint, local("there"))
    before = part(endpoint, "there")
    store(endpoint, local("there"))
    assert part(endpoint, "there") == before
    store(endpoint, local("there", timeout_s=8))
    after = part(endpoint, "there")
    assert after.versions[0].timeout_s == 8
    assert after.versions[0].revision_id != before.versions[0].revision_id


def test_what_is_not_given_any_more_goes_and_no_other(endpoint: Endpoint, functions: Any) -> None:
    functions.create_function(**asked("made"))
    store(endpoint, local("one"), local("two"))
    store(endpoint, local("two"))
    names = [each["FunctionName"] for each in functions.list_functions()["Functions"]]
    assert names == ["made", "two"]
    assert part(endpoint, "one") is None


def test_a_function_of_a_client_is_not_taken_over(endpoint: Endpoint, functions: Any) -> None:
    functions.create_function(**asked("made"))
    before = part(endpoint, "made")
    with pytest.raises(AwsError, match="made already, which an AWS client made"):
        store(endpoint, local("made"))
    assert part(endpoint, "made") == before


def test_a_local_function_is_changed_on_the_command_line_alone(
    endpoint: Endpoint, functions: Any
) -> None:
    store(endpoint, local("there"))
    for call, more in (
        (functions.update_function_code, {"ZipFile": package()}),
        (functions.update_function_configuration, {"Timeout": 4}),
        (functions.publish_version, {}),
        (functions.delete_function, {}),
    ):
        code, message = refused(call, FunctionName="there", **more)
        assert (code, "--function" in message) == ("ResourceConflictException", True)


def test_permissions_of_clients_stay_over_a_restart(endpoint: Endpoint, functions: Any) -> None:
    store(endpoint, local("there"))
    functions.add_permission(
        FunctionName="there",
        StatementId="s",
        Action="lambda:*",
        Principal="apigateway.amazonaws.com",
    )
    store(endpoint, local("there", timeout_s=8))
    assert "apigateway.amazonaws.com" in part(endpoint, "there").policies[""]


def test_what_a_process_must_not_be_told_is_refused(endpoint: Endpoint) -> None:
    with pytest.raises(AwsError, match="reserved"):
        store(endpoint, local("there", environment={"AWS_SECRET_ACCESS_KEY": Secret("x")}))
    with pytest.raises(TypeError):
        store(endpoint, local("there", ZipCode(path="/x.zip", sha256="0")))
