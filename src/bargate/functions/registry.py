"""What the host knows: functions by ARN, roles, and the keys that seal credentials.

Know ──► Registry ──find──► Found(function, version) | None
              └──► roles, sealer
"""

from __future__ import annotations

import asyncio
import random
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from bargate.model.function import LATEST, UNQUALIFIED, Function, ZipCode
from bargate.model.identity import Role
from bargate.snapshot.principals import Policies
from bargate.tokens.sealed import Sealer
from bargate.tokens.session import SealingKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bargate.model.function import Alias, FunctionVersion
    from bargate.snapshot.parts import Update

REVISION_WAIT_S = 2.0
# AWS [M] lambda FunctionName and Qualifier, in the form of an ARN alone.
_ARN = re.compile(
    r"arn:aws[a-z-]*:lambda:[a-z0-9-]{1,32}:\d{12}:function:[A-Za-z0-9-_]{1,64}"
    r"(?::(\$LATEST|[A-Za-z0-9-_]{1,128}))?",
    re.ASCII,
)


class Found(Struct, frozen=True, eq=False):
    """What an ARN means now; `qualifier` is `UNQUALIFIED` when it has none."""

    function: Function
    version: FunctionVersion
    qualifier: str

    @property
    def arn(self) -> str:
        """The ARN as it was asked for."""
        return f"{self.function.arn}:{self.qualifier}" if self.qualifier else self.function.arn


class Registry:
    """Functions, roles and sealing keys; changed between two invocations.

    `draw` gives a number from 0 up to 1, for aliases that share their calls out.
    """

    def __init__(self, draw: Callable[[], float] = random.random) -> None:
        self._draw = draw
        self.functions: dict[str, Function] = {}  # by ARN
        self.roles: dict[str, Policies] = {}  # by ARN
        self.sealer = Sealer(())
        self._reserved: dict[tuple[str, str], int] = {}
        self._sealing: dict[str, SealingKey] = {}  # by name of their part
        self._arns: dict[str, str] = {}  # of functions, by name of their part
        self._changed = asyncio.Event()

    def take(self, update: Update) -> None:
        """Work by what an update says from now on; parts of other kinds are passed over."""
        if update.whole:
            self.functions, self.roles, self._arns, self._sealing = {}, {}, {}, {}
        for name in update.gone:
            self._remove(name)
        for name, part in update.put.items():
            match part:
                case Function():
                    self._remove(name)
                    self.functions[part.arn] = part
                    self._arns[name] = part.arn
                case Role():
                    self.roles[part.arn] = Policies(part)
                case SealingKey():
                    self._sealing[name] = part
                case _:
                    pass
        self.sealer = Sealer(tuple(self._sealing.values()))
        self._reserved = _reserved(self.functions.values())
        self._changed.set()
        self._changed = asyncio.Event()

    def _remove(self, name: str) -> None:
        kind, _, key = name.partition("/")
        match kind:
            case "function":
                self.functions.pop(self._arns.pop(name, ""), None)
            case "role":
                self.roles.pop(key, None)
            case "sealing":
                self._sealing.pop(name, None)

    def find(self, arn: str) -> Found | None:
        """Give what an ARN means: an alias that shares calls out is drawn for."""
        matched = _ARN.fullmatch(arn)
        if matched is None:
            return None
        qualifier = matched[1] or UNQUALIFIED
        function = self.functions.get(arn.removesuffix(f":{qualifier}") if qualifier else arn)
        if function is None:
            return None
        version = _version_of(function, qualifier or LATEST, self._draw)
        return None if version is None else Found(function, version, qualifier)

    async def find_revision(self, arn: str, revision_id: str) -> Found | None:
        """Wait until a revision is there, which was stored just now; then give what is there.

        A revision that does not come in time was followed by another one, or is gone. [I]
        """
        try:
            async with asyncio.timeout(REVISION_WAIT_S):
                while not self._has(arn, revision_id):
                    await self._changed.wait()
        except TimeoutError:
            pass
        return self.find(arn)

    def _has(self, arn: str, revision_id: str) -> bool:
        found = self.find(arn)
        return found is not None and any(
            version.revision_id == revision_id for version in found.function.versions
        )

    def reserved(self, account_id: str, region: str) -> int:
        """Give the concurrency that functions of an account and region have reserved together."""
        return self._reserved.get((account_id, region), 0)

    def current(self, function_arn: str, version: str) -> FunctionVersion | None:
        """Give a version as it is now, None when there is none."""
        function = self.functions.get(function_arn)
        return None if function is None else _numbered(function, version)

    def digests(self) -> set[str]:
        """Give the digests of all packages that versions run."""
        codes = (each.code for function in self.functions.values() for each in function.versions)
        return {code.sha256.lower() for code in codes if isinstance(code, ZipCode)}


def _version_of(
    function: Function, qualifier: str, draw: Callable[[], float]
) -> FunctionVersion | None:
    for alias in function.aliases:
        if alias.name == qualifier:
            return _numbered(function, _drawn(alias, draw()))
    return _numbered(function, qualifier)


def _numbered(function: Function, version: str) -> FunctionVersion | None:
    return next((each for each in function.versions if each.version == version), None)


def _drawn(alias: Alias, drawn: float) -> str:
    """Share calls out by weight; what no weight takes is of the alias's own version."""
    for version, weight in alias.weights.items():
        if drawn < weight:
            return version
        drawn -= weight
    return alias.version


def _reserved(functions: Iterable[Function]) -> dict[tuple[str, str], int]:
    reserved: dict[tuple[str, str], int] = {}
    for each in functions:
        place = (each.account_id, each.region)
        reserved[place] = reserved.get(place, 0) + (each.reserved_concurrency or 0)
    return reserved
