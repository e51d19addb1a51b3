"""What is asked over the local socket of an installation, and how.

One JSON document each way: Question ──► Given | Refused. The socket lies in the run directory, which
only its owner may enter (`gateway.questions`).
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

import msgspec
from msgspec import Struct

from bargate.gateway.questions import UnsafeFolder, check_private
from bargate.secret import Secret
from bargate.settings import run_directory

TIMEOUT_S = 5.0
MAX_QUESTION_BYTES = 4_096
_MAX_ANSWER_BYTES = 65_536


class Question(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Ask for credentials of a role, by its name or ARN; `account_id` None is the installation's."""

    role: str
    account_id: str | None = None
    session_name: str
    duration_s: int


class Given(Struct, frozen=True, kw_only=True, tag="given"):
    """Credentials of a role's session, and where to use them. Times are seconds since the epoch."""

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret
    issued_at: int
    expires_at: int
    role_arn: str
    account_id: str
    region: str
    endpoint_url: str


class Refused(Struct, frozen=True, tag="refused"):
    """There are none; `message` says why and what to do."""

    message: str


class NotGiven(Exception):
    """Credentials were refused; the text says what to do."""


class NotReached(Exception):
    """No installation answers."""


def encode(message: Question | Given | Refused) -> bytes:
    """Write a message, secrets included."""
    return msgspec.json.encode(message, enc_hook=_revealed)


def decode_question(data: bytes) -> Question:
    """Read a question; raises msgspec.DecodeError."""
    return msgspec.json.decode(data, type=Question)


def _revealed(value: object) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    raise NotImplementedError(type(value))


def _secret(kind: type, value: object) -> object:
    return Secret(str(value)) if kind is Secret else value


def socket_name(port: int) -> str:
    """Name the socket of the installation whose AWS endpoint listens on `port`."""
    return f"credentials-{port}.sock"


async def find_and_ask(port: int | None, question: Question) -> Given:
    """Ask the installation of this user that runs, or that of `port`.

    Raises NotGiven and NotReached.
    """
    answers = [(path, await _ask(path, question)) for path in _sockets(port)]
    reached = [(path, answer) for path, answer in answers if answer is not None]
    if not reached:
        raise NotReached("no installation of this user is running (bargate serve)")
    if len(reached) > 1:
        ports = ", ".join(path.stem.removeprefix("credentials-") for path, _ in reached)
        raise NotGiven(f"several installations are running; choose by --api-port: {ports}")
    answer = reached[0][1]
    if isinstance(answer, Refused):
        raise NotGiven(answer.message)
    assert answer is not None  # noqa: S101  left out above
    return answer


def _sockets(port: int | None) -> list[Path]:
    folder = run_directory(dict(os.environ), Path(tempfile.gettempdir()), os.getuid())
    try:
        check_private(folder)
    except FileNotFoundError:
        return []
    except (OSError, UnsafeFolder) as error:
        raise NotReached(str(error)) from error
    if port is not None:
        return [folder / socket_name(port)]
    return sorted(folder.glob("credentials-*.sock"))


async def _ask(path: Path, question: Question) -> Given | Refused | None:
    try:
        async with asyncio.timeout(TIMEOUT_S):
            reader, writer = await asyncio.open_unix_connection(path, limit=_MAX_ANSWER_BYTES)
            try:
                writer.write(encode(question) + b"\n")
                answer = await reader.readline()
            finally:
                writer.close()
        return msgspec.json.decode(answer, type=Given | Refused, dec_hook=_secret)
    except (OSError, TimeoutError, ValueError, msgspec.DecodeError):
        return None
