from __future__ import annotations

import hmac
import json

import pytest

from bargate.outbound.channel import Undelivered
from bargate.outbound.sms_webhook import SmsWebhook
from bargate.secret import Secret
from bargate.settings import SmsWebhookSettings
from bargate.userpool.pools import Message
from serving import Backend, backend

SECRET = "webhook-secret"
MESSAGE = Message(
    pool_id="us-east-1_a",
    user_name="ann",
    medium="SMS",
    purpose="SignUp",
    destination="+15550001234",
    body="Your code is 123456.",
)


def webhook(port: int) -> SmsWebhook:
    settings = SmsWebhookSettings(url=f"http://127.0.0.1:{port}/sms?to=phones")
    return SmsWebhook(settings, Secret(SECRET), lambda: 1_700_000_000.5)


def failure(port: int) -> tuple[str, bool]:
    with pytest.raises(Undelivered) as failed:
        webhook(port).deliver(MESSAGE)
    return str(failed.value), failed.value.is_final


def answering(state: Backend, status: int, headers: dict[str, str] | None = None) -> None:
    state.answers["/sms"] = (status, headers or {}, b"123456")


def test_a_message_is_posted_and_signed() -> None:
    with backend() as state:
        webhook(state.port).deliver(MESSAGE)
        (received,) = state.received
    assert (received.method, received.target) == ("POST", "/sms?to=phones")
    told = json.loads(received.body)
    assert (told["destination"], told["body"]) == ("+15550001234", "Your code is 123456.")
    assert received.header("content-type") == "application/json"
    assert received.header("x-bargate-timestamp") == "1700000000"
    signed = b"1700000000." + received.body
    expected = hmac.new(SECRET.encode(), signed, "sha256").hexdigest()
    assert received.header("x-bargate-signature") == f"v1={expected}"


def test_a_redirect_is_followed_nowhere() -> None:
    with backend() as state, backend() as other:
        answering(state, 307, {"Location": f"http://127.0.0.1:{other.port}/sms"})
        assert failure(state.port) == ("the webhook answered 307", True)
        assert other.received == []


@pytest.mark.parametrize(
    ("status", "is_final"), [(400, True), (403, True), (429, False), (500, False), (503, False)]
)
def test_what_is_tried_again(status: int, *, is_final: bool) -> None:
    with backend() as state:
        answering(state, status)
        assert failure(state.port) == (f"the webhook answered {status}", is_final)


def test_nothing_answers() -> None:
    with backend() as state:
        port = state.port
    assert failure(port) == ("no webhook answered (ConnectionRefusedError)", False)
