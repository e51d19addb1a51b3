"""Where a workload's SDK fetches credentials, as in a container of ECS (AWS [D]).

    GET /credentials, Authorization: TOKEN ──► {"AccessKeyId": …, "Expiration": …}

It listens on loopback. Whoever does not know the token learns nothing; a Host that is not its own is
refused, so that no web page whose name was made to mean this machine can ask.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bargate.workload.lease import Lease

PATH = "/credentials"
MAX_HEAD_BYTES = 8_192
MAX_CONNECTIONS = 64
TIMEOUT_S = 5.0
_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    421: "Misdirected Request",
    503: "Service Unavailable",
}


class Endpoint:
    """Gives the credentials of a lease to whoever has the token."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self.token = secrets.token_urlsafe(32)
        self._server: asyncio.Server | None = None
        self._connections = 0
        self._port = 0

    @property
    def url(self) -> str:
        """Give what AWS_CONTAINER_CREDENTIALS_FULL_URI must be."""
        return f"http://127.0.0.1:{self._port}{PATH}"

    async def start(self) -> None:
        """Listen on a free port of loopback."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=MAX_HEAD_BYTES)
        self._port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Listen no longer."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        try:
            if self._connections <= MAX_CONNECTIONS:
                async with asyncio.timeout(TIMEOUT_S):
                    writer.write(_response(*self._answer(await reader.readuntil(b"\r\n\r\n"))))
                    await writer.drain()
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError):
            pass  # whoever asked is gone or too slow
        except asyncio.LimitOverrunError:
            writer.write(_response(400, {"message": "the head is too long"}))
        finally:
            self._connections -= 1
            writer.close()

    def _answer(self, head: bytes) -> tuple[int, dict[str, str]]:
        """Decide on a request by its head; a body is never read."""
        first, *lines = head[:-4].split(b"\r\n")
        parts = first.split(b" ")
        if len(parts) != 3 or not parts[2].startswith(b"HTTP/1."):  # noqa: PLR2004  RFC 9112 §3
            return 400, {"message": "no request line"}
        if _values(lines, b"host") != [f"127.0.0.1:{self._port}".encode()]:
            return 421, {"message": "another host is meant"}
        tokens = _values(lines, b"authorization")
        if len(tokens) != 1 or not hmac.compare_digest(tokens[0], self.token.encode()):
            return 401, {"message": "the token is not that of the workload"}
        if parts[1] != PATH.encode():
            return 404, {"message": f"there is {PATH} alone"}
        if parts[0] != b"GET":
            return 405, {"message": "only GET is answered"}
        if not self._lease.is_good:
            return 503, {"message": "the credentials have expired and could not be renewed"}
        return 200, self._credentials()

    def _credentials(self) -> dict[str, str]:
        held = self._lease.held
        return {
            "RoleArn": held.role_arn,
            "AccountId": held.account_id,
            "AccessKeyId": held.access_key_id,
            "SecretAccessKey": held.secret_access_key.reveal(),
            "Token": held.session_token.reveal(),
            "Expiration": timestamp(self._lease.told_expiration),
        }


def timestamp(at: int) -> str:
    """Write seconds since the epoch as SDKs read them."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _values(lines: list[bytes], name: bytes) -> list[bytes]:
    pairs = (line.partition(b":") for line in lines)
    return [value.strip(b" \t") for key, _, value in pairs if key.lower() == name]


def _response(status: int, document: dict[str, str]) -> bytes:
    body = json.dumps(document).encode()
    lines = (
        f"HTTP/1.1 {status} {_REASONS[status]}",
        "Content-Type: application/json",
        "Cache-Control: no-store",
        f"Content-Length: {len(body)}",
        "Connection: close",
        "",
        "",
    )
    return "\r\n".join(lines).encode() + body
