"""What one worker serves, and how an update changes it: all of it or nothing.

Update ──► parts.apply ──► State ──► changed stages ──► Snapshot
                             └────► other changed parts ──► directories, which steps look into
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import structs

from bargate.gateway.arrivals import Endpoints
from bargate.gateway.pool_keys import PoolKeyDirectory
from bargate.gateway.upstream.client_certificates import ClientCertificates
from bargate.model.domain_name import DomainName
from bargate.model.installation import ServedStage
from bargate.snapshot.api_keys import CompiledApiKeys
from bargate.snapshot.compile import Options, compile_snapshot
from bargate.snapshot.identities import CompiledIdentities
from bargate.snapshot.parts import StageDelta, apply

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bargate.access.key_directory import KeyDirectory
    from bargate.model.installation import Installation
    from bargate.snapshot.parts import DirectoryPart, IdentityPart, State, Update
    from bargate.snapshot.snapshot import Snapshot

# More endpoints than these in one update are compiled at their first call, which they delay by some
# 50 µs, instead of together, which would hold up all calls. The control plane compiled them before.
EAGER_ENDPOINTS = 200


class Directory(Protocol):
    """What steps look things up in, changed part by part between two calls."""

    def apply(self, name: str, part: object | None) -> None:
        """Take over a part by its name, None when it is gone. Raises InvalidConfiguration."""


class Served:
    """State, directories and snapshot of a worker."""

    def __init__(self, installation: Installation, keys: KeyDirectory, *, dev: bool) -> None:
        self._installation = structs.replace(installation, served=(), domains=())
        self._keys = keys
        self._state: State = {}
        identities = CompiledIdentities()
        # By the kinds of parts that each is told of.
        api_keys = CompiledApiKeys()
        self._directories: dict[str, Directory] = {
            **dict.fromkeys(("key", "user", "role", "sealing"), identities),
            **dict.fromkeys(("api_key", "plan"), api_keys),
        }
        if isinstance(keys, PoolKeyDirectory):
            self._directories |= dict.fromkeys(("user_pool", "ended_tokens"), keys)
        self._options = Options(
            identities=identities, api_keys=api_keys, eager_max=EAGER_ENDPOINTS, dev=dev
        )
        self.certificates = self._directories["client_certificate"] = ClientCertificates()
        self.endpoints = self._directories["vpc_endpoint"] = Endpoints()
        self.snapshot: Snapshot = compile_snapshot(self._installation, keys, options=self._options)

    def take(self, updates: Sequence[Update]) -> None:
        """Serve from now on what the updates lead to, one after the other.

        Raises StaleBase or InvalidConfiguration; all is then as before.
        """
        state, names = self._state, set[str]()
        for update in updates:
            names.update(update.put, update.gone, state if update.whole else ())
            state = apply(state, update)
        changed = {name for name in names if state.get(name) is not self._state.get(name)}
        snapshot = self._compiled(state) if any(map(_is_routed, changed)) else self.snapshot
        self._change_directories(state, {name for name in changed if not _is_stage(name)})
        self._state, self.snapshot = state, snapshot

    def _compiled(self, state: State) -> Snapshot:
        stages = tuple(part for part in state.values() if isinstance(part, ServedStage))
        domains = tuple(part for part in state.values() if isinstance(part, DomainName))
        installation = structs.replace(self._installation, served=stages, domains=domains)
        return compile_snapshot(installation, self._keys, self.snapshot, self._options)

    def _change_directories(self, state: State, names: Iterable[str]) -> None:
        done = []
        try:
            for name in names:
                part = state.get(name)
                if part != self._state.get(name):
                    done.append(name)
                    self._apply(name, _no_stage(part))
        except Exception:
            for name in done:
                self._apply(name, _no_stage(self._state.get(name)))
            raise

    def _apply(self, name: str, part: IdentityPart | DirectoryPart | None) -> None:
        directory = self._directories.get(name.partition("/")[0])
        if directory is not None:
            directory.apply(name, part)


def _is_stage(name: str) -> bool:
    return name.startswith("stage/")


def _is_routed(name: str) -> bool:
    return name.startswith(("stage/", "domain/"))


def _no_stage(
    part: ServedStage | IdentityPart | DirectoryPart | None,
) -> IdentityPart | DirectoryPart | None:
    if isinstance(part, ServedStage | StageDelta):
        raise TypeError("a stage is not named as one")
    return part
