"""Links that confirm sign-ups, and their page: through the edge, without a socket."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from msgspec.structs import replace
from tests.endpoint import Answered, Endpoint

from bargate.model.invocation import Invocation, Outcome, Returned

PASSWORD = "Right-password-1"
TEMPLATE = {
    "DefaultEmailOption": "CONFIRM_WITH_LINK",
    "EmailMessageByLink": "<p>Welcome {username}: {##Yes, it is <b>mine</b>##} or {##here##}</p>",
    "EmailSubjectByLink": "Is it you?",
}
ARN = "arn:aws:lambda:us-east-1:111111111111:function:f"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        yield endpoint


@pytest.fixture(autouse=True)
def present(endpoint: Endpoint) -> Iterator[None]:
    yield
    endpoint.skew_s = 0.0


def address_of(name: str) -> str:
    return f"{re.sub('[^a-z]', '', name)}@example.org"


class People:
    def __init__(self, endpoint: Endpoint, client: Any = None, **pool: Any) -> None:
        self.endpoint = endpoint
        self.idp = endpoint.client("cognito-idp")
        given = {
            "AutoVerifiedAttributes": ["email"],
            "VerificationMessageTemplate": TEMPLATE,
            **pool,
        }
        self.id = self.idp.create_user_pool(PoolName="p", **given)["UserPool"]["Id"]
        self.client = self.idp.create_user_pool_client(
            UserPoolId=self.id, ClientName="c", **(client or {})
        )["UserPoolClient"]

    def sign_up(self, name: str, /, **more: Any) -> Any:
        mail = {"Name": "email", "Value": address_of(name)}
        return self.idp.sign_up(
            ClientId=self.client["ClientId"],
            Username=name,
            Password=PASSWORD,
            UserAttributes=[mail],
            **more,
        )

    def mail(self, name: str) -> Any:
        sent = self.endpoint.delivery.outbox.after()
        return [each for each in sent if each.destination == address_of(name)][-1]

    def link(self, name: str) -> str:
        """Give path and query of the last link that was sent."""
        urls = re.findall(r'<a href="([^"]+)">', self.mail(name).body)
        parts = urlsplit(html.unescape(urls[-1]))
        return f"{parts.path}?{parts.query}"

    def status(self, name: str) -> str:
        found = self.idp.admin_get_user(UserPoolId=self.id, Username=name)
        return str(found["UserStatus"])

    def open(self, target: str) -> Answered:
        return self.endpoint.send("GET", target)

    def press(self, target: str) -> Answered:
        return self.endpoint.send("POST", target)


def heading(answered: Answered) -> str:
    return re.findall(r"<h1>(.*?)</h1>", answered.body.decode())[0]


@pytest.fixture(scope="module")
def people(endpoint: Endpoint) -> People:
    return People(endpoint)


def test_a_link_confirms_once_and_only_when_the_button_is_pressed(people: People) -> None:
    people.sign_up("ann")
    link = people.link("ann")
    for _ in range(3):  # scanners of mails follow links, and ask for heads
        assert people.open(link).status == 200
        assert people.endpoint.send("HEAD", link).status == 200
    assert people.status("ann") == "UNCONFIRMED"
    asked = people.open(link)
    assert heading(asked) == "Confirm your email address"
    assert '<form method="post">' in asked.body.decode()
    done = people.press(link)
    assert (done.status, heading(done)) == (200, "Your account is confirmed")
    user = people.idp.admin_get_user(UserPoolId=people.id, Username="ann")
    attributes = {each["Name"]: each["Value"] for each in user["UserAttributes"]}
    assert (user["UserStatus"], attributes["email_verified"]) == ("CONFIRMED", "true")
    again = people.press(link)
    assert (again.status, heading(again)) == (200, "Your account is confirmed")
    assert "confirmed before" in again.body.decode()


def test_a_mail_holds_the_pools_words_and_a_link_nobody_guesses(people: People) -> None:
    people.sign_up("bob<b>")
    sent = people.mail("bob<b>")
    assert sent.subject == "Is it you?"
    assert sent.body.startswith("<p>Welcome bob&lt;b&gt;: <a href=")
    assert "Yes, it is <b>mine</b></a> or <a href=" in sent.body
    assert sent.body.endswith(">here</a></p>")
    query = parse_qs(urlsplit(people.link("bob<b>")).query)
    assert query["client_id"] == [people.client["ClientId"]]
    assert query["user_name"] == ["bob<b>"]
    assert re.fullmatch(r"[\w-]{32}", query["confirmation_code"][0])
    assert html.unescape(sent.body).count(query["confirmation_code"][0]) == 2


def test_a_link_ends_after_a_day_and_as_a_newer_one_is_sent(people: People) -> None:
    people.sign_up("cat")
    first = people.link("cat")
    people.idp.resend_confirmation_code(ClientId=people.client["ClientId"], Username="cat")
    second = people.link("cat")
    assert heading(people.press(first)) == "This link is not the newest one"
    people.endpoint.skew_s = 24 * 3_600 + 1
    late = people.press(second)
    assert (late.status, heading(late)) == (410, "This link is no longer valid")
    people.endpoint.skew_s = 0.0
    assert people.status("cat") == "UNCONFIRMED"


def test_a_link_is_of_its_pool_client_and_user(people: People) -> None:
    people.sign_up("dan")
    people.sign_up("eve")
    other = People(people.endpoint)
    link = people.link("dan")
    client, place = people.client["ClientId"], f"/{people.id}/"
    assert people.press(link.replace(client, other.client["ClientId"])).status == 404
    assert people.press(link.replace(place, f"/{other.id}/")).status == 404
    assert people.press(link.replace(place, "/us-east-1_Nothing1/")).status == 404
    assert people.press(link.replace("user_name=dan", "user_name=eve")).status == 400
    assert people.press(link.replace("user_name=dan", "user_name=nobody")).status == 410
    assert people.status("dan") == people.status("eve") == "UNCONFIRMED"
    assert people.press(link).status == 200


@pytest.mark.parametrize(
    "query",
    [
        "",
        "client_id=a",
        "client_id=a&user_name=b&confirmation_code=",
        "client_id=a&user_name=b&confirmation_code=c&redirect_uri=https://evil.example",
        "client_id=a&user_name=b&user_name=c",
        "client_id=%00&user_name=%ff%fe&confirmation_code=c",
        f"client_id=a&user_name=b&confirmation_code={'c' * 129}",
        f"client_id=a&user_name=b&confirmation_code={'%41' * 1_000}",
        "client_id=<script>alert(1)</script>&user_name=b&confirmation_code=c",
    ],
)
def test_what_is_no_link_gets_one_page_and_changes_nothing(people: People, query: str) -> None:
    for method in ("GET", "POST"):
        answered = people.endpoint.send(method, f"/{people.id}/confirmUser?{query}")
        assert (answered.status, heading(answered)) == (404, "This link is not valid")
        assert b"alert" not in answered.body


def test_guesses_are_counted_with_those_of_the_api(people: People) -> None:
    people.sign_up("fay")
    link = people.link("fay")
    wrong = re.sub("confirmation_code=.*", "confirmation_code=123456", link)
    told = [people.press(wrong).status for _ in range(16)]
    assert told == [400] * 15 + [429]
    assert people.press(link).status == 429  # the right one, too
    people.endpoint.skew_s = 3_601
    assert people.press(link).status == 200


def test_pages_are_shut_off_from_everything(people: People) -> None:
    people.sign_up("gus")
    link = people.link("gus")
    for answered in (people.open(link), people.press(link), people.press(link), people.open("/x")):
        if "content-security-policy" not in answered.headers:
            continue
        page = answered.body.decode()
        style = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)[0]
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        policy = answered.headers["content-security-policy"]
        assert f"style-src 'sha256-{digest}'" in policy
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert answered.headers["referrer-policy"] == "no-referrer"
        assert answered.headers["x-frame-options"] == "DENY"
        assert answered.headers["cache-control"] == "no-store"
        assert "set-cookie" not in answered.headers
        assert "access-control-allow-origin" not in answered.headers
        # Nothing that was sent is in the page, and nothing of it comes from elsewhere.
        assert "gus" not in page
        assert not re.search(r"<script|https?://|src=|href=|style=", page)
    assert people.endpoint.send("PUT", link).status == 405


def test_hidden_users_and_nobody_get_the_same_page(endpoint: Endpoint) -> None:
    people = People(endpoint, {"PreventUserExistenceErrors": "ENABLED"})
    people.sign_up("hal")
    link = people.link("hal")
    assert people.press(link).status == 200
    used, nobody = people.press(link), people.press(link.replace("=hal", "=nobody"))
    assert (used.status, used.body) == (nobody.status, nobody.body)


def test_clients_with_secrets_are_confirmed_without_them_by_a_link_alone(
    endpoint: Endpoint,
) -> None:
    people = People(endpoint, {"GenerateSecret": True})
    key = people.client["ClientSecret"].encode()
    told = "ian" + people.client["ClientId"]
    digest = hmac.digest(key, told.encode(), "sha256")
    people.sign_up("ian", SecretHash=base64.b64encode(digest).decode())
    assert people.press(people.link("ian")).status == 200


def test_defaults_and_what_has_no_link(endpoint: Endpoint) -> None:
    people = People(
        endpoint, VerificationMessageTemplate={"DefaultEmailOption": "CONFIRM_WITH_LINK"}
    )
    people.sign_up("joe")
    sent = people.mail("joe")
    assert sent.subject == "Your verification link"
    assert sent.body.startswith("Please click the link below to verify your email address. <a ")
    people.press(people.link("joe"))
    people.idp.forgot_password(ClientId=people.client["ClientId"], Username="joe")
    sent = people.mail("joe")
    assert (sent.subject, "<a" in sent.body) == ("Your verification code", False)
    assert re.search(r"\b[0-9]{6}\b", sent.body)
    numbers = People(endpoint, AutoVerifiedAttributes=["phone_number"])
    numbers.idp.sign_up(
        ClientId=numbers.client["ClientId"],
        Username="joe",
        Password=PASSWORD,
        UserAttributes=[{"Name": "phone_number", "Value": "+15550009999"}],
    )
    assert re.fullmatch("[0-9]{6}", endpoint.code_to("+15550009999"))


class Writer:
    """Stands for the functions host: a CustomMessage function."""

    def __init__(self) -> None:
        self.text: Callable[[dict[str, Any]], str] = lambda _: ""

    async def __call__(self, invocation: Invocation) -> Outcome:
        event = json.loads(invocation.payload)
        if event["triggerSource"].startswith("CustomMessage_"):
            event["response"]["emailMessage"] = self.text(event["request"])
        return Returned(payload=json.dumps(event).encode(), version="1")


def test_functions_write_links_and_codes_side_by_side() -> None:
    writer = Writer()
    endpoint = Endpoint()
    endpoint.functions = writer  # type: ignore[assignment]
    with endpoint:
        people = People(endpoint, LambdaConfig={"CustomMessage": ARN})
        writer.text = lambda asked: f"{asked['codeParameter']} or {asked['linkParameter']}"
        people.sign_up("kim")
        sent = people.mail("kim").body
        code = re.findall(r"^([0-9]{6}) or <a href", sent)[0]
        assert f"confirmation_code={code}" in sent
        assert sent.endswith(">Click Here</a>")
        assert people.press(people.link("kim")).status == 200
        # Where there is a place for neither, the pool's own text goes out; `{####}` is no link.
        writer.text = lambda _: "nothing, {##unclosed"
        people.sign_up("lea")
        assert people.mail("lea").body.startswith("<p>Welcome lea: <a href=")
        writer.text = lambda _: "{####}{##"
        people.sign_up("mia")
        assert re.fullmatch(r"[0-9]{6}\{##", people.mail("mia").body)


def test_names_reach_neither_links_nor_pages_as_html(people: People) -> None:
    name = "x\"'>&confirmation_code=0&{##a##}{####}"
    people.sign_up(name)
    link = people.link(name)
    assert quote(name, safe="").replace("%20", "+") in link
    body = people.mail(name).body
    assert body.count("<a href=") == 2
    assert people.press(link).status == 200


def test_links_lead_to_the_public_url_whatever_issuers_look_like() -> None:
    endpoint = Endpoint()
    pools = replace(
        endpoint.settings.pools, public_url="https://auth.example.org/x", issuer_style="aws"
    )
    endpoint.settings = replace(endpoint.settings, pools=pools)
    with endpoint:
        people = People(endpoint)
        people.sign_up("nan")
        place = f'<a href="https://auth.example.org/x/{people.id}/confirmUser?client_id='
        assert place in people.mail("nan").body


def test_of_many_who_press_at_once_one_confirms(endpoint: Endpoint) -> None:
    people = People(endpoint, {"PreventUserExistenceErrors": "ENABLED"})
    people.sign_up("oda")
    link = people.link("oda")
    with ThreadPoolExecutor(6) as threads:
        told = list(threads.map(lambda _: people.press(link).status, range(6)))
    assert sorted(told) == [200, 410, 410, 410, 410, 410]
