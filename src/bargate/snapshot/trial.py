"""Compile a stage on trial, before it is stored: what cannot be enforced is refused when written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from bargate.model.installation import Installation
from bargate.snapshot.stage import Surroundings, compile_stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.access.key_directory import KeySource
    from bargate.model.installation import ServedStage
    from bargate.tokens.jwk import VerificationKey


class NoKeys:
    """The key directory of a trial: steps are compiled and never run."""

    generation = 0

    def find(self, source: KeySource, kid: str | None) -> VerificationKey | None:  # noqa: ARG002
        """Know no key."""
        return None

    def may_fetch(self, source: KeySource, now: float) -> bool:  # noqa: ARG002
        """Let nothing be fetched."""
        return False

    def describe(self, source: KeySource) -> str:  # noqa: ARG002
        """Say that nothing is known."""
        return "no key set is known"

    def issuer_of(self, pool_arn: str) -> str | None:  # noqa: ARG002
        """Know no user pool."""
        return None

    def is_ended(self, issuer: str, claims: Mapping[str, object]) -> bool:  # noqa: ARG002
        """Know of no token that was ended."""
        return False


def try_stage(served: ServedStage, previous: ServedStage | None = None) -> None:
    """Compile a stage, and its canary, for nothing; raises InvalidConfiguration.

    What is as in `previous`, which compiled before, is not compiled again.
    """
    around = Surroundings(Installation(), NoKeys())
    former = None
    if previous is not None:
        # Nothing of it is compiled: its slots are there to see which methods are the same.
        former = compile_stage(previous, structs.replace(around, eager_max=0))
    compile_stage(served, around, former)
