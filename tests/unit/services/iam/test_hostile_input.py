"""Every operation meets texts that no client of good will sends; it refuses, or works."""

from typing import Any

import pytest
from botocore import xform_name

from bargate.services.iam import SERVICE
from bargate.services.operation import OperationCall
from bargate.wire.error import AwsError
from calling import ACCOUNT, NOW, Calling, root

IAM = f"arn:aws:iam::{ACCOUNT}"
TEXTS = [
    "",
    "\0",
    "u\0",
    "u",
    "*",
    "é" * 400,
    "\u212a",
    "a" * 5_000,
    "{}",
    "{",
    "[" * 20_000,
    "arn:aws:iam::",
    "arn:aws:iam:::",
    f"{IAM}:",
    f"{IAM}:policy/",
    f"{IAM}:mfa/\0",
    f"{IAM}:user/u",
    f"{IAM}:oidc-provider/",
    "arn:aws:iam::aws:policy/AdministratorAccess",
    "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
    "ssh-rsa AAAA",
    "ssh-rsa \x00",
    "../../etc/passwd",
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}',
]


def filled(shape: Any, text: str, number: int) -> Any:
    """Fill a shape with a text wherever one can stand."""
    match shape.type_name:
        case "structure":
            return {name: filled(each, text, number) for name, each in shape.members.items()}
        case "list":
            return [filled(shape.member, text, number)] * 2
        case "string":
            return shape.enum[0] if shape.enum else text
        case "boolean":
            return True
        case "integer":
            return number
        case other:
            raise AssertionError(other)


@pytest.mark.parametrize("whole", [True, False])
def test_hostile_texts_are_refused_or_taken_and_never_break(iam: Calling, whole: bool) -> None:
    iam("CreateUser", UserName="u")
    iam("CreateGroup", GroupName="u")
    ran = 0
    for name in iam.model.operation_names:
        found = SERVICE.operations.get(xform_name(name))
        shape = iam.model.operation_model(name).input_shape
        if found is None or shape is None:
            continue
        members = shape.members if whole else {k: shape.members[k] for k in shape.required_members}
        for text in TEXTS:
            for number in (-1, 10**9):
                request = {k: filled(each, text, number) for k, each in members.items()}
                attempt(iam, found, request)
                ran += 1
    assert ran > 5_000


def attempt(iam: Calling, found: Any, request: dict[str, Any]) -> None:
    def work(tx: Any) -> None:
        call = OperationCall(
            account_id=ACCOUNT,
            region="us-east-1",
            partition="aws",
            caller=root(),
            tx=tx,
            now=NOW,
            request_id="r",
        )
        list(SERVICE.targets("X", call, request))
        found.run(call, request)
        raise AwsError("Undo", "what went through is undone")

    with pytest.raises(AwsError):
        iam.store.write(work)
