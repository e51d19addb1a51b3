"""The local socket on which the control process gives credentials of roles to workloads.

    Question ──► assume_as_service (ecs-tasks.amazonaws.com) ──► Session ──seal──► Given

Whoever may enter the run directory owns the installation; the role must still trust ECS tasks, so
that none is used this way that was not meant to be.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from bargate.gateway.questions import UnsafeFolder, make_private
from bargate.identity.assume_as_service import Asked, NotAssumable, assume_as_service
from bargate.identity.find import role_named
from bargate.secret import Secret
from bargate.store.interface import StoreBusy, StoreUnavailable
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

    from bargate.settings import ControlSettings
    from bargate.store.interface import Store, Transaction
    from bargate.tokens.sealed import Sealer
    from bargate.tokens.session import Session

SERVICE = "ecs-tasks.amazonaws.com"
MAX_CONNECTIONS = 64
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)  # AWS [M] sts RoleSessionName

_log = logging.getLogger("bargate.control")


class CredentialsSocket:
    """Listens in `folder`; what it gives is decided by the store as it is then."""

    def __init__(
        self,
        store: Store,
        sealer: Sealer,
        settings: ControlSettings,
        folder: Path,
    ) -> None:
        self._store = store
        self._sealer = sealer
        self._settings = settings
        self._path = folder / socket_name(settings.port)
        self._server: asyncio.Server | None = None
        self._connections = 0

    async def start(self) -> None:
        """Listen; an installation serves without it too, and says so."""
        try:
            make_private(self._path.parent)
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()
            self._server = await asyncio.start_unix_server(
                self._serve, str(self._path), limit=MAX_QUESTION_BYTES
            )
            self._path.chmod(0o600)
        except (OSError, UnsafeFolder) as error:
            _log.warning("`bargate run` will not find this installation: %s", error)

    def stop(self) -> None:
        """Stop listening and remove the socket."""
        if self._server is not None:
            self._server.close()
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        try:
            if self._connections <= MAX_CONNECTIONS:
                async with asyncio.timeout(TIMEOUT_S):
                    answer = await self._answer(decode_question(await reader.readline()))
                    writer.write(encode(answer) + b"\n")
                    await writer.drain()
        except (TimeoutError, ConnectionError, ValueError, msgspec.DecodeError):
            pass  # whoever asked is gone, too slow, or asked nothing that can be asked
        finally:
            self._connections -= 1
            writer.close()

    async def _answer(self, question: Question) -> Given | Refused:
        now = datetime.now(UTC)
        try:
            session = await self._store.submit(lambda tx: self._session(tx, question, now))
        except NotAssumable as refused:
            _log.info("a workload was refused the role %r: %s", question.role[:128], refused)
            return Refused(str(refused))
        except (StoreBusy, StoreUnavailable) as error:
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
