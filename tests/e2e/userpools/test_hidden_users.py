"""With PreventUserExistenceErrors nothing of an answer tells who is a user: words, headers, time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bargate.userpool.evened import LEAST_S
from e2e.control.installation import Running, installation
from e2e.userpools.directory import FLOWS, PASSWORD, Directory, public_client
from e2e.userpools.hidden_users import (
    Ask,
    Compared,
    Wire,
    by_choice,
    by_name,
    by_password,
    by_srp,
    compare,
    turns,
)

TRIES = 4  # of one name: the fifth wrong password locks it, whoever it is
HIDES = {
    "ExplicitAuthFlows": [*FLOWS, "ALLOW_USER_AUTH"],
    "PreventUserExistenceErrors": "ENABLED",
}
POOL = {
    "AutoVerifiedAttributes": ["email"],
    "Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}},
}
LIMIT, ATTEMPTS = 0.05, 3
CODE = {"ConfirmationCode": "123456"}


def asked_by(people: Directory) -> dict[str, Ask]:
    """Give every way of asking that must not tell, by what it is."""
    return {
        "password": by_password,
        "SRP": by_srp(people.id),
        "choice": by_choice(),
        "chosen password": by_choice(PREFERRED_CHALLENGE="PASSWORD", PASSWORD="Wrong-1x"),
        "chosen code": by_choice(PREFERRED_CHALLENGE="EMAIL_OTP"),
        "forgot password": by_name("ForgotPassword"),
        "resend": by_name("ResendConfirmationCode"),
    }


def sign_up(people: Directory, name: str) -> None:
    mail = {"Name": "email", "Value": f"{name}@example.org"}
    people.public.sign_up(
        ClientId=people.client_id, Username=name, Password=PASSWORD, UserAttributes=[mail]
    )


def confirm(people: Directory, name: str) -> None:
    named = {"UserPoolId": people.id, "Username": name}
    people.admin.admin_confirm_sign_up(**named)
    verified = [{"Name": "email_verified", "Value": "true"}]
    people.admin.admin_update_user_attributes(**named, UserAttributes=verified)


def names(count: int, prefix: str) -> list[str]:
    return [f"{prefix}-{number:04d}" for number in range(count)]


@contextlib.contextmanager
def wired(running: Running, people: Directory) -> Iterator[Wire]:
    wire = Wire(running.endpoint, people.client_id)
    try:
        yield wire
    finally:
        wire.close()


def measured(wire: Wire, ask: Ask, known: list[str], unknown: list[str], calls: int) -> Any:
    """Ask for every name as often as for any other; gives what is compared, by step."""
    found: list[Compared] = []
    for some in turns(list(range(len(known))), calls):
        steps = compare(wire, [known[n] for n in some], [unknown[n] for n in some], ask)
        found = found or [Compared() for _ in steps]
        for all_of_it, part in zip(found, steps, strict=True):
            all_of_it.known += part.known
            all_of_it.unknown += part.unknown
    return found


@pytest.fixture(scope="module")
def people(bargate: Running) -> Directory:
    return Directory.of(bargate, HIDES, **POOL)


WAYS = ("password", "SRP", "choice", "chosen password", "chosen code", "forgot password", "resend")


@pytest.mark.parametrize("way", WAYS)
def test_a_few_calls_are_answered_alike_and_not_before_the_least_time(
    bargate: Running, people: Directory, way: str
) -> None:
    """What a user costs more is less than one in a hundred of that time (`userpool.evened`)."""
    prefix = way.replace(" ", "-")
    known, unknown = names(4, f"user-{prefix}"), names(4, f"none-{prefix}")
    for name in known:
        sign_up(people, name)
        if way != "resend":
            confirm(people, name)
    with wired(bargate, people) as wire:
        found = measured(wire, asked_by(people)[way], known, unknown, 12)
    for step in found:
        assert step.told == set()
        assert min(each.took_s for each in (*step.known, *step.unknown)) >= LEAST_S


@pytest.fixture(scope="module")
def of_each_status(people: Directory) -> dict[str, str]:
    """Users by their status."""
    named = {"UserPoolId": people.id}
    for name in ("un-a", "ok-a", "re-a", "di-a"):
        sign_up(people, name)
        if name != "un-a":
            confirm(people, name)
    people.add("fo-a", None, email="fo-a@example.org", email_verified="true")
    people.admin.admin_reset_user_password(**named, Username="re-a")
    people.admin.admin_disable_user(**named, Username="di-a")
    found = people.admin.list_users(**named, Limit=60)["Users"]
    status = {each["Username"]: each["UserStatus"] for each in found}
    assert [status[name] for name in ("un-a", "re-a", "fo-a")] == [
        "UNCONFIRMED",
        "RESET_REQUIRED",
        "FORCE_CHANGE_PASSWORD",
    ]
    return {"un-a": "unconfirmed", "ok-a": "confirmed", "re-a": "reset", "di-a": "disabled",
            "fo-a": "temporary"}  # fmt: skip


def test_no_status_is_told_to_who_knows_no_password(
    bargate: Running, people: Directory, of_each_status: dict[str, str]
) -> None:
    """AWS [D]: who knows it is told to confirm, to reset, or that they are disabled."""
    ways = asked_by(people)
    asked = [ways[each] for each in ("password", "SRP", "chosen password", "forgot password")]
    confirms = by_name("ConfirmForgotPassword", Password="Next-password-1", **CODE)
    with wired(bargate, people) as wire:
        told: dict[str, set[str]] = {}
        for name in (*of_each_status, "no-a"):
            for number, ask in enumerate((*asked, confirms, ways["resend"])):
                for step, each in enumerate(ask(wire, name)):
                    told.setdefault(f"{number}.{step}", set()).add(each.text)
    different = {step: each for step, each in told.items() if len(each) != 1}
    assert different == {}
    assert len(told) == 7


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_thousands_of_calls_are_answered_alike_and_take_as_long(
    tmp_path: Path, run_dir: Path
) -> None:
    """2,000 calls for users and as many for nobody, of each way; a restart ends what was counted.

    A difference that is there stays: one that the machine makes is gone when it is measured again.
    """
    calls, folder = 2_000, tmp_path / "data"
    users = names(calls // TRIES, "known")
    waiting, unknown = names(len(users), "await"), names(len(users), "nobody")
    people: Directory | None = None
    found: dict[str, list[Compared]] = {}
    for way in WAYS:
        for _ in range(ATTEMPTS):
            with installation(folder=folder, run_dir=run_dir) as running:
                if people is None:
                    people = Directory.of(running, HIDES, **POOL)
                    _populate(people, users, waiting)
                admin, public = running.client("cognito-idp"), public_client(running)
                current = Directory(admin, public, people.id, people.client_id)
                known = waiting if way == "resend" else users
                with wired(running, current) as wire:
                    found[way] = measured(wire, asked_by(current)[way], known, unknown, calls)
            if all(each.difference < LIMIT for each in found[way]):
                break
    for way, steps in found.items():
        for step, each in enumerate(steps):
            print(f"{way} {step}: {each}, {each.difference:.2%}")
    assert {way: [each.told for each in steps] for way, steps in found.items()} == {
        way: [set()] * len(steps) for way, steps in found.items()
    }
    assert all(len(each.known) == calls for steps in found.values() for each in steps)
    slow = {way: [str(e) for e in steps if e.difference >= LIMIT] for way, steps in found.items()}
    assert {way: told for way, told in slow.items() if told} == {}


def _populate(people: Directory, users: list[str], waiting: list[str]) -> None:
    def add(name: str) -> None:
        sign_up(people, name)
        confirm(people, name)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(add, users))
        list(threads.map(lambda name: sign_up(people, name), waiting))
