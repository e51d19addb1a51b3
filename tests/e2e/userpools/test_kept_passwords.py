"""kill -9 while users come and change their passwords: what was acknowledged holds, by halves nothing."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import botocore.exceptions
import pytest

from e2e.control.installation import Running, installation, until
from e2e.control.test_faults import in_threads
from e2e.userpools.directory import FIRST, PASSWORD, Directory, public_client

CHANGED = "Changed-password-1"
KILLS, BETWEEN = 3, 6
POOL = {"AutoVerifiedAttributes": ["email"], "AliasAttributes": ["email"]}
LOST = (botocore.exceptions.HTTPClientError, OSError)


@dataclass
class Book:
    """What was promised: users, and the passwords that they must or may have."""

    people: Directory
    running: Running
    begun: list[str] = field(default_factory=list)
    promised: dict[str, str] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)

    def address(self, name: str) -> str:
        return f"{name}@example.org"

    def come(self, admin: Any, name: str) -> None:
        """Make a user whose address is an alias."""
        self.begun.append(name)
        attributes = {"email": self.address(name), "email_verified": "true"}
        admin.admin_create_user(
            UserPoolId=self.people.id,
            Username=name,
            TemporaryPassword=FIRST,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": key, "Value": value} for key, value in attributes.items()],
        )
        self.promised[name] = FIRST

    def set(self, admin: Any, name: str, password: str) -> None:
        self.promised.pop(name, None)  # until it is acknowledged either may be it
        admin.admin_set_user_password(
            UserPoolId=self.people.id, Username=name, Password=password, Permanent=True
        )
        self.promised[name] = password

    def code(self, name: str) -> str:
        url = f"{self.running.endpoint}/_bargate/outbox?pool={self.people.id}"
        with urlopen(url, timeout=10) as answer:
            messages = json.load(answer)["messages"]
        sent = [each["body"] for each in messages if each["destination"] == self.address(name)]
        return re.findall(r"[0-9]{6}", sent[-1])[0] if sent else "000000"


def signs_up(book: Book, _: Any, public: Any, name: str) -> None:
    book.begun.append(name)
    client = {"ClientId": book.people.client_id, "Username": name}
    mail = [{"Name": "email", "Value": book.address(name)}]
    public.sign_up(**client, Password=PASSWORD, UserAttributes=mail)
    book.promised[name] = PASSWORD
    public.confirm_sign_up(**client, ConfirmationCode=book.code(name))


def is_given_one(book: Book, admin: Any, _: Any, name: str) -> None:
    book.come(admin, name)
    book.set(admin, name, PASSWORD)
    book.set(admin, name, CHANGED)


def changes_it(book: Book, admin: Any, public: Any, name: str) -> None:
    book.come(admin, name)
    book.set(admin, name, PASSWORD)
    token = public.initiate_auth(
        ClientId=book.people.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
    )["AuthenticationResult"]["AccessToken"]
    book.promised.pop(name)
    public.change_password(AccessToken=token, PreviousPassword=PASSWORD, ProposedPassword=CHANGED)
    book.promised[name] = CHANGED


def forgets_it(book: Book, admin: Any, public: Any, name: str) -> None:
    book.come(admin, name)
    book.set(admin, name, PASSWORD)
    client = {"ClientId": book.people.client_id, "Username": name}
    public.forgot_password(**client)
    code = book.code(name)
    book.promised.pop(name)
    public.confirm_forgot_password(**client, ConfirmationCode=code, Password=CHANGED)
    book.promised[name] = CHANGED


WORK = (signs_up, is_given_one, changes_it, forgets_it)


@pytest.fixture
def running(tmp_path: Path, run_dir: Path) -> Iterator[Running]:
    with installation("--dev", folder=tmp_path / "data", run_dir=run_dir) as running:
        yield running


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_acknowledged_password_survives_kill(running: Running) -> None:
    book = Book(Directory.of(running, **POOL), running)
    is_over = threading.Event()

    def writer(work: Callable[[Book, Any, Any, str], None]) -> Callable[[], None]:
        def write() -> None:
            admin, public, count = running.client("cognito-idp"), public_client(running), 0
            while not is_over.is_set():
                name, count = f"{work.__name__}-{count}", count + 1
                try:
                    work(book, admin, public, name)
                except LOST:
                    continue  # killed in between: nobody promised anything
                except botocore.exceptions.ClientError:
                    # A code is lost with the messages in memory: the user asks again.
                    assert work in (signs_up, forgets_it)
                    continue
                book.done.append(name)

        return write

    with in_threads(*(writer(each) for each in WORK)):
        try:
            for number in range(1, KILLS + 1):
                until(lambda number=number: len(book.done) >= BETWEEN * number, 120)  # type: ignore[misc]
                killed = running.control_id
                os.kill(killed, signal.SIGKILL)
                until(lambda killed=killed: _is_back(running, killed), 60)  # type: ignore[misc]
        finally:
            is_over.set()
    _check(book, running)


def _is_back(running: Running, killed: int) -> bool:
    try:
        if running.control_id == killed:
            return False
        running.client("cognito-idp").list_user_pools(MaxResults=1)
    except (IndexError, *LOST):
        return False
    return True


def _check(book: Book, running: Running) -> None:
    """Hold users and passwords against what was promised."""
    admin, people = running.client("cognito-idp"), book.people
    pages = admin.get_paginator("list_users").paginate(UserPoolId=people.id)
    kept = {user["Username"]: user for page in pages for user in page["Users"]}
    promised = dict(book.promised)
    assert len(promised) >= KILLS * BETWEEN
    assert set(promised) <= set(kept)
    assert {each.partition("-")[0] for each in book.done} == {each.__name__ for each in WORK}
    for name in kept:
        wanted = [promised[name]] if name in promised else [CHANGED, PASSWORD, FIRST]
        assert any(_proves(people, name, each) for each in wanted), name
        is_alias = kept[name]["UserStatus"] != "UNCONFIRMED"
        if is_alias:
            found = _proves(people, book.address(name), wanted[0])
            assert found or name not in promised, name
    for name in set(book.begun) - set(kept):  # nothing is left of who did not come
        book.come(admin, name)


def _proves(people: Directory, name: str, password: str) -> bool:
    """Say whether it is their password, whatever else stands in the way."""
    try:
        people.begin(name, password)
    except people.public.exceptions.UserNotConfirmedException:
        return True
    except people.public.exceptions.NotAuthorizedException:
        return False
    return True
