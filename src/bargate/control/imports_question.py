"""What `bargate users import` and the control process say to each other, a line each.

    Begin ──► Begun | NotImported;  then Write ──► Progress | NotImported, …;  Finish ──► Progress

The command reads the file, the control process writes users. The socket lies in the run directory,
which only its owner may enter (`gateway.questions`): the lines hold password hashes.
"""

from typing import Any, Final

import msgspec
from msgspec import Struct

from bargate.records.pool_import import PoolImport
from bargate.records.user_pool import UserPool
from bargate.secret import Secret
from bargate.userpool.imports.batch import Batch
from bargate.userpool.imports.files import File

MAX_LINE_BYTES: Final = 16 * 1024 * 1024
TIMEOUT_S: Final = 60.0


class Begin(Struct, frozen=True, tag="begin"):
    """Import a file, or go on with it."""

    file: File


class Write(Struct, frozen=True, tag="write"):
    """Write a batch of the file."""

    batch: Batch


class Finish(Struct, frozen=True, tag="finish"):
    """The file is at its end after so many rows, or cannot be read on."""

    rows: int
    failure: str | None = None


class Wait(Struct, frozen=True, tag="wait"):
    """The next batch is still being read: it may lie behind millions of rows."""


class Waiting(Struct, frozen=True, tag="waiting"):
    """It is waited for."""


class Begun(Struct, frozen=True, tag="begun"):
    """The import as far as it is, and the pool that its rows are for."""

    progress: PoolImport
    pool: UserPool


class Progress(Struct, frozen=True, tag="progress"):
    """The import as far as it is."""

    progress: PoolImport


class NotImported(Struct, frozen=True, tag="not_imported"):
    """Nothing of what was sent was written; `message` says why."""

    message: str


Question = Begin | Write | Finish | Wait
Answer = Begun | Progress | NotImported | Waiting


def socket_name(port: int) -> str:
    """Name the socket of the installation whose AWS endpoint listens on `port`."""
    return f"imports-{port}.sock"


def _revealed(secret: Any) -> str:
    if not isinstance(secret, Secret):
        raise TypeError(type(secret).__name__)
    return secret.reveal()


def _secret(kind: type, value: Any) -> Secret:
    if kind is not Secret or not isinstance(value, str):
        raise TypeError(kind.__name__)
    return Secret(value)


_ENCODER: Final = msgspec.json.Encoder(enc_hook=_revealed)
_QUESTIONS: Final = msgspec.json.Decoder(Question, dec_hook=_secret)
_ANSWERS: Final = msgspec.json.Decoder(Answer, dec_hook=_secret)


def line_of(said: Question | Answer) -> bytes:
    """Write a line, without its end; raises UnicodeEncodeError for half a character."""
    return _ENCODER.encode(said)


def question_of(line: bytes) -> Question:
    """Read what the command says; raises msgspec.DecodeError."""
    said: Question = _decoded(_QUESTIONS, line)
    return said


def answer_of(line: bytes) -> Answer:
    """Read what the control process says; raises msgspec.DecodeError."""
    said: Answer = _decoded(_ANSWERS, line)
    return said


def _decoded(decoder: msgspec.json.Decoder[Any], line: bytes) -> Any:
    try:
        return decoder.decode(line)
    except (UnicodeDecodeError, RecursionError) as error:
        raise msgspec.DecodeError(type(error).__name__) from None
