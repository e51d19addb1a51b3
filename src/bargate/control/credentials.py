"""The local socket on which the control process gives credentials of roles to workloads.

    Question ──► assume_as_service (ecs-tasks.amazonaws.com) ──► Session ──seal──► Given

Whoever may enter the run directory owns the installation; the role must still trust ECS tasks, so
that none is used this way that was not meant to be.
"""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bargate.audit.event import command
from bargate.control.local_socket import Bounds, LocalSocket
from bargate.identity.assume_as_service import Asked, NotAssumable, assume_as_service
from bargate.identity.find import role_named
from bargate.secret import Secret
from bargate.store.interface import StoreBusy, StoreUnavailable
from bargate.wire.error import AwsError
from bargate.workload.local import (
    MAX_QUESTION_BYTES,
    TIMEOUT_S,
    Given,
    Question,
    Refused,
    decode_question,
    encode,
    socket_name,
)

if TYPE_CHECKING:
    from pathlib import Path

    from bargate.audit.event import Note
    from bargate.settings import ControlSettings
    from bargate.store.interface import Store, Transaction
    from bargate.tokens.sealed import Sealer
    from bargate.tokens.session import Session

SERVICE = "ecs-tasks.amazonaws.com"
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)  # AWS [M] sts RoleSessionName

_BOUNDS = Bounds(connections=64, question_bytes=MAX_QUESTION_BYTES, timeout_s=TIMEOUT_S)

_log = logging.getLogger("bargate.control")


def credentials_socket(
    store: Store, sealer: Sealer, settings: ControlSettings, folder: Path, note: Note
) -> LocalSocket:
    """Make the socket; what it gives is decided by the store as it is then."""
    answers = _Answers(store, sealer, settings, note)
    path = folder / socket_name(settings.port)
    return LocalSocket(path, "bargate run", _BOUNDS, answers.to)


class _Answers:
    """Answers questions of workloads."""

    def __init__(self, store: Store, sealer: Sealer, settings: ControlSettings, note: Note) -> None:
        self._store = store
        self._sealer = sealer
        self._settings = settings
        self._note = note

    async def to(self, line: bytes) -> bytes:
        """Answer a question."""
        return encode(await self._answer(decode_question(line))) + b"\n"

    async def _answer(self, question: Question) -> Given | Refused:
        now = datetime.now(UTC)
        try:
            session = await self._store.submit(lambda tx: self._session(tx, question, now))
            await self._note(command("AssumeRole", session.arn))
        except NotAssumable as refused:
            await self._note(command("AssumeRole", question.role, "NotAssumable"))
            _log.info("a workload was refused the role %r: %s", question.role[:128], refused)
            return Refused(str(refused))
        except (AwsError, StoreBusy, StoreUnavailable) as error:
            return Refused(f"The installation cannot note the session now: {error}")
        _log.info("a workload assumed %s as %s", session.issuer_arn, session.arn)
        return self._given(session)

    def _session(self, tx: Transaction, question: Question, now: datetime) -> Session:
        settings = self._settings
        if _SESSION_NAME.fullmatch(question.session_name) is None:
            raise NotAssumable("A session name has 2 to 64 letters, digits and _+=,.@-")
        account = question.account_id or settings.account_id
        role_arn = question.role
        if not role_arn.startswith("arn:"):
            role = role_named(tx, account, role_arn)
            if role is None:
                raise NotAssumable(f"The account {account} has no role {role_arn[:128]!r}.")
            role_arn = role.arn
        task = f"task/bargate/{question.session_name}"
        asked = Asked(
            role_arn=role_arn,
            service=SERVICE,
            session_name=question.session_name,
            region=settings.region,
            duration_s=question.duration_s,
            source_arn=f"arn:{settings.partition}:ecs:{settings.region}:{account}:{task}",
            source_account=account,
        )
        return assume_as_service(tx, asked, now)

    def _given(self, session: Session) -> Given:
        settings = self._settings
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        return Given(
            access_key_id=session.access_key_id,
            secret_access_key=session.secret,
            session_token=Secret(self._sealer.seal(session)),
            issued_at=session.issued_at,
            expires_at=session.expires_at,
            role_arn=session.issuer_arn,
            account_id=session.account_id,
            region=settings.region,
            endpoint_url=f"http://{_reachable(host)}:{settings.port}",
        )


def _reachable(host: str) -> str:
    """Give where this machine reaches an address that may mean all of its own."""
    return {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(host, host)  # noqa: S104  not bound
