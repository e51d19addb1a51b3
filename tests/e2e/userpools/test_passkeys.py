"""Passkeys against a running installation: by boto3, many at once, and in a real browser."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.exceptions import ClientError
from playwright.sync_api import Browser, CDPSession, Error, Page

from browsing import browser, page_at
from e2e.control.installation import Running
from e2e.control.test_clients import CLIENTS, missing
from e2e.userpools.directory import FLOWS, PASSWORD, Directory, claims_of, refusal
from passkey_client import Authenticator

PAGES = Path(__file__).parents[2] / "pages"
ORIGIN = "http://localhost:3000"
AT_ONCE = 6
REFUSED = ("NotAuthorizedException", "The passkey does not verify.")


@pytest.fixture(scope="module")
def people(bargate: Running) -> Directory:
    policy = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}
    client = {"ExplicitAuthFlows": [*FLOWS, "ALLOW_USER_AUTH"]}
    directory = Directory.of(bargate, client, Policies=policy)
    directory.admin.set_user_pool_mfa_config(
        UserPoolId=directory.id,
        WebAuthnConfiguration={"RelyingPartyId": "localhost", "UserVerification": "required"},
    )
    return directory


def start(people: Directory, token: str) -> Any:
    started = people.public.start_web_authn_registration(AccessToken=token)
    return started["CredentialCreationOptions"]


def register(people: Directory, name: str, device: Authenticator) -> str:
    people.add(name)
    token = people.sign_in(name)["AccessToken"]
    made = device.create(start(people, token), ORIGIN)
    people.public.complete_web_authn_registration(AccessToken=token, Credential=made)
    return token


def asked(people: Directory, name: str) -> tuple[str, Any]:
    """Begin a sign-in by passkey; give its session and options."""
    posed = people.public.initiate_auth(
        ClientId=people.client_id,
        AuthFlow="USER_AUTH",
        AuthParameters={"USERNAME": name, "PREFERRED_CHALLENGE": "WEB_AUTHN"},
    )
    return posed["Session"], json.loads(posed["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])


def answer(people: Directory, name: str, session: str, credential: Any) -> dict[str, Any]:
    responses = {"USERNAME": name, "CREDENTIAL": json.dumps(credential)}
    return people.answer("WEB_AUTHN", session, **responses)["AuthenticationResult"]


def sign_in(people: Directory, name: str, device: Authenticator) -> dict[str, Any]:
    session, options = asked(people, name)
    return answer(people, name, session, device.get(options, ORIGIN))


def at_once(work: Callable[[int], Any]) -> list[str]:
    """Do the same many times at the same time; give what became of each."""

    def told(number: int) -> str:
        try:
            work(number)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "done"

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return sorted(threads.map(told, range(AT_ONCE)))


@pytest.mark.parametrize("algorithm", [-7, -257])
def test_boto3_registers_uses_and_deletes_a_passkey(people: Directory, algorithm: int) -> None:
    name, device = f"ann{algorithm}", Authenticator(algorithm)
    token = register(people, name, device)
    told = sign_in(people, name, device)
    assert claims_of(told["IdToken"])["cognito:username"] == name
    listed = people.public.list_web_authn_credentials(AccessToken=token)["Credentials"]
    assert [each["RelyingPartyId"] for each in listed] == ["localhost"]
    one = listed[0]["CredentialId"]
    people.public.delete_web_authn_credential(AccessToken=token, CredentialId=one)
    posed = people.public.initiate_auth(
        ClientId=people.client_id,
        AuthFlow="USER_AUTH",
        AuthParameters={"USERNAME": name, "PREFERRED_CHALLENGE": "WEB_AUTHN"},
    )
    assert posed["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD"]


def test_a_registration_is_completed_once_however_often_it_is_tried(people: Directory) -> None:
    people.add("many")
    token = people.sign_in("many")["AccessToken"]
    made = Authenticator().create(start(people, token), ORIGIN)
    given = {"AccessToken": token, "Credential": made}
    told = at_once(lambda _: people.public.complete_web_authn_registration(**given))
    assert told == ["WebAuthnChallengeNotFoundException"] * (AT_ONCE - 1) + ["done"]


def test_an_answer_and_a_count_are_good_once_however_often_they_are_tried(
    people: Directory,
) -> None:
    device = Authenticator()
    register(people, "race", device)
    session, options = asked(people, "race")
    credential = device.get(options, ORIGIN)
    told = at_once(lambda _: answer(people, "race", session, credential))
    assert told == ["NotAuthorizedException"] * (AT_ONCE - 1) + ["done"]
    begun = [asked(people, "race") for _ in range(AT_ONCE)]
    copies = [device.copied() for _ in begun]  # each counts as the others do
    shown = [copy.get(options, ORIGIN) for copy, (_, options) in zip(copies, begun, strict=True)]
    told = at_once(lambda n: answer(people, "race", begun[n][0], shown[n]))
    assert told == ["NotAuthorizedException"] * (AT_ONCE - 1) + ["done"]


def test_amplify_registers_uses_and_deletes_a_passkey(bargate: Running, people: Directory) -> None:
    if not (CLIENTS / "node_modules" / "aws-amplify").exists():
        missing("aws-amplify is not installed")
    sub, device = people.add("amplify"), Authenticator()
    place = (bargate.endpoint, people.id, people.client_id, "amplify", PASSWORD)
    pipe = subprocess.PIPE
    command = ["node", str(CLIENTS / "passkeys.mjs"), *place]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as app:
        assert app.stdin is not None
        assert app.stdout is not None
        told: dict[str, Any] = {}
        for line in app.stdout:
            told = json.loads(line)
            if "done" in told:
                break
            options = told.get("create") or told["get"]
            made = (device.create if "create" in told else device.get)(options, ORIGIN)
            print(json.dumps(made), file=app.stdin, flush=True)
    assert told["done"] == {
        "made": ["localhost"],
        "preferred": "DONE",
        "sub": sub,
        "offered": ["PASSWORD_SRP", "PASSWORD", "WEB_AUTHN"],
        "chosen": "DONE",
        "left": 0,
    }


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as launched:
        yield launched


class Screen:
    """The app's page in a browser that has an authenticator: it says what its user does."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.devtools: CDPSession = page.context.new_cdp_session(page)
        self.devtools.send("WebAuthn.enable")
        self.authenticator = self._add(verifies=True)

    def _add(self, *, verifies: bool) -> str:
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": verifies,
            "automaticPresenceSimulation": True,
        }
        added = self.devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        return str(added["authenticatorId"])

    def credentials(self) -> list[dict[str, Any]]:
        given = {"authenticatorId": self.authenticator}
        return list(self.devtools.send("WebAuthn.getCredentials", given)["credentials"])

    def register(self, name: str) -> Any:
        return self.page.evaluate("([name, secret]) => register(name, secret)", [name, PASSWORD])

    def sign_in(self, name: str) -> Any:
        return self.page.evaluate("name => signIn(name)", name)


@pytest.fixture
def screen(chromium: Browser, bargate: Running, people: Directory) -> Iterator[Screen]:
    query = urlencode({"endpoint": bargate.endpoint, "client": people.client_id})
    with page_at(chromium, PAGES, f"passkeys.html?{query}") as page:
        yield Screen(page)


def test_a_browser_registers_a_passkey_and_signs_in(screen: Screen, people: Directory) -> None:
    sub = people.add("web")
    listed = screen.register("web")["Credentials"]
    assert [each["AuthenticatorAttachment"] for each in listed] == ["platform"]
    assert listed[0]["AuthenticatorTransports"] == ["internal"]
    for _ in range(2):
        told = screen.sign_in("web")["AuthenticationResult"]
        assert claims_of(told["AccessToken"])["sub"] == sub
    held = screen.credentials()
    assert len(held) == 1
    assert held[0]["isResidentCredential"] is True
    with pytest.raises(Error, match="InvalidStateError"):  # it is among excludeCredentials
        screen.register("web")


def test_a_browsers_passkey_that_was_copied_is_refused(screen: Screen, people: Directory) -> None:
    people.add("copied")
    screen.register("copied")
    copy = screen.credentials()[0]
    assert screen.sign_in("copied")["AuthenticationResult"]
    given = {"authenticatorId": screen.authenticator}
    screen.devtools.send(
        "WebAuthn.removeCredential", {**given, "credentialId": copy["credentialId"]}
    )
    screen.devtools.send("WebAuthn.addCredential", {**given, "credential": copy})
    with pytest.raises(Error, match=": ".join(REFUSED)):
        screen.sign_in("copied")


def test_a_browser_that_does_not_verify_its_user_registers_nothing(
    screen: Screen, people: Directory
) -> None:
    people.add("quiet")
    given = {"authenticatorId": screen.authenticator, "isUserVerified": False}
    screen.devtools.send("WebAuthn.setUserVerified", given)
    with pytest.raises(Error, match="NotAllowedError"):
        screen.register("quiet")
    token = people.sign_in("quiet")["AccessToken"]
    assert people.public.list_web_authn_credentials(AccessToken=token)["Credentials"] == []
    device = Authenticator(verifies=False)
    made = device.create(start(people, token), ORIGIN)
    complete = people.public.complete_web_authn_registration
    told = refusal(complete, AccessToken=token, Credential=made)
    assert told[0] == "WebAuthnCredentialNotSupportedException"
