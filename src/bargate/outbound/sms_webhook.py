"""SMS by a webhook: one signed POST a message, to whatever reaches phones.

    POST URL   {"id", "poolId", "userName", "purpose", "destination", "body"}
    x-bargate-timestamp: SECONDS
    x-bargate-signature: v1=hex(HMAC-SHA256(secret, SECONDS "." body))

2xx means taken; 5xx and 429 are tried again; a redirect is followed nowhere and means no.
"""

from __future__ import annotations

import hmac
import http.client
import ssl
import time
import uuid
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import msgspec

from bargate import __version__
from bargate.outbound.channel import Undelivered

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.secret import Secret
    from bargate.settings import SmsWebhookSettings
    from bargate.userpool.pools import Message

TIMEOUT_S: Final = 10.0
_TAKEN: Final = range(200, 300)
_BUSY: Final = 429
_FAILED: Final = range(500, 600)


class SmsWebhook:
    """Gives SMS to one URL."""

    def __init__(
        self,
        settings: SmsWebhookSettings,
        secret: Secret,
        clock_s: Callable[[], float] = time.time,
    ) -> None:
        self._url = urlsplit(settings.url)
        self._secret = secret
        self._clock_s = clock_s
        self._tls = ssl.create_default_context(cafile=settings.ca_file)

    def deliver(self, message: Message) -> None:
        """Do as `Channel.deliver`."""
        body = msgspec.json.encode(
            {
                "id": str(uuid.uuid4()),
                "poolId": message.pool_id,
                "userName": message.user_name,
                "purpose": message.purpose,
                "destination": message.destination,
                "body": message.body,
            }
        )
        try:
            status = self._post(body)
        except (OSError, http.client.HTTPException) as error:
            why = f"no webhook answered ({type(error).__name__})"
            raise Undelivered(
                why, is_final=isinstance(error, ssl.SSLCertVerificationError)
            ) from None
        if status not in _TAKEN:
            is_final = status != _BUSY and status not in _FAILED
            raise Undelivered(f"the webhook answered {status}", is_final=is_final)

    def _post(self, body: bytes) -> int:
        connection = self._connection()
        path = (self._url.path or "/") + (f"?{self._url.query}" if self._url.query else "")
        try:
            connection.request("POST", path, body, self._headers(body))
            return connection.getresponse().status  # its body is not wanted
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._url.hostname or "", self._url.port
        if self._url.scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=self._tls)
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)

    def _headers(self, body: bytes) -> dict[str, str]:
        seconds = str(int(self._clock_s()))
        signed = seconds.encode() + b"." + body
        digest = hmac.new(self._secret.reveal().encode(), signed, "sha256").hexdigest()
        return {
            "content-type": "application/json",
            "user-agent": f"bargate/{__version__}",
            "x-bargate-timestamp": seconds,
            "x-bargate-signature": f"v1={digest}",
        }
