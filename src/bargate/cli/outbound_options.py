"""Options of `bargate serve` that are about messages to users, checked where they enter."""

from __future__ import annotations

import functools
import ipaddress
import os
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

import click

from bargate.settings import OutboundSettings, SmsWebhookSettings, SmtpSettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from urllib.parse import SplitResult

Command = TypeVar("Command", bound="Callable[..., Any]")
_PORTS = {"starttls": 587, "tls": 465, "off": 25}
_FILE = click.Path(exists=True, dir_okay=False, resolve_path=True)


def outbound_options(command: Command) -> Callable[..., Any]:
    """Take them, and give the command `outbound`."""

    @functools.wraps(command)
    def joined(  # click passes one argument an option
        *,
        smtp: SplitResult | None,
        smtp_password_file: str | None,
        smtp_ca: str | None,
        mail_from: str | None,
        sms_webhook: str | None,
        sms_webhook_secret_file: str | None,
        **rest: Any,
    ) -> Any:
        outbound = OutboundSettings(
            smtp=_smtp(smtp, smtp_password_file, smtp_ca, mail_from),
            sms_webhook=_webhook(sms_webhook, sms_webhook_secret_file),
        )
        return command(outbound=outbound, **rest)

    options = (
        click.option(
            "--smtp",
            metavar="URL",
            callback=_smtp_url,
            help="Send users' mails by this server: smtp://USER@HOST:587 (STARTTLS), or"
            " smtps://USER@HOST:465; the password comes from --smtp-password-file or from the"
            " variable BARGATE_SMTP_PASSWORD. smtp://HOST:25?tls=off sends in clear."
            "  [default: keep them for `bargate outbox`]",
        ),
        click.option(
            "--smtp-password-file", type=_FILE, metavar="FILE", help="The password for --smtp."
        ),
        click.option(
            "--smtp-ca",
            type=_FILE,
            metavar="FILE",
            help="Trust the mail server by this certificate authority, PEM.  [default: the system's]",
        ),
        click.option(
            "--mail-from",
            metavar="ADDRESS",
            callback=_sender,
            help="Who users' mails come from: accounts@example.org, or 'Name <accounts@example.org>'.",
        ),
        click.option(
            "--sms-webhook",
            metavar="URL",
            callback=_webhook_url,
            help="POST users' SMS here as JSON, signed by the secret in --sms-webhook-secret-file or"
            " in the variable BARGATE_SMS_WEBHOOK_SECRET.  [default: keep them for `bargate outbox`]",
        ),
        click.option(
            "--sms-webhook-secret-file",
            type=_FILE,
            metavar="FILE",
            help="The secret for --sms-webhook.",
        ),
    )
    result: Callable[..., Any] = joined
    for option in reversed(options):
        result = option(result)
    return result


def _smtp_url(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> SplitResult | None:
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        port_is_good = parts.port != 0
    except ValueError:
        raise click.BadParameter("a mail server looks like smtp://user@host:587") from None
    if parts.password is not None:  # it would be seen by all in the list of processes
        raise click.BadParameter(
            "leave the password out of the URL: give it by --smtp-password-file or"
            " BARGATE_SMTP_PASSWORD"
        )
    query = parse_qs(parts.query, keep_blank_values=True)
    is_whole = parts.path in ("", "/") and not parts.fragment
    if (
        parts.scheme not in ("smtp", "smtps")
        or not parts.hostname
        or not (is_whole and port_is_good)
    ):
        raise click.BadParameter(f"{value!r}: a mail server looks like smtp://user@host:587")
    if query not in ({}, {"tls": ["off"]}) or (query and parts.scheme == "smtps"):
        raise click.BadParameter(
            f"{value!r}: after the ? only tls=off may stand, with smtp:// alone"
        )
    return parts


def _sender(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    from bargate.outbound.addresses import is_mail_address  # noqa: PLC0415  few need it

    address = SmtpSettings(host="", port=0, sender=value).sender_address
    if not is_mail_address(address) or not value.isprintable():
        raise click.BadParameter(f"{value!r}: a sender looks like accounts@example.org")
    return value


def _webhook_url(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> str | None:
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url or not value.isascii() or not value.isprintable() or " " in value:
        raise click.BadParameter(f"{value!r}: a webhook looks like https://sms.example.org/send")
    if parts.username is not None or parts.fragment:
        raise click.BadParameter("a webhook's URL has no user and no #")
    if parts.scheme == "http" and not _is_here(parts.hostname or ""):
        raise click.BadParameter(
            f"{value!r}: codes go to other machines by https alone; http is for this one"
        )
    return value


def _smtp(
    parts: SplitResult | None, password_file: str | None, ca_file: str | None, sender: str | None
) -> SmtpSettings | None:
    if parts is None:
        if password_file or ca_file or sender:
            raise click.UsageError(
                "--mail-from, --smtp-password-file and --smtp-ca are about --smtp, which is not given"
            )
        return None
    if sender is None:
        raise click.UsageError("--smtp needs --mail-from: who the mails come from")
    security: Literal["starttls", "tls", "off"] = "starttls"
    if parts.scheme == "smtps":
        security = "tls"
    elif parts.query:
        security = "off"
    has_password = bool(password_file or os.environ.get("BARGATE_SMTP_PASSWORD"))
    user = unquote(parts.username) if parts.username else None
    _check_password(parts, security, user, has_password=has_password)
    return SmtpSettings(
        host=parts.hostname or "",
        port=parts.port or _PORTS[security],
        security=security,
        user=user,
        password_file=password_file,
        ca_file=ca_file,
        sender=sender,
    )


def _check_password(
    parts: SplitResult, security: str, user: str | None, *, has_password: bool
) -> None:
    if user is not None and not has_password:
        raise click.UsageError(
            "--smtp names a user: give the password by --smtp-password-file or BARGATE_SMTP_PASSWORD"
        )
    if user is not None and security == "off" and not _is_here(parts.hostname or ""):
        raise click.UsageError("--smtp with tls=off sends no password to another machine")


def _webhook(url: str | None, secret_file: str | None) -> SmsWebhookSettings | None:
    if url is None:
        if secret_file:
            raise click.UsageError("--sms-webhook-secret-file is about --sms-webhook")
        return None
    if not (secret_file or os.environ.get("BARGATE_SMS_WEBHOOK_SECRET")):
        raise click.UsageError(
            "--sms-webhook needs a secret that signs what is sent: give it by"
            " --sms-webhook-secret-file or BARGATE_SMS_WEBHOOK_SECRET"
        )
    return SmsWebhookSettings(url=url, secret_file=secret_file)


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
