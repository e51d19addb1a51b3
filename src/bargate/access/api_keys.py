"""Where steps look up API keys and the plans they are on, without ever waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.ledger.counters import Bucket, Limit

# Account, region, API and stage: what a plan opens.
StageKey: TypeAlias = tuple[str, str, str, str]


class Admission(Struct, frozen=True, kw_only=True, eq=False):
    """A key that a plan of the stage holds, and what the plan allows it.

    `limits` hold for every call of the key; `methods` maps `/pets/GET` to the bucket that calls to
    one method have besides.
    """

    key_id: str
    plan_id: str
    plan_name: str
    limits: tuple[Limit, ...]
    methods: Mapping[str, Bucket]


class NotAdmitted(Struct, frozen=True):
    """Why a key opens nothing here: a reason code, and a sentence for the operator."""

    reason: str
    detail: str


class ApiKeys(Protocol):
    """API keys and usage plans in memory, replaced as the control plane says."""

    def admit(self, stage: StageKey, digest: str) -> Admission | NotAdmitted:
        """Give what the key with this digest (SHA-256, hex) of its value may do at a stage."""


UNKNOWN = NotAdmitted("api_key.unknown", "no API key on any usage plan has the value sent")


class NoApiKeys:
    """The keys of a gateway without a control plane: there are none."""

    def admit(self, stage: StageKey, digest: str) -> Admission | NotAdmitted:  # noqa: ARG002
        """Admit nobody."""
        return UNKNOWN
