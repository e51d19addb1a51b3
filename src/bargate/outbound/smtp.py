"""Mails by SMTP: STARTTLS or TLS, a password if the server wants one, one connection a mail.

--smtp smtp://user@host:587    STARTTLS, without which nothing is sent
       smtps://user@host:465   TLS from the start
       smtp://host:25?tls=off  in clear, and never with a password (but on this machine)
"""

from __future__ import annotations

import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from typing import TYPE_CHECKING, Final

from bargate.outbound.channel import Undelivered

if TYPE_CHECKING:
    from bargate.secret import Secret
    from bargate.settings import SmtpSettings
    from bargate.userpool.pools import Message

TIMEOUT_S: Final = 10.0
_TRANSIENT: Final = range(400, 500)


class SmtpChannel:
    """Gives mails to one server."""

    def __init__(self, settings: SmtpSettings, password: Secret | None) -> None:
        self._settings = settings
        self._password = password
        self._tls = ssl.create_default_context(cafile=settings.ca_file)

    def deliver(self, message: Message) -> None:
        """Do as `Channel.deliver`."""
        mail = mail_of(message, self._settings.sender)
        sender = self._settings.sender_address
        try:
            with self._connection() as server:
                self._introduce(server)
                server.send_message(mail, sender, [message.destination])
        except smtplib.SMTPResponseException as error:
            # Servers repeat what they were told in their texts: the code alone says enough.
            why = f"the mail server answered {error.smtp_code}"
            raise Undelivered(why, is_final=error.smtp_code not in _TRANSIENT) from None
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            is_final = not any(code in _TRANSIENT for code in codes)
            raise Undelivered("the mail server refused the recipient", is_final=is_final) from None
        except smtplib.SMTPNotSupportedError:
            raise Undelivered("the mail server has no STARTTLS or AUTH", is_final=True) from None
        except ssl.SSLCertVerificationError as error:
            why = f"the mail server's certificate: {error.verify_message}"
            raise Undelivered(why, is_final=True) from None
        except (OSError, smtplib.SMTPException) as error:
            why = f"no mail server answered ({type(error).__name__})"
            raise Undelivered(why, is_final=False) from None

    def _connection(self) -> smtplib.SMTP:
        settings = self._settings
        if settings.security == "tls":
            return smtplib.SMTP_SSL(
                settings.host, settings.port, timeout=TIMEOUT_S, context=self._tls
            )
        return smtplib.SMTP(settings.host, settings.port, timeout=TIMEOUT_S)

    def _introduce(self, server: smtplib.SMTP) -> None:
        if self._settings.security == "starttls":
            server.starttls(context=self._tls)  # raises where there is none: never in clear
        if self._settings.user is not None and self._password is not None:
            server.login(self._settings.user, self._password.reveal())


def mail_of(message: Message, sender: str) -> EmailMessage:
    """Write a mail: HTML as AWS's are, in ASCII lines whatever it says."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = Address(addr_spec=message.destination)
    mail["Subject"] = message.subject
    mail["Date"] = formatdate()
    mail["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].rstrip(">") or None)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    mail.set_content(message.body, subtype="html", charset="utf-8", cte="base64")
    return mail
