"""What workers are sent, part by part: stages, access keys, users, roles and sealing keys.

    control plane ──► Update (put, gone) ──► apply ──► State, the same in supervisor and workers

Parts are named by strings whose first segment is their kind, see `part_name`. Updates are applied
strictly in their order: a delta is of the version before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct

from bargate.model.client_certificate import ClientCertificate
from bargate.model.domain_name import DomainName
from bargate.model.function import Function
from bargate.model.identity import AccessKey, Role, User
from bargate.model.installation import ServedStage
from bargate.model.network import VpcEndpoint
from bargate.model.usage_plan import ApiKey, UsagePlan
from bargate.model.user_pool import EndedTokens, PublishedPool
from bargate.snapshot.delta import StageDelta, StaleBase, difference, merge
from bargate.tokens.session import SealingKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from bargate.model.installation import Installation

__all__ = [
    "DirectoryPart",
    "IdentityPart",
    "Part",
    "StageDelta",
    "StaleBase",
    "State",
    "Update",
    "apply",
    "difference",
    "part_name",
    "split",
    "state_of",
]

IdentityPart: TypeAlias = AccessKey | User | Role | SealingKey
# What a directory of a worker is told of, besides identities.
DirectoryPart: TypeAlias = (
    ApiKey
    | UsagePlan
    | VpcEndpoint
    | DomainName
    | ClientCertificate
    | Function
    | PublishedPool
    | EndedTokens
)
Part: TypeAlias = ServedStage | StageDelta | IdentityPart | DirectoryPart
# What is served, by name; whole stages, never deltas.
State: TypeAlias = "dict[str, ServedStage | IdentityPart | DirectoryPart]"


class Update(Struct, frozen=True, kw_only=True):
    """One step from a state to the next. `whole` says that `put` is all there is."""

    version: int
    whole: bool = False
    put: dict[str, Part] = {}
    gone: tuple[str, ...] = ()


def part_name(part: Part) -> str:
    """Name a part by its kind and what is unique to it."""
    if isinstance(part, StageDelta):
        raise TypeError("a delta is named as the stage it is of")
    kind, key_of = _NAMES[type(part)]
    return "/".join((kind, *key_of(part)))


_NAMES: dict[type, tuple[str, Callable[[Any], tuple[str, ...]]]] = {
    ServedStage: ("stage", lambda stage: (stage.api.id, stage.stage.name)),
    AccessKey: ("key", lambda key: (key.id,)),
    User: ("user", lambda user: (user.arn,)),
    Role: ("role", lambda role: (role.arn,)),
    SealingKey: ("sealing", lambda key: (key.id,)),
    ApiKey: ("api_key", lambda key: (key.account_id, key.region, key.id)),
    UsagePlan: ("plan", lambda plan: (plan.account_id, plan.region, plan.id)),
    VpcEndpoint: ("vpc_endpoint", lambda endpoint: (endpoint.id,)),
    DomainName: ("domain", lambda domain: (domain.name, domain.id)),
    ClientCertificate: ("client_certificate", lambda certificate: (certificate.id,)),
    Function: ("function", lambda function: (function.account_id, function.region, function.name)),
    PublishedPool: ("user_pool", lambda pool: (pool.arn,)),
    EndedTokens: ("ended_tokens", lambda ended: ended.key),
}


def state_of(installation: Installation) -> State:
    """Give the state that consists of the stages of an installation."""
    return {part_name(stage): stage for stage in installation.served}


def apply(state: State, update: Update) -> State:
    """Give the next state; raises StaleBase for a delta of a stage that is not as it was."""
    applied: State = {} if update.whole else dict(state)
    for name in update.gone:
        applied.pop(name, None)
    for name, part in update.put.items():
        if isinstance(part, StageDelta):
            old = state.get(name)
            if not isinstance(old, ServedStage):
                raise StaleBase(f"a change came for {name}, which is not served")
            applied[name] = merge(old, part)
        else:
            applied[name] = part
    return applied


def split(
    update: Update, max_bytes: int, size_bytes: Callable[[Part], int]
) -> Iterator[tuple[Update, bool]]:
    """Cut an update into pieces of at most `max_bytes`, each with whether more follow.

    Applied one after the other they come to the same. A part that alone is larger makes a piece.
    """
    if len(update.put) <= 1:
        yield update, False
        return
    pieces = list(_pieces(update.put.items(), max_bytes, size_bytes))
    last = len(pieces) - 1
    for at, put in enumerate(pieces):
        first = at == 0
        yield (
            Update(
                version=update.version,
                whole=update.whole and first,
                put=put,
                gone=update.gone if first else (),
            ),
            at < last,
        )


def _pieces(
    parts: Iterable[tuple[str, Part]], max_bytes: int, size_bytes: Callable[[Part], int]
) -> Iterator[dict[str, Part]]:
    piece: dict[str, Part] = {}
    held_bytes = 0
    for name, part in parts:
        part_bytes = size_bytes(part) + 4 * len(name)
        if piece and held_bytes + part_bytes > max_bytes:
            yield piece
            piece, held_bytes = {}, 0
        piece[name] = part
        held_bytes += part_bytes
    if piece:
        yield piece
