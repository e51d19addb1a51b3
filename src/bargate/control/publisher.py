"""From what was stored to what workers serve: recomputes the parts that a commit concerns.

    store ──commit──► changes ──► subjects ──► Update ──► supervisor ──► workers
                                      │
                                      └──► the control plane's own identities, at once

Commits that come while an update is under way are merged into the next one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from bargate.control.parts import Place, all_parts, concerned, part_of
from bargate.model.installation import ServedStage
from bargate.snapshot.parts import Update, difference, part_name

if TYPE_CHECKING:
    from bargate.control.parts import Subject
    from bargate.gateway.served import Directory
    from bargate.snapshot.parts import Part
    from bargate.store.interface import Change, Reader, Store

# Hands an update over; gives what the workers have against it.
Deliver = Callable[[Update], Awaitable[str | None]]

_log = logging.getLogger("bargate.control")


class _Sent(Struct, frozen=True):
    """The name of a part that workers have, and the stage if it is one."""

    name: str
    stage: ServedStage | None


class Publisher:
    """Publishes every committed change, in order; `version` is that of the last update sent.

    `place` is what stands in parts, but in no record.
    """

    def __init__(
        self,
        store: Store,
        identities: Directory,
        deliver: Deliver,
        version: int,
        place: Place | None = None,
    ) -> None:
        self._store = store
        self._identities = identities
        self._deliver = deliver
        self.version = version
        self._place = place or Place()
        self._sent: dict[Subject, _Sent] = {}
        self._known: dict[Subject, str] = {}  # names of what `identities` holds
        self._due: set[Subject] = set()
        self._wake = asyncio.Event()
        # One at a time: what is sent is told from what was sent before.
        self._sending = asyncio.Lock()
        self._is_sent = asyncio.Event()  # set once what is due now was sent

    async def publish_everything(self) -> None:
        """Send all that is stored, in place of whatever the workers have."""
        async with self._sending:
            await self._send_everything()

    async def _send_everything(self) -> None:
        there = self._store.read(lambda tx: all_parts(tx, self._place))
        names = {subject: part_name(part) for subject, part in there.items()}
        put = {names[subject]: part for subject, part in there.items()}
        for gone in set(self._known.values()) - put.keys():
            self._identities.apply(gone, None)
        for name, each in put.items():
            self._identities.apply(name, each)
        self._known = {subject: name for subject, name in names.items() if not subject.is_stage}
        self._sent.clear()
        self.version += 1
        error = await self._deliver(Update(version=self.version, whole=True, put=put))
        if error is None:
            for subject, part in there.items():
                self._remember(subject, part)
            return
        _log.error("not all that is stored can be served: %s", error)
        await self._send_one_by_one(there)

    async def _send_one_by_one(self, parts: dict[Subject, Part]) -> None:
        """Begin with nothing and add what workers take, so that one part holds up none."""
        self.version += 1
        error = await self._deliver(Update(version=self.version, whole=True))
        if error is not None:
            _log.error("nothing of what is stored is served: %s", error)
            return
        for subject, part in parts.items():
            error = await self._try({subject: part})
            if error is not None:
                _log.error("%s %s is not served: %s", subject.kind, "/".join(subject.key), error)

    def committed(self, changes: frozenset[Change]) -> None:
        """Take note of a commit: this process decides by it at once, the workers soon."""
        due = self._store.read(lambda tx: set(concerned(tx, changes)))
        if not due:
            return
        people = [subject for subject in due if not subject.is_stage]
        self._decide_by(self._store.read(lambda tx: self._parts(tx, people)))
        self._due |= due
        self._wake.set()

    async def run(self) -> None:
        """Send what is due, for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            due, self._due = self._due, set()
            is_sent, self._is_sent = self._is_sent, asyncio.Event()
            async with self._sending:
                await self._send(due)
            is_sent.set()

    async def caught_up(self) -> None:
        """Wait until everything committed so far was sent, and taken or refused."""
        if self._due:
            await self._is_sent.wait()
        else:
            async with self._sending:  # the last of it may be under way
                return

    def _decide_by(self, parts: dict[Subject, Part | None]) -> None:
        """Let the control plane's own decisions follow."""
        for subject in parts:
            old = self._known.pop(subject, None)
            if old is not None:
                self._identities.apply(old, None)
        # Only now: two users may have changed names.
        for subject, part in parts.items():
            if part is not None:
                self._known[subject] = part_name(part)
                self._identities.apply(self._known[subject], part)

    async def _send(self, due: Iterable[Subject]) -> None:
        """Send parts together; if workers refuse them, one by one, so that one holds up none."""
        parts = self._store.read(lambda tx: self._parts(tx, due))
        error = await self._try(parts)
        if error is None:
            return
        for subject, part in parts.items():
            error = await self._try({subject: part}) if len(parts) > 1 else error
            if error is not None:
                where = "/".join(subject.key)
                _log.error("%s %s is served as before: %s", subject.kind, where, error)

    async def _try(self, parts: dict[Subject, Part | None]) -> str | None:
        put: dict[str, Part] = {}
        gone: list[str] = []
        for subject, part in parts.items():
            sent = self._sent.get(subject)
            name = None if part is None else part_name(part)
            if sent is not None and sent.name != name and not self._is_taken(sent.name, subject):
                gone.append(sent.name)
            if part is not None and name is not None:
                put[name] = _step(sent, part)
        self.version += 1
        update = Update(version=self.version, put=put, gone=tuple(gone))
        error = await self._deliver(update)
        if error is None:
            for subject, part in parts.items():
                self._remember(subject, part)
        return error

    def _parts(self, tx: Reader, subjects: Iterable[Subject]) -> dict[Subject, Part | None]:
        return {subject: part_of(tx, subject, self._place) for subject in subjects}

    def _is_taken(self, name: str, subject: Subject) -> bool:
        """Say whether another subject has come to the name, as when two users change names."""
        return any(each.name == name for other, each in self._sent.items() if other != subject)

    def _remember(self, subject: Subject, part: Part | None) -> None:
        if part is None:
            self._sent.pop(subject, None)
        else:
            stage = part if isinstance(part, ServedStage) else None
            self._sent[subject] = _Sent(part_name(part), stage)


def _step(sent: _Sent | None, part: Part) -> Part:
    """Give what must travel for workers that have `sent` to come to `part`."""
    if sent is None or sent.stage is None or not isinstance(part, ServedStage):
        return part
    return difference(sent.stage, part)
