"""What one worker serves, and how an update changes it: all of it or nothing.

Update ──► parts.apply ──► State ──► changed stages ──► Snapshot
                             └────► changed identities ──► Identities, which steps look into
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from bargate.model.installation import ServedStage
from bargate.snapshot.compile import Options, compile_snapshot
from bargate.snapshot.identities import CompiledIdentities
from bargate.snapshot.parts import StageDelta, apply

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bargate.access.key_directory import KeyDirectory
    from bargate.model.installation import Installation
    from bargate.snapshot.parts import IdentityPart, State, Update
    from bargate.snapshot.snapshot import Snapshot

# More endpoints than these in one update are compiled at their first call, which they delay by some
# 50 µs, instead of together, which would hold up all calls. The control plane compiled them before.
EAGER_ENDPOINTS = 200


class Served:
    """State, identities and snapshot of a worker."""

    def __init__(self, installation: Installation, keys: KeyDirectory, *, dev: bool) -> None:
        self._installation = structs.replace(installation, served=())
        self._keys = keys
        self._state: State = {}
        self._identities = CompiledIdentities()
        self._options = Options(identities=self._identities, eager_max=EAGER_ENDPOINTS, dev=dev)
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
        snapshot = self._compiled(state) if any(map(_is_stage, changed)) else self.snapshot
        self._change_identities(state, {name for name in changed if not _is_stage(name)})
        self._state, self.snapshot = state, snapshot

    def _compiled(self, state: State) -> Snapshot:
        stages = tuple(part for part in state.values() if isinstance(part, ServedStage))
        installation = structs.replace(self._installation, served=stages)
        return compile_snapshot(installation, self._keys, self.snapshot, self._options)

    def _change_identities(self, state: State, names: Iterable[str]) -> None:
        done = []
        try:
            for name in names:
                part = state.get(name)
                if part != self._state.get(name):
                    done.append(name)
                    self._identities.apply(name, _identity(part))
        except Exception:
            for name in done:
                self._identities.apply(name, _identity(self._state.get(name)))
            raise


def _is_stage(name: str) -> bool:
    return name.startswith("stage/")


def _identity(part: ServedStage | IdentityPart | None) -> IdentityPart | None:
    if isinstance(part, ServedStage | StageDelta):
        raise TypeError("a stage is not named as one")
    return part
