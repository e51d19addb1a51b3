"""Two processes that want the same thing at the same moment: one gets it, in each of many rounds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from e2e.control.installation import REGION, Running, installation
from e2e.userpools.directory import FIRST, FLOWS, PASSWORD, Directory
from e2e.userpools.racer import Race

FEW, MANY = 3, 40
OTHERS = ("Other-password-1", "Other-password-2")
POOL = {
    "AutoVerifiedAttributes": ["email"],
    "AliasAttributes": ["email", "preferred_username"],
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, run_dir: Path) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("installation") / "data"
    with installation("--dev", folder=folder, run_dir=run_dir) as running:
        yield running


@pytest.fixture(scope="module")
def people(running: Running) -> Directory:
    return Directory.of(running, **POOL)


@pytest.fixture(scope="module")
def race(running: Running) -> Iterator[Race]:
    with Race(running.endpoint, REGION, running.root.id, running.root.secret) as race:
        yield race


@pytest.fixture(params=[FEW, pytest.param(MANY, marks=pytest.mark.slow)])
def rounds(request: pytest.FixtureRequest) -> list[str]:
    """Names of rounds, which nothing else of the module has."""
    return [f"{request.param}-{number}" for number in range(request.param)]


def code_of(running: Running, people: Directory, address: str) -> str:
    """Give the code that was sent to an address last."""
    with urlopen(f"{running.endpoint}/_bargate/outbox?pool={people.id}", timeout=10) as answer:
        messages: list[dict[str, Any]] = json.load(answer)["messages"]
    sent = [each["body"] for each in messages if each["destination"] == address]
    return re.findall(r"[0-9]{6}", sent[-1])[0]


def codes(told: list[dict[str, Any]]) -> list[str]:
    return sorted(each["code"] for each in told)


def mail(address: str, **more: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in {"email": address, **more}.items()]


def signed_up(people: Directory, name: str) -> dict[str, str]:
    """Sign somebody up; gives how they are named."""
    named = {"ClientId": people.client_id, "Username": name}
    people.public.sign_up(**named, Password=PASSWORD, UserAttributes=mail(f"{name}@example.org"))
    return named


def test_one_of_two_gets_a_name(people: Directory, race: Race, rounds: list[str]) -> None:
    for number in rounds:
        asked = {"ClientId": people.client_id, "Username": f"name-{number}", "Password": PASSWORD}
        assert codes(race.run("sign_up", asked)) == ["", "UsernameExistsException"]
        invited = {
            "UserPoolId": people.id,
            "Username": f"invited-{number}",
            "TemporaryPassword": FIRST,
        }
        told = race.run("admin_create_user", invited)
        assert codes(told) == ["", "UsernameExistsException"]


def test_one_of_two_gets_an_alias(people: Directory, race: Race, rounds: list[str]) -> None:
    for number in rounds:
        verified = mail(f"alias-{number}@example.org", email_verified="true")
        asked = [
            {
                "UserPoolId": people.id,
                "Username": f"{side}-{number}",
                "TemporaryPassword": FIRST,
                "UserAttributes": verified,
                "MessageAction": "SUPPRESS",
            }
            for side in ("left", "right")
        ]
        assert codes(race.run("admin_create_user", *asked)) == ["", "AliasExistsException"]


def test_a_name_and_an_alias_are_not_both_given(
    people: Directory, race: Race, rounds: list[str]
) -> None:
    for number in rounds:
        wanted = f"wanted-{number}"
        preferred = [{"Name": "preferred_username", "Value": wanted}]
        common = {"UserPoolId": people.id, "TemporaryPassword": FIRST, "MessageAction": "SUPPRESS"}
        told = race.run(
            "admin_create_user",
            {**common, "Username": wanted},
            {**common, "Username": f"else-{number}", "UserAttributes": preferred},
        )
        by_name, by_alias = (each["code"] for each in told)
        assert (by_name, by_alias) in [
            ("", "AliasExistsException"),
            ("UsernameExistsException", ""),
        ]


def test_one_of_two_confirms_with_a_code(
    running: Running, people: Directory, race: Race, rounds: list[str]
) -> None:
    for number in rounds:
        named = signed_up(people, f"confirmed-{number}")
        code = code_of(running, people, f"confirmed-{number}@example.org")
        told = race.run("confirm_sign_up", {**named, "ConfirmationCode": code})
        assert codes(told) == ["", "NotAuthorizedException"]


def test_one_of_two_new_passwords_is_set_by_a_code(
    running: Running, people: Directory, race: Race, rounds: list[str]
) -> None:
    for number in rounds:
        name = f"forgetful-{number}"
        people.add(name, email=f"{name}@example.org", email_verified="true")
        named = {"ClientId": people.client_id, "Username": name}
        people.public.forgot_password(**named)
        code = code_of(running, people, f"{name}@example.org")
        asked = [{**named, "ConfirmationCode": code, "Password": each} for each in OTHERS]
        told = race.run("confirm_forgot_password", *asked)
        assert codes(told) == ["", "ExpiredCodeException"]
        winner = next(n for n, each in enumerate(told) if not each["code"])
        assert people.sign_in(name, OTHERS[winner])["AccessToken"]


def test_one_of_two_verifies_an_address_by_a_code(
    running: Running, people: Directory, race: Race, rounds: list[str]
) -> None:
    for number in rounds:
        name = f"verified-{number}"
        people.add(name, email=f"{name}@example.org")
        token = people.sign_in(name)["AccessToken"]
        people.public.get_user_attribute_verification_code(AccessToken=token, AttributeName="email")
        asked = {"AccessToken": token, "AttributeName": "email",
                 "Code": code_of(running, people, f"{name}@example.org")}  # fmt: skip
        assert codes(race.run("verify_user_attribute", asked)) == ["", "ExpiredCodeException"]


def test_one_of_two_answers_a_session(people: Directory, race: Race, rounds: list[str]) -> None:
    for number in rounds:
        name = f"temporary-{number}"
        people.add(name, None)
        posed = people.begin(name, FIRST)
        asked = [
            {
                "ClientId": people.client_id,
                "ChallengeName": posed["ChallengeName"],
                "Session": posed["Session"],
                "ChallengeResponses": {"USERNAME": name, "NEW_PASSWORD": each},
            }
            for each in OTHERS
        ]
        told = race.run("respond_to_auth_challenge", *asked)
        assert codes(told) == ["", "NotAuthorizedException"]
        winner = next(n for n, each in enumerate(told) if not each["code"])
        assert people.sign_in(name, OTHERS[winner])["AccessToken"]


@pytest.mark.parametrize("grace_s", [0, 60])
def test_one_of_two_gets_the_next_refresh_token(
    people: Directory, race: Race, rounds: list[str], grace_s: int
) -> None:
    """Within the grace both are answered; else two have the token, and all that came of it ends."""
    rotating = people.admin.create_user_pool_client(
        UserPoolId=people.id,
        ClientName="rotating",
        ExplicitAuthFlows=[each for each in FLOWS if "REFRESH" not in each],
        RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": grace_s},
    )["UserPoolClient"]["ClientId"]
    app = Directory(people.admin, people.public, people.id, rotating)
    name = f"rotating-{grace_s}-{len(rounds)}"
    people.add(name)
    for _ in rounds:
        token = app.sign_in(name)["RefreshToken"]
        told = race.run(
            "get_tokens_from_refresh_token", {"ClientId": rotating, "RefreshToken": token}
        )
        # The winner may learn already that the loser ended it.
        wanted = {"", "NotAuthorizedException"} if grace_s == 0 else {""}
        lost = "RefreshTokenReuseException" if grace_s == 0 else ""
        first, last = codes(told)
        assert (first, last) in {tuple(sorted((each, lost))) for each in wanted}
        won = [each["answer"]["AuthenticationResult"] for each in told if not each["code"]]
        good = [each for each in won if _renews(app, each["RefreshToken"])]
        assert len(good) == (0 if grace_s == 0 else 1)


def _renews(app: Directory, token: str) -> bool:
    try:
        app.public.get_tokens_from_refresh_token(ClientId=app.client_id, RefreshToken=token)
    except app.public.exceptions.NotAuthorizedException:
        return False
    return True
