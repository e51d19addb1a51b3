from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import botocore.exceptions
import pytest

from e2e.control.installation import Running, installation, until
from e2e.control.test_faults import in_threads
from e2e.userpools.directory import PASSWORD, Directory, public_client, refusal
from mail_server import Certificate, MailServer
from serving import backend
from serving import bargate as run_bargate

OTHER = "Another-password-2"
POOL = {"AutoVerifiedAttributes": ["email"]}


class SignUps:
    """A pool that users sign up to."""

    def __init__(self, running: Running, **pool: Any) -> None:
        self.running = running
        self.directory = Directory.of(running, **{**POOL, **pool})
        self.public = self.directory.public
        self.client = {"ClientId": self.directory.client_id}

    def sign_up(self, name: str, **more: Any) -> Any:
        mail = {"Name": "email", "Value": f"{name}@example.org"}
        given = {"Password": PASSWORD, "UserAttributes": [mail], **more}
        return self.public.sign_up(**self.client, Username=name, **given)

    def confirm(self, name: str, code: str, client: Any = None) -> Any:
        return (client or self.public).confirm_sign_up(
            **self.client, Username=name, ConfirmationCode=code
        )

    def messages(self) -> list[dict[str, Any]]:
        """Ask as a developer would."""
        asked = ("outbox", "--json", "--api-port", str(self.running.endpoint_port))
        found = run_bargate(
            *asked, "--pool", self.directory.id, run_dir=self.running.gateway.run_dir
        )
        assert found.returncode == 0, found.stderr
        return [json.loads(line) for line in found.stdout.splitlines()]

    def code(self, name: str) -> str:
        sent = [each for each in self.messages() if each["destination"] == f"{name}@example.org"]
        return re.findall(r"[0-9]{6}", sent[-1]["body"])[0]


@pytest.fixture(scope="module")
def people(bargate: Running) -> SignUps:
    return SignUps(bargate)


def at_once(count: int, work: Callable[[int], None]) -> list[str]:
    """Let so many do something at once; gives how each ended."""
    ended: list[str] = []
    ready = threading.Barrier(count)

    def one(number: int) -> None:
        ready.wait(10)
        try:
            work(number)
        except botocore.exceptions.ClientError as error:
            ended.append(error.response["Error"]["Code"])
        else:
            ended.append("won")

    with in_threads(*(lambda number=number: one(number) for number in range(count))):  # type: ignore[misc]
        pass
    return sorted(ended)


def test_a_user_signs_up_confirms_and_signs_in(people: SignUps) -> None:
    made = people.sign_up("ann")
    assert made["CodeDeliveryDetails"]["Destination"] == "a***@e***"
    assert refusal(people.directory.begin, "ann")[0] == "UserNotConfirmedException"
    people.confirm("ann", people.code("ann"))
    token = people.directory.sign_in("ann")["AccessToken"]
    assert people.directory.user_of(token)["Username"] == "ann"


def test_a_forgotten_password_is_replaced_for_srp_too(people: SignUps) -> None:
    people.sign_up("ben")
    people.confirm("ben", people.code("ben"))
    people.public.forgot_password(**people.client, Username="ben")
    code = people.code("ben")
    people.public.confirm_forgot_password(
        **people.client, Username="ben", ConfirmationCode=code, Password=OTHER
    )
    assert people.directory.sign_in_srp("ben", OTHER)
    assert refusal(people.directory.begin, "ben")[0] == "NotAuthorizedException"


def test_of_many_who_want_a_name_one_gets_it(people: SignUps) -> None:
    clients = [public_client(people.running) for _ in range(6)]

    def join(number: int) -> None:
        clients[number].sign_up(
            **people.client,
            Username="wanted",
            Password=f"{PASSWORD}{number}",
            UserAttributes=[{"Name": "email", "Value": f"wanted{number}@example.org"}],
        )

    assert at_once(6, join) == ["UsernameExistsException"] * 5 + ["won"]
    assert len([each for each in people.messages() if each["user_name"] == "wanted"]) == 1


def test_of_many_who_give_a_code_one_has_it_taken(people: SignUps) -> None:
    people.sign_up("coded")
    people.confirm("coded", people.code("coded"))
    people.public.forgot_password(**people.client, Username="coded")
    code = people.code("coded")
    # One more, and who tries all passwords could be locked out before the right one.
    clients = [public_client(people.running) for _ in range(5)]

    def recover(number: int) -> None:
        clients[number].confirm_forgot_password(
            **people.client,
            Username="coded",
            ConfirmationCode=code,
            Password=f"Right-password-{number}",
        )

    assert at_once(5, recover) == ["ExpiredCodeException"] * 4 + ["won"]
    right = [
        number
        for number in range(5)
        if "AuthenticationResult" in _tried(people, "coded", f"Right-password-{number}")
    ]
    assert len(right) == 1


def _tried(people: SignUps, name: str, password: str) -> Any:
    people.directory.admin.admin_get_user(UserPoolId=people.directory.id, Username=name)
    try:
        return people.directory.begin(name, password)
    except botocore.exceptions.ClientError:
        return {}


def test_every_acknowledged_sign_up_survives_kill(tmp_path: Path, run_dir: Path) -> None:
    with installation(folder=tmp_path / "data", run_dir=run_dir) as running:
        people = SignUps(running)
        acknowledged: set[str] = set()
        is_over = threading.Event()

        def write(number: int) -> None:
            client, count = public_client(running), 0
            while not is_over.is_set():
                name, count = f"writer-{number}-{count}", count + 1
                try:
                    client.sign_up(
                        **people.client,
                        Username=name,
                        Password=PASSWORD,
                        UserAttributes=[{"Name": "email", "Value": f"{name}@example.org"}],
                    )
                except botocore.exceptions.HTTPClientError:
                    continue  # killed in between: nobody promised anything
                acknowledged.add(name)

        def killed(number: int) -> bool:
            return len(acknowledged) >= 10 * number

        with in_threads(lambda: write(0), lambda: write(1)):
            for number in range(1, 4):
                until(lambda number=number: killed(number), 60)  # type: ignore[misc]
                old = running.control_id
                os.kill(old, signal.SIGKILL)
                until(lambda old=old: _followed(running, old), 30)  # type: ignore[misc]
            is_over.set()
        pages = people.directory.admin.get_paginator("list_users").paginate(
            UserPoolId=people.directory.id
        )
        kept = {user["Username"] for page in pages for user in page["Users"]}
        assert len(acknowledged) >= 30
        assert acknowledged <= kept


def _followed(running: Running, old: int) -> bool:
    try:
        if running.control_id == old:
            return False
        running.client("cognito-idp").list_user_pools(MaxResults=1)
    except (IndexError, botocore.exceptions.HTTPClientError):
        return False
    return True


def test_the_outbox_is_followed(people: SignUps) -> None:
    asked = ["outbox", "--follow", "--pool", people.directory.id]
    follower = subprocess.Popen(
        [sys.executable, "-m", "bargate", *asked, "--api-port", str(people.running.endpoint_port)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "BARGATE_RUN_DIR": str(people.running.gateway.run_dir)},
    )
    try:
        assert follower.stdout is not None
        people.sign_up("followed")
        line = next(line for line in follower.stdout if "followed@example.org" in line)
        assert "EMAIL SignUp" in line
    finally:
        follower.terminate()
        follower.wait(10)
        assert follower.stdout is not None
        follower.stdout.close()


def test_only_the_owner_may_read_the_outbox(people: SignUps) -> None:
    folder = people.running.gateway.run_dir
    path = folder / f"outbox-{people.running.endpoint_port}.sock"
    assert path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o077 == 0
    answered = people.public.meta.endpoint_url + "/_bargate/outbox"
    assert run_bargate("outbox", "--api-port", "1", run_dir=folder).returncode == 1
    asked = ("outbox", "--pool", "us-east-1_None", "--api-port", str(people.running.endpoint_port))
    nothing = run_bargate(*asked, run_dir=folder)
    assert (nothing.stdout, nothing.stderr) == ("", "no messages of us-east-1_None are kept\n")
    with pytest.raises(HTTPError, match=r"HTTP Error 4\d\d"):
        urlopen(answered, timeout=10)


def test_mails_and_sms_leave_the_house(tmp_path: Path, run_dir: Path) -> None:
    certificate = Certificate(tmp_path)
    (tmp_path / "password").write_text("mail-password\n")
    with (
        MailServer(certificate, "app@example.org", "mail-password") as mails,
        backend() as phones,
        installation(
            "--smtp",
            f"smtp://app%40example.org@127.0.0.1:{mails.port}",
            "--smtp-password-file",
            str(tmp_path / "password"),
            "--smtp-ca",
            str(certificate.path),
            "--mail-from",
            "Accounts <accounts@example.org>",
            "--sms-webhook",
            f"http://127.0.0.1:{phones.port}/sms",
            folder=tmp_path / "data",
            run_dir=run_dir,
            environment={"BARGATE_SMS_WEBHOOK_SECRET": "secret"},
        ) as running,
    ):
        people = SignUps(running, AutoVerifiedAttributes=["email", "phone_number"])
        people.sign_up("ann")
        (mail,) = mails.mails()
        people.confirm("ann", re.findall(r"[0-9]{6}", mail.get_content())[0])
        number = {"Name": "phone_number", "Value": "+15550001234"}
        details = people.sign_up("ben", UserAttributes=[number])["CodeDeliveryDetails"]
        assert (details["DeliveryMedium"], details["Destination"]) == ("SMS", "+*******1234")
        until(lambda: bool(phones.received))
        told = json.loads(phones.received[0].body)
        people.confirm("ben", re.findall(r"[0-9]{6}", told["body"])[0])
        assert people.messages() == []  # nothing is kept of what was sent


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--smtp", "smtp://a:b@host"], "leave the password out"),
        (["--smtp", "smtp://host"], "--mail-from"),
        (["--smtp", "http://host", "--mail-from", "a@b.c"], "smtp://user@host:587"),
        (["--smtp", "smtp://host?tls=no", "--mail-from", "a@b.c"], "tls=off"),
        (["--smtp", "smtp://u@host", "--mail-from", "a@b.c"], "--smtp-password-file"),
        (["--mail-from", "a@b.c"], "--smtp"),
        (["--smtp", "smtp://host", "--mail-from", "a@b.c\nBcc: x@y.z"], "accounts@example.org"),
        (["--sms-webhook", "https://host/sms"], "--sms-webhook-secret-file"),
        (["--sms-webhook", "http://host/sms"], "https alone"),
    ],
)
def test_options_that_would_do_harm_are_refused(arguments: list[str], told: str) -> None:
    refused = run_bargate("serve", "--api-listen", "127.0.0.1:0", *arguments)
    assert refused.returncode == 2
    assert told in refused.stderr
