"""What a trigger is called by, and what its function may answer."""

from __future__ import annotations

from msgspec import Struct


class Nothing(Struct, frozen=True):
    """The answer of a trigger from which nothing is read."""


class TriggerShape(Struct, frozen=True, kw_only=True):
    """A trigger: its name in LambdaConfig, its trigger sources, and the shape of its response."""

    name: str
    sources: frozenset[str]
    response: type[Struct] = Nothing
