"""Where steps look up the public keys of token issuers, without ever waiting."""

from typing import Protocol

from msgspec import Struct

from bargate.tokens.jwk import VerificationKey


class KeySource(Struct, frozen=True):
    """An issuer and where its key set is: `jwks_uri`, or None to ask OpenID Connect discovery."""

    issuer: str
    jwks_uri: str | None = None


class KeyDirectory(Protocol):
    """Key sets in memory, filled by whoever runs the steps.

    `generation` changes whenever any key set does, so that remembered results can be dropped.
    """

    generation: int

    def find(self, source: KeySource, kid: str | None) -> VerificationKey | None:
        """Give the key of `source` named `kid`, or None when it is not in memory."""

    def may_fetch(self, source: KeySource, now: float) -> bool:
        """Say whether fetching the key set again is allowed at `now` (seconds, epoch).

        At most once in 30 s per issuer, so that forged `kid`s cannot drive fetches without end
        (sooner while no key of the issuer is held at all); True while a fetch is under way, which
        further callers join.
        """

    def describe(self, source: KeySource) -> str:
        """Say in one line what is known of the key set: its kids, or the last failure."""
