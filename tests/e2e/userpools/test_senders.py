"""Custom senders as real functions: the example opens what AWS's Encryption SDK sealed here."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization as pem
from cryptography.hazmat.primitives.asymmetric import rsa

from e2e.control.installation import Running, installation, until
from e2e.userpools.directory import PASSWORD, Directory, refusal
from e2e.userpools.test_triggers import TRUST, permit
from serving import Backend, backend
from serving import bargate as run_bargate

KEY_ID = "arn:aws:kms:us-east-1:000000000000:key/codes"
EXAMPLE = Path(__file__).parent.parent.parent.parent / "examples" / "senders" / "app.py"
# Writes the event as it came to the log, then does as the example.
TAP = """
import json
from app import handler as send

def handler(event, context):
    print("EVENT", json.dumps(event))
    send(event, context)
"""


@pytest.fixture(scope="module")
def phones() -> Iterator[Backend]:
    with backend() as found:
        yield found


@pytest.fixture(scope="module")
def private() -> str:
    key = rsa.generate_private_key(65_537, 2_048)
    made = key.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption())
    return made.decode()


@pytest.fixture(scope="module")
def sealing(
    tmp_path_factory: pytest.TempPathFactory, run_dir: Path, private: str
) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("sealing")
    public = pem.load_pem_private_key(private.encode(), None).public_key()
    (folder / "key.pem").write_bytes(
        public.public_bytes(pem.Encoding.PEM, pem.PublicFormat.SubjectPublicKeyInfo)
    )
    given = (
        *("--custom-sender-codes", "encrypted"),
        *("--custom-sender-key", f"{KEY_ID}={folder / 'key.pem'}"),
    )
    with installation(*given, folder=folder / "data", run_dir=run_dir) as running:
        yield running


@pytest.fixture(scope="module")
def function(sealing: Running, phones: Backend, private: str) -> str:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr("app.py", EXAMPLE.read_text())
        file.writestr("tap.py", TAP)
    role = sealing.client("iam").create_role(RoleName="sends", AssumeRolePolicyDocument=TRUST)
    made = sealing.client("lambda").create_function(
        FunctionName="sender",
        Runtime="python3.11",
        Handler="tap.handler",
        Role=role["Role"]["Arn"],
        Timeout=60,
        Code={"ZipFile": data.getvalue()},
        Environment={
            "Variables": {
                "KEY_ID": KEY_ID,
                "PRIVATE_KEY": private,
                "WEBHOOK": f"http://127.0.0.1:{phones.port}/",
            }
        },
    )
    return str(made["FunctionArn"])


def directory(running: Running, function: str, key_id: str) -> Directory:
    sender = {"LambdaVersion": "V1_0", "LambdaArn": function}
    config = {"CustomEmailSender": sender, "CustomSMSSender": sender, "KMSKeyID": key_id}
    made = Directory.of(running, AutoVerifiedAttributes=["email"], LambdaConfig=config)
    permit(running, function, made)
    return made


def sign_up(people: Directory, name: str) -> Any:
    return people.public.sign_up(
        ClientId=people.client_id,
        Username=name,
        Password=PASSWORD,
        UserAttributes=[{"Name": "email", "Value": f"{name}@example.org"}],
    )


def test_a_function_opens_the_code_and_nobody_else_sees_it(
    sealing: Running, phones: Backend, function: str
) -> None:
    people = directory(sealing, function, KEY_ID)
    sign_up(people, "ann")
    until(lambda: bool(phones.received), 60)
    told = json.loads(phones.received[0].body)
    assert (told["to"], told["why"]) == ("ann@example.org", "CustomEmailSender_SignUp")
    code = re.findall("[0-9]{6}", told["text"])[0]
    people.public.confirm_sign_up(ClientId=people.client_id, Username="ann", ConfirmationCode=code)
    assert people.sign_in("ann")

    def events() -> list[str]:
        port = str(sealing.gateway.port)
        run = run_bargate("logs", "sender", "--port", port, run_dir=sealing.gateway.run_dir)
        return [line for line in run.stdout.splitlines() if "EVENT" in line]

    until(lambda: bool(events()), 30)
    (event,) = events()
    assert '"type": "customEmailSenderRequestV1"' in event
    sealed = re.findall(r'"code": "([A-Za-z0-9+/=]+)"', event)[0]
    assert len(sealed) > 500
    assert not re.search(rf"(?<!\d){code}(?!\d)", event)


def test_a_pool_of_another_key_sends_nothing(sealing: Running, function: str) -> None:
    people = directory(sealing, function, KEY_ID + "-other")
    assert refusal(sign_up, people, "ben")[0] == "CodeDeliveryFailureException"
