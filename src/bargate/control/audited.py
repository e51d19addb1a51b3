"""The one hook of the audit log: what becomes an event of it, and what waits for it.

noted  every operation that writes, of every service; what users of pools do; every refusal for
       want of rights or proof; reads only with --audit-reads
kept   what succeeded, before it is answered; but for what is frequent (`Subject.is_frequent`)
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from bargate.audit.event import MAX_RESOURCE_CHARACTERS, OK, Claimed, Event, Subject, told
from bargate.audit.journal import Entry, LogUnavailable
from bargate.control.services import SERVICES
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bargate.audit.event import Attempt, SeriesName
    from bargate.audit.journal import Journal
    from bargate.control.authenticate import Signer
    from bargate.control.edge import Incoming
    from bargate.services.operation import Auditing, Operation, Params, Service
    from bargate.store.interface import Store
    from bargate.userpool.auth_events import AuthEvents

_ACCESS = frozenset({401, 403})
_KEY_ID = re.compile(r"[A-Z0-9]{16,128}", re.ASCII)
_MAX_AGENT = 200
# What tells a resource where no policy is asked (--dev): ids and names, never values.
_NAMES = (
    "ResourceArn", "UserPoolId", "restApiId", "ApiId", "FunctionName", "UserName", "RoleName",
    "GroupName", "RoleArn", "PolicyArn", "domainName", "DomainName", "CertificateArn", "usagePlanId", "apiKey",
)  # fmt: skip
# What tells what a call made: ids alone, at the top of its output or one member below.
_MADE = (
    "Arn", "FunctionArn", "CertificateArn", "Id", "id", "ApiId", "ClientId", "AccessKeyId",
    "AuthorizerId", "RouteId", "IntegrationId", "DeploymentId", "ClientSecretId",
)  # fmt: skip


class Seen:
    """What is known so far of a call that is under way."""

    def __init__(self, incoming: Incoming, request_id: str) -> None:
        self.incoming = incoming
        self.request_id = request_id
        self.service: Service | None = None
        self.operation: Operation | None = None
        self.name = ""
        self.key_id = ""
        self.signer: Signer | None = None
        self.params: Params = {}
        self.resource = ""


class Auditor:
    """Makes events of calls. Without a journal, as where there is no folder, it notes nothing."""

    def __init__(
        self,
        journal: Journal | None,
        store: Store,
        auth_events: AuthEvents | None,
        clock: Callable[[], datetime],
        *,
        reads: bool = False,
    ) -> None:
        self._journal = journal
        self._store = store
        self._auth_events = auth_events
        self._clock = clock
        self._reads = reads

    def check(self, seen: Seen) -> None:
        """Refuse what would be noted and cannot be; raises AwsError ServiceUnavailable."""
        if not _is_read(seen):
            self.check_attempt()

    async def done(self, seen: Seen, output: Params) -> None:
        """Note a call that succeeded; raises AwsError ServiceUnavailable if it cannot be noted."""
        if self._journal is None or (_is_read(seen) and not self._reads):
            return
        subject = _subject(seen, output)
        event, finish = self._event(seen, subject, OK, _made(seen.name, output))
        series = _series(seen, subject, is_ok=True)
        if subject.is_frequent or _is_read(seen):
            self._journal.note(Entry(series, event, finish))
        else:
            await _kept(self._journal, Entry(series, event, finish))

    def refused(self, seen: Seen, code: str, status: int | None) -> None:
        """Note a call that did not succeed."""
        is_access = status in _ACCESS or code == "NotAuthorizedException"
        if self._journal is None or (_is_read(seen) and not is_access and not self._reads):
            return
        subject = _subject(seen, None)
        event, finish = self._event(seen, subject, told(code))
        self._journal.note(Entry(_series(seen, subject, is_ok=False), event, finish))

    async def attempted(self, attempt: Attempt) -> None:
        """Note what was done without an operation; raises AwsError as `done` does."""
        if self._journal is None:
            return
        subject = attempt.subject
        event = Event(
            time=self._clock(),
            service=attempt.service,
            operation=attempt.operation,
            outcome=told(attempt.outcome),
            caller=told(attempt.caller),
            resource=told(attempt.resource, MAX_RESOURCE_CHARACTERS),
            pool_id=told(subject.pool_id),
            client_id=told(subject.client_id),
            user=told(subject.user),
            address=told(attempt.address),
        )
        finish = self._finish(_auditing_of(attempt), subject, event)
        entry = Entry(attempt.series, event, finish)
        if attempt.outcome != OK:
            self._journal.note(entry)
        else:
            await _kept(self._journal, entry)

    def check_attempt(self) -> None:
        """Refuse what would be noted and cannot be; raises AwsError ServiceUnavailable."""
        if self._journal is not None:
            try:
                self._journal.check()
            except LogUnavailable:
                raise _unavailable("Nothing was changed") from None

    def _event(
        self, seen: Seen, subject: Subject, outcome: str, made: str = ""
    ) -> tuple[Event, Callable[[Event], Event] | None]:
        caller = None if seen.signer is None else seen.signer.caller
        caller_arn = "" if caller is None else told(caller.arn, MAX_RESOURCE_CHARACTERS)
        resource = seen.resource or (_named(seen.params) if caller_arn else "")
        headers = seen.incoming.request.headers
        event = Event(
            time=self._clock(),
            service="" if seen.service is None else seen.service.name,
            operation=seen.name,
            outcome=outcome,
            request_id=seen.request_id,
            account_id="" if caller is None else caller.account_id,
            region=seen.signer.region if seen.signer is not None and caller_arn else "",
            caller=caller_arn,
            access_key_id=seen.key_id,
            resource=told(resource, MAX_RESOURCE_CHARACTERS),
            made=made,
            pool_id=subject.pool_id,
            client_id=subject.client_id,
            sub=subject.sub,
            user=subject.user,
            answered=subject.answered,
            posed=subject.posed,
            address=told(seen.incoming.source_ip),
            claimed=Claimed(
                address=subject.claimed_address,
                agent=told(headers.get("user-agent", ""), _MAX_AGENT),
                sub=subject.claimed_sub,
            ),
        )
        auditing = None if seen.service is None else seen.service.auditing
        return event, self._finish(auditing, subject, event)

    def _finish(
        self, auditing: Auditing | None, subject: Subject, event: Event
    ) -> Callable[[Event], Event] | None:
        """Give what looks the user up, beside the loop; None where there is nothing to look up."""
        is_known = subject.is_refresh and event.sub and event.pool_id
        if auditing is None or is_known or not (event.pool_id or event.client_id):
            return None
        loop, auth_events = asyncio.get_running_loop(), self._auth_events

        def finish(event: Event) -> Event:
            event, own = self._store.read(lambda tx: auditing.complete(tx, event, subject))
            if own is not None and auth_events is not None:
                loop.call_soon_threadsafe(auth_events.add, own)
            return event

        return finish


def claimed_key_id(key_id: str) -> str:
    """Give the id of an access key as somebody claims it; what is no such id is not repeated."""
    return key_id if _KEY_ID.fullmatch(key_id) else ""


def _auditing_of(attempt: Attempt) -> Auditing | None:
    """Give what completes an attempt; a service is imported when it is first needed."""
    return SERVICES[attempt.service].auditing if attempt.service in SERVICES else None


def _is_read(seen: Seen) -> bool:
    if seen.operation is None or seen.service is None:
        return True
    if seen.operation.writes:
        return False
    return seen.service.auditing is None or seen.service.auditing.is_read(seen.name)


def _series(seen: Seen, subject: Subject, *, is_ok: bool) -> SeriesName:
    """Give where an event goes: nobody may push out what those who proved more have done."""
    if subject.is_refresh and is_ok:
        return "refreshes"
    if seen.signer is not None and seen.signer.caller.arn:
        return "changes"
    return "users" if is_ok else "refused"


def _subject(seen: Seen, output: Params | None) -> Subject:
    if seen.service is None or seen.service.auditing is None:
        return Subject()
    return seen.service.auditing.subject(seen.name, seen.params, output)


def _named(params: Params) -> str:
    return _first(params, _NAMES)


def _made(name: str, output: Params) -> str:
    if not name.startswith(("Create", "Import", "Add")):
        return ""
    inner = [value for value in output.values() if isinstance(value, dict)]
    found = [_first(each, _MADE) for each in (output, *inner)]
    return told(next((each for each in found if each), ""), MAX_RESOURCE_CHARACTERS)


def _first(given: Params, names: tuple[str, ...]) -> str:
    return next((given[name] for name in names if isinstance(given.get(name), str)), "")


async def _kept(journal: Journal, entry: Entry) -> None:
    """Write what is done; raises AwsError ServiceUnavailable if it cannot be written yet."""
    try:
        await journal.keep(entry.series, entry.event, entry.complete)
    except LogUnavailable:
        raise _unavailable("It was done, but is not in the audit log yet") from None


def _unavailable(what: str) -> AwsError:
    message = f"{what}: the audit log cannot be written; the log of the control process says why."
    return AwsError("ServiceUnavailable", message, 503)
