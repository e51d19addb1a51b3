"""What comes after a sign-up: the page behind its link, in a browser; and Amplify, which goes straight on."""

from __future__ import annotations

import contextlib
import html
import json
import re
import subprocess
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser

from browsing import browser
from e2e.control.installation import Running
from e2e.control.test_clients import CLIENTS, missing
from e2e.userpools.directory import PASSWORD, refusal
from e2e.userpools.test_sign_up import SignUps

LINK = {"VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_LINK"}}


@pytest.fixture(scope="module")
def linked(bargate: Running) -> SignUps:
    return SignUps(bargate, **LINK)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as found:
        yield found


def link_of(people: SignUps, name: str) -> str:
    sent = [each for each in people.messages() if each["destination"] == f"{name}@example.org"]
    return html.unescape(re.findall(r'href="([^"]+)"', sent[-1]["body"])[0])


def test_a_person_confirms_in_a_browser(linked: SignUps, chromium: Browser) -> None:
    linked.sign_up("ann")
    link = link_of(linked, "ann")
    assert link.startswith(f"{linked.running.endpoint}/{linked.directory.id}/confirmUser?")
    context = chromium.new_context(viewport={"width": 320, "height": 560})
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(said.text))
    page.on("request", lambda asked: wrong.append(asked.url) if asked.url != link else None)
    page.goto(link)
    assert page.title() == "Confirm your email address"
    assert (
        page.evaluate("getComputedStyle(document.querySelector('button')).borderRadius") == "10px"
    )
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert refusal(linked.directory.begin, "ann")[0] == "UserNotConfirmedException"
    page.get_by_role("button", name="Confirm my address").click()
    page.get_by_role("heading", name="Your account is confirmed").wait_for()
    assert linked.directory.sign_in("ann")
    page.goto(link)
    page.get_by_role("button").click()
    page.get_by_text("It was confirmed before").wait_for()
    assert wrong == []  # nothing else was asked for, and the policy stopped nothing
    context.close()


def test_programs_that_follow_links_confirm_nobody(linked: SignUps) -> None:
    linked.sign_up("ben")
    link = link_of(linked, "ben")
    for method in ("GET", "HEAD", "GET"):
        with urlopen(Request(link, method=method), timeout=10) as answered:
            assert answered.status == 200
            assert answered.headers["referrer-policy"] == "no-referrer"
    for method in ("OPTIONS", "PUT", "DELETE"):
        with pytest.raises(HTTPError, match="405"):
            urlopen(Request(link, method=method), timeout=10)
    assert refusal(linked.directory.begin, "ben")[0] == "UserNotConfirmedException"


@contextlib.contextmanager
def started(program: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a client in Node.js that asks for a code on its input."""
    if not (CLIENTS / "node_modules" / "aws-amplify").exists():
        missing("aws-amplify is not installed")
    app = subprocess.Popen(
        ["node", str(CLIENTS / program), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield app
    finally:
        app.kill()
        app.wait(10)
        for stream in (app.stdin, app.stdout):
            if stream is not None:
                stream.close()


def line_of(app: subprocess.Popen[str]) -> str:
    assert app.stdout is not None
    return app.stdout.readline().rstrip("\n")


def test_amplify_signs_in_straight_after_the_sign_up(bargate: Running) -> None:
    people = SignUps(bargate)
    made = people.directory.admin.create_user_pool_client(
        UserPoolId=people.directory.id,
        ClientName="amplify",
        ExplicitAuthFlows=["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )["UserPoolClient"]["ClientId"]
    place = (bargate.endpoint, people.directory.id, made)
    with started("sign_up.mjs", *place, "amy", PASSWORD) as app:
        assert line_of(app) == "a***@e***"
        told, _ = app.communicate(people.code("amy") + "\n", timeout=60)
    assert json.loads(told) == {
        "next": "COMPLETE_AUTO_SIGN_IN",
        "isSignedIn": True,
        "user": "amy",
        "verified": "true",
    }


def test_amplify_sets_up_a_mail_address_on_the_way_in(bargate: Running) -> None:
    people = SignUps(bargate)
    people.directory.admin.set_user_pool_mfa_config(
        UserPoolId=people.directory.id,
        MfaConfiguration="ON",
        SoftwareTokenMfaConfiguration={"Enabled": True},
        EmailMfaConfiguration={"Message": "In with {####}", "Subject": "Sign in"},
    )
    people.directory.add("eva")
    place = (bargate.endpoint, people.directory.id, people.directory.client_id)
    address = "eva@example.org"
    with started("set_up_mail.mjs", *place, "eva", PASSWORD, address) as app:
        assert line_of(app) == "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"
        told, _ = app.communicate(people.code("eva") + "\n", timeout=60)
    assert json.loads(told) == {
        "steps": [
            "CONTINUE_SIGN_IN_WITH_MFA_SETUP_SELECTION",
            "CONTINUE_SIGN_IN_WITH_EMAIL_SETUP",
            "CONFIRM_SIGN_IN_WITH_EMAIL_CODE",
            "DONE",
        ],
        "verified": "true",
        "enabled": ["EMAIL"],
    }
