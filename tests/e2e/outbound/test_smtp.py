from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bargate.outbound.channel import Undelivered
from bargate.outbound.delivery import Delivery
from bargate.outbound.outbox import Outbox
from bargate.outbound.smtp import SmtpChannel
from bargate.secret import Secret
from bargate.settings import SmtpSettings
from bargate.userpool.pools import Message
from bargate.wire.error import AwsError
from mail_server import Certificate, MailServer

PASSWORD = "mail-password"
SENDER = "Accounts <accounts@example.org>"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def server(certificate: Certificate) -> Iterator[MailServer]:
    with MailServer(certificate, "app", PASSWORD) as server:
        yield server


def message(**changes: Any) -> Message:
    given = {
        "pool_id": "us-east-1_a",
        "user_name": "ann",
        "medium": "EMAIL",
        "purpose": "SignUp",
        "destination": "ann@example.org",
        "subject": "Your code",
        "body": "<b>123456</b>",
    }
    return Message(**(given | changes))


def channel(
    server: MailServer, certificate: Certificate | None, password: str = PASSWORD, **changes: Any
) -> SmtpChannel:
    given = {
        "host": "127.0.0.1",
        "port": server.port,
        "user": "app",
        "sender": SENDER,
        "ca_file": None if certificate is None else str(certificate.path),
    }
    return SmtpChannel(SmtpSettings(**(given | changes)), Secret(password))


def failure(channel: SmtpChannel) -> tuple[str, bool]:
    with pytest.raises(Undelivered) as failed:
        channel.deliver(message())
    return str(failed.value), failed.value.is_final


def test_a_mail_goes_out_by_starttls_with_a_password(
    server: MailServer, certificate: Certificate
) -> None:
    channel(server, certificate).deliver(message(subject="Ümläut", body="<p>ü\n.\n123456</p>"))
    (mail,) = server.mails()
    assert server.envelopes[0].rcpt_tos == ["ann@example.org"]
    assert server.envelopes[0].mail_from == "accounts@example.org"
    assert (mail["From"], mail["To"], mail["Subject"]) == (SENDER, "ann@example.org", "Ümläut")
    assert mail.get_content_type() == "text/html"
    assert mail.get_content().split() == ["<p>ü", ".", "123456</p>"]


def test_wrong_passwords_and_certificates_end_it(
    server: MailServer, certificate: Certificate
) -> None:
    assert failure(channel(server, certificate, "wrong")) == ("the mail server answered 535", True)
    text, is_final = failure(channel(server, None))
    assert ("certificate" in text, is_final) == (True, True)
    assert server.envelopes == []


def test_without_starttls_nothing_is_sent(certificate: Certificate) -> None:
    with MailServer() as plain:
        assert failure(channel(plain, certificate)) == (
            "the mail server has no STARTTLS or AUTH",
            True,
        )
        assert plain.envelopes == []
        channel(plain, None, user=None, security="off").deliver(message())
        assert len(plain.mails()) == 1


def test_a_subject_cannot_add_a_header(server: MailServer, certificate: Certificate) -> None:
    async def send() -> None:
        delivery = Delivery(Outbox(lambda: datetime.now(UTC)), {})
        for changes in (
            {"subject": "a\r\nBcc: evil@example.org"},
            {"subject": "a\nb"},
            {"subject": "a\u2028b"},
            {"destination": "a@example.org,evil@example.org"},
            {"destination": "a@example.org\r\nBcc: e@example.org"},
            {"destination": "<a@example.org>"},
            {"medium": "SMS", "destination": "+1555\n"},
            {"medium": "SMS", "destination": "ann@example.org"},
        ):
            with pytest.raises(AwsError):
                await delivery.send(message(**changes))
        assert delivery.outbox.after() == []

    asyncio.run(send())


def test_what_fails_for_a_while_is_sent_again(
    server: MailServer, certificate: Certificate, caplog: pytest.LogCaptureFixture
) -> None:
    async def send(answers: list[str]) -> None:
        server.answers = answers
        out = channel(server, certificate)
        outbox = Outbox(lambda: datetime.now(UTC))
        delivery = Delivery(outbox, {"EMAIL": out}, retry_after_s=(0.0, 0.0))
        await delivery.send(message())
        await delivery.settle(20)
        assert outbox.after() == []

    with caplog.at_level(logging.WARNING):
        asyncio.run(send(["451 busy", "451 busy"]))
        assert len(server.mails()) == 1
        asyncio.run(send(["550 never ann@example.org 123456"]))
        asyncio.run(send(["451 busy"] * 3))
    assert len(server.mails()) == 1
    assert "was not sent" in caplog.text
    assert "123456" not in caplog.text
    assert "ann@example.org" not in caplog.text


def test_so_many_wait_and_no_more(certificate: Certificate) -> None:
    async def send() -> None:
        with MailServer() as server:
            out = channel(server, None, user=None, security="off")
            outbox = Outbox(lambda: datetime.now(UTC))
            delivery = Delivery(outbox, {"EMAIL": out}, max_waiting=2)
            await delivery.send(message())
            await delivery.send(message())
            with pytest.raises(AwsError) as refused:
                await delivery.send(message())
            assert refused.value.code == "CodeDeliveryFailureException"
            await delivery.settle(20)
            assert len(server.mails(2)) == 2

    asyncio.run(send())


def test_the_outbox_forgets_the_oldest() -> None:
    outbox = Outbox(lambda: datetime.now(UTC), max_messages=2)
    for number in range(3):
        outbox.keep(message(body=str(number)))
    assert [each.body for each in outbox.after()] == ["1", "2"]
    assert [each.number for each in outbox.after(2)] == [3]
    assert outbox.after(0, "us-east-1_other") == []
    assert "1" not in repr(outbox.after()).replace("Kept(2)", "").replace("Kept(3)", "")


def test_nothing_answers() -> None:
    with MailServer() as gone:
        settings = SmtpSettings(host="127.0.0.1", port=gone.port, security="off", sender=SENDER)
    text, is_final = failure(SmtpChannel(settings, None))
    assert ("no mail server answered" in text, is_final) == (True, False)
