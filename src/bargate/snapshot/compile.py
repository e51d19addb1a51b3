"""Compile an installation into a snapshot, reusing what did not change."""

from __future__ import annotations

from random import random
from typing import TYPE_CHECKING

from msgspec import Struct

from bargate.access.api_keys import NoApiKeys
from bargate.access.identities import NoIdentities
from bargate.model.invalid import InvalidConfiguration
from bargate.snapshot.snapshot import CompiledApi, Snapshot
from bargate.snapshot.stage import Surroundings, compile_stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bargate.access.api_keys import ApiKeys
    from bargate.access.identities import Identities
    from bargate.access.key_directory import KeyDirectory
    from bargate.model.installation import Installation, ServedStage
    from bargate.snapshot.compiled import CompiledStage


class Options(Struct, frozen=True, kw_only=True, eq=False):
    """How a snapshot is compiled and resolves.

    `eager_max` as in `Surroundings`; `dev` lets hosts and paths of other emulators name an API, too;
    `draw` gives a number from 0 to below 1, by which calls are split between a stage and its canary.
    """

    identities: Identities = NoIdentities()
    api_keys: ApiKeys = NoApiKeys()
    eager_max: int | None = None
    dev: bool = False
    draw: Callable[[], float] = random


def compile_snapshot(
    installation: Installation,
    keys: KeyDirectory,
    previous: Snapshot | None = None,
    options: Options | None = None,
) -> Snapshot:
    """Compile every stage; what is as in `previous` is taken over with all it remembers.

    Raises InvalidConfiguration for the first part that cannot be enforced.
    """
    chosen = options or Options()
    around = Surroundings(
        installation,
        keys,
        identities=chosen.identities,
        api_keys=chosen.api_keys,
        eager_max=chosen.eager_max,
    )
    former = {} if previous is None else previous.apis
    is_same_place = previous is not None and _same_place(previous.installation, installation)
    apis: dict[str, dict[str, CompiledStage]] = {}
    for served in installation.served:
        known = former.get(served.api.id)
        old = None if known is None else known.stages.get(served.stage.name)
        if old is None or not is_same_place or not _is_as_served(old, served):
            old = compile_stage(served, around, old)
        apis.setdefault(served.api.id, {})[served.stage.name] = old
    compiled = {api_id: _api(stages, former.get(api_id)) for api_id, stages in apis.items()}
    return Snapshot(installation, compiled, dev=chosen.dev, draw=chosen.draw)


def compile_api(
    installation: Installation, stages: Iterable[ServedStage], keys: KeyDirectory
) -> CompiledApi:
    """Compile the stages of one API, and every endpoint of them; raises InvalidConfiguration."""
    around = Surroundings(installation, keys)
    return _api({served.stage.name: compile_stage(served, around) for served in stages}, None)


def _is_as_served(stage: CompiledStage, served: ServedStage) -> bool:
    # By identity first: to compare two APIs of thousands of resources takes a while.
    return stage.served is served or stage.served == served


def _same_place(one: Installation, other: Installation) -> bool:
    return (one.partition, one.domain, one.issuers, one.account_throttle) == (
        other.partition,
        other.domain,
        other.issuers,
        other.account_throttle,
    )


def _api(stages: dict[str, CompiledStage], former: CompiledApi | None) -> CompiledApi:
    """Join the stages of an API: one id belongs to one kind of API in one account and region."""
    if former is not None and list(former.stages.values()) == list(stages.values()):
        return former
    first = next(iter(stages.values()))
    for stage in stages.values():
        if (stage.kind, stage.account_id, stage.domain_name) != (
            first.kind,
            first.account_id,
            first.domain_name,
        ):
            message = f"the API id {first.api_id} is taken by another API, account or region"
            raise InvalidConfiguration(("x-bargate-api-id",), message)
    return CompiledApi(first.api_id, first.kind, first.domain_name, stages)
