"""What users of pools with threat protection did, kept in the store a group at a time.

    audit log ──► auth_event ──► AuthEvents.add ──► every half second: one transaction

A sign-in waits for none of it. A user keeps the newest 500; all of them are in the audit log.
"""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from bargate.audit.event import OK
from bargate.records.pool_auth_event import (
    POOL_AUTH_EVENT,
    AnsweredChallenge,
    EventResponse,
    EventType,
    PoolAuthEvent,
)
from bargate.records.pool_user import POOL_USER
from bargate.store.interface import StoreBusy, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bargate.audit.event import Event, Subject
    from bargate.records.user_pool import UserPool
    from bargate.store.interface import Store, Transaction

MAX_KEPT: Final = 500
MAX_WAITING: Final = 10_000
_SLACK: Final = 50
_EVERY_S: Final = 0.5
_LAST: Final = 10**19
_SIGN_IN: Final = frozenset(
    {
        "InitiateAuth",
        "AdminInitiateAuth",
        "RespondToAuthChallenge",
        "AdminRespondToAuthChallenge",
    }
)
_OTHERS: Final[dict[str, EventType]] = {
    "SignUp": "SignUp",
    "ConfirmSignUp": "SignUp",
    "ForgotPassword": "ForgotPassword",
    "ConfirmForgotPassword": "ForgotPassword",
    "ChangePassword": "PasswordChange",
    "ResendConfirmationCode": "ResendCode",
}
# What goes on with another call. [I]: AWS says no more than the names of the responses.
_BEGINS: Final = frozenset({"SignUp", "ForgotPassword"})
# What a client did wrong says nothing of the user.
_NO_EVENT: Final = frozenset({"InvalidParameterException", "ServiceUnavailable"})
_PASSWORDS: Final = frozenset(
    {
        "USER_PASSWORD_AUTH", "ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH", "PASSWORD",
        "PASSWORD_VERIFIER", "NEW_PASSWORD_REQUIRED",
    }
)  # fmt: skip
_SECOND: Final = frozenset({"SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP", "SMS_OTP", "MFA_SETUP"})
_BROWSERS: Final = (
    ("Edge", re.compile(r"Edg(?:A|iOS)?/(\d{1,6})")),
    ("Firefox", re.compile(r"(?:Firefox|FxiOS)/(\d{1,6})")),
    ("Chrome", re.compile(r"(?:Chrome|CriOS)/(\d{1,6})")),
    ("Safari", re.compile(r"Version/(\d{1,6})[^ ]* (?:Mobile/\w{1,16} )?Safari/")),
    ("Boto3", re.compile(r"Boto3/(\d{1,6})")),
)
_SYSTEMS: Final = (
    ("Windows", "Windows"),
    ("iOS", "iPhone"),
    ("iOS", "iPad"),
    ("Android", "Android"),
    ("Mac OS X", "Mac OS X"),
    ("Linux", "Linux"),
    ("Linux", "os/linux"),
)

_log = logging.getLogger("bargate.userpool")


def is_watched(pool: UserPool) -> bool:
    """Say whether threat protection is on: AWS [D] tells of events of no other pool."""
    settings = pool.stored.get("UserPoolAddOns") or {}
    return settings.get("AdvancedSecurityMode") in ("AUDIT", "ENFORCED")


def auth_event(event: Event, subject: Subject) -> PoolAuthEvent | None:
    """Give what a user is told of an event of the audit log, None where it is no such event."""
    kind = "SignIn" if event.operation in _SIGN_IN else _OTHERS.get(event.operation)
    is_ok = event.outcome == OK
    is_nothing = is_ok and event.posed and not _challenges(event)
    if kind is None or subject.is_refresh or event.outcome in _NO_EVENT or is_nothing:
        return None
    id_ = subject.event_id or str(uuid4())
    return PoolAuthEvent(
        pool_id=event.pool_id,
        sub=event.sub,
        order=f"{_LAST - int(event.time.timestamp() * 1_000_000_000):020d}-{id_}",
        id=id_,
        type=kind,
        response=_response(event),
        at=event.time,
        challenges=_challenges(event),
        ip_address=event.claimed.address or event.address,
        device_name=device_name(event.claimed.agent),
    )


def device_name(agent: str) -> str:
    """Give browser and system of a User-Agent header as AWS writes them [O]: `Chrome 126, Linux`."""
    browser = next(
        (f"{name} {found[1]}" for name, form in _BROWSERS if (found := form.search(agent))),
        "Other",
    )
    system = next((name for name, mark in _SYSTEMS if mark in agent), "Other")
    return f"{browser}, {system}"


def _response(event: Event) -> EventResponse:
    if event.outcome != OK:
        return "Fail"
    return "InProgress" if event.posed or event.operation in _BEGINS else "Pass"


def _challenges(event: Event) -> tuple[AnsweredChallenge, ...]:
    is_right = event.outcome == OK
    if event.answered in _PASSWORDS:
        return (AnsweredChallenge(name="Password", is_right=is_right),)
    if event.answered in _SECOND:
        return (AnsweredChallenge(name="Mfa", is_right=is_right),)
    return ()


class AuthEvents:
    """Events that wait to be stored; of one event loop. What finds no room is only in the log."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[PoolAuthEvent] = []
        self._task: asyncio.Task[None] | None = None

    def add(self, event: PoolAuthEvent) -> None:
        """Take an event."""
        if len(self._waiting) >= MAX_WAITING:
            return
        self._waiting.append(event)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._store_soon())

    async def close(self) -> None:
        """Store what waits, and end."""
        if self._task is not None:
            self._task.cancel()
        await self._settle()

    async def _settle(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        try:
            await self._store.submit(lambda tx: _put(tx, waiting))
        except (StoreBusy, StoreUnavailable) as error:
            _log.warning("%d events of users are in the audit log alone: %s", len(waiting), error)

    async def _store_soon(self) -> None:
        while self._waiting:
            await asyncio.sleep(_EVERY_S)
            await self._settle()


def _put(tx: Transaction, events: Sequence[PoolAuthEvent]) -> None:
    touched = set()
    for event in events:
        owner = (event.pool_id, event.sub)
        if tx.find(POOL_USER, owner) is None:  # deleted meanwhile, with their events
            continue
        tx.create(POOL_AUTH_EVENT, event)
        touched.add(owner)
    for owner in touched:
        if tx.count(POOL_AUTH_EVENT, owner) >= MAX_KEPT + _SLACK:
            for old in tx.list(POOL_AUTH_EVENT, owner)[MAX_KEPT:]:
                tx.delete(POOL_AUTH_EVENT, POOL_AUTH_EVENT.key_of(old))
