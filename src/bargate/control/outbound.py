"""Joins the ways by which messages go out, as the operator chose them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bargate.outbound.delivery import Delivery
from bargate.outbound.outbox import Outbox
from bargate.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bargate.outbound.channel import Channel
    from bargate.settings import OutboundSettings
    from bargate.userpool.pools import Medium

SMTP_PASSWORD: Final = "BARGATE_SMTP_PASSWORD"  # noqa: S105  a variable's name
SMS_SECRET: Final = "BARGATE_SMS_WEBHOOK_SECRET"  # noqa: S105  a variable's name


class UnreadableSecret(Exception):
    """A file that holds a secret cannot be read; the text says which."""


def make_delivery(settings: OutboundSettings, clock: Callable[[], datetime]) -> Delivery:
    """Give the messenger of one installation; raises UnreadableSecret."""
    channels: dict[Medium, Channel] = {}
    if settings.smtp is not None:
        from bargate.outbound.smtp import SmtpChannel  # noqa: PLC0415  few need it at start

        password = secret_of(settings.smtp.password_file, SMTP_PASSWORD)
        channels["EMAIL"] = SmtpChannel(settings.smtp, password)
    if settings.sms_webhook is not None:
        from bargate.outbound.sms_webhook import SmsWebhook  # noqa: PLC0415  few need it at start

        secret = secret_of(settings.sms_webhook.secret_file, SMS_SECRET)
        if secret is None or not secret.reveal():
            raise UnreadableSecret("--sms-webhook needs a secret that is not empty")
        channels["SMS"] = SmsWebhook(settings.sms_webhook, secret)
    return Delivery(Outbox(clock), channels)


def secret_of(path: str | None, variable: str) -> Secret | None:
    """Read a secret from a file, or else from the environment; raises UnreadableSecret."""
    if path is not None:
        try:
            return Secret(Path(path).read_text().rstrip("\r\n"))
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise UnreadableSecret(f"cannot read the secret in {path}: {why}") from None
    found = os.environ.get(variable)
    return Secret(found) if found else None
