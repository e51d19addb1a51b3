"""Where hosts and paths lead in one snapshot, remembered: clients ask for the same few again.

    host, path, door ──► Places.find ──► Place (stage, resource path) ──► match(method) ──► Match
                       └── at first: Snapshot.resolve                  └── at first: Router.match

INVARIANT: both look-ups have one answer as long as the snapshot is served, as it is immutable; where
chance has a say (a canary), or where nothing was found, nothing is remembered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.access.arrival import DIRECT
from bargate.snapshot.compiled import Unresolved

if TYPE_CHECKING:
    from bargate.access.arrival import Arrival
    from bargate.access.call import Call
    from bargate.gateway.serving import Snapshot
    from bargate.snapshot.compiled import CompiledStage
    from bargate.snapshot.router import Match
    from bargate.snapshot.snapshot import DomainMatch

MAX_PLACES = 4096
MAX_PATH_CHARACTERS = 256


class Place:
    """A stage, a path below it and the domain name that led there; remembers the last method's match."""

    __slots__ = ("_matched", "_method", "domain", "path", "stage")

    def __init__(self, stage: CompiledStage, path: str, domain: DomainMatch | None = None) -> None:
        self.stage = stage
        self.path = path
        self.domain = domain
        self._method = ""
        self._matched: Match | None = None

    def tell(self, call: Call) -> None:
        """Let a call know where it is."""
        call.resource_path = self.path
        if self.domain is not None:
            call.domain_name, call.base_path = self.domain.domain_name, self.domain.base_path

    def match(self, method: str) -> Match | None:
        """Give what answers `method`; raises as `Router.match` does."""
        if method == self._method:
            return self._matched
        matched = self.stage.router.match(method, self.path)
        self._method, self._matched = method, matched
        return matched


class Places:
    """The places asked for in one snapshot, of which a bounded number is remembered."""

    __slots__ = ("_places", "_snapshot")

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._places: dict[tuple[bytes | None, str, str], Place] = {}

    def find(self, host: bytes | None, path: str, arrival: Arrival = DIRECT) -> Place | Unresolved:
        """Give the place of a request, see `Snapshot.resolve`."""
        key = (host, path, arrival.name)
        known = self._places.get(key)
        if known is not None:
            return known
        found = self._snapshot.resolve(host, path, arrival)
        if isinstance(found, Unresolved):
            return found
        place = Place(*found, self._snapshot.domain_of(host, path))
        # The stage is in either of the two when calls are split between it and its canary.
        is_split = place.stage.canary is not None or place.stage.is_canary is not None
        if not is_split and place.path and len(path) <= MAX_PATH_CHARACTERS:
            if len(self._places) >= MAX_PLACES:
                self._places.clear()
            self._places[key] = place
        return place
