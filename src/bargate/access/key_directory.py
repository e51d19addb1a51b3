"""Where steps look up the public keys of token issuers, without ever waiting."""

from collections.abc import Mapping
from typing import Any, Protocol

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

    @property
    def generation(self) -> int:
        """A number that never comes back."""

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

    def issuer_of(self, pool_arn: str) -> str | None:
        """Give the issuer of a user pool of this installation, None for any other ARN.

        Another answer comes with another `generation`.
        """

    def is_ended(self, issuer: str, claims: Mapping[str, Any]) -> bool:
        """Say whether a verified token of an issuer here was ended before its time."""
