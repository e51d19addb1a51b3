"""Compile one stage, taking over from its former version whatever did not change.

ServedStage ──► frame (API-wide parts) ──► slots ──► router
                  │ as before                │
                  └── former slots stay  ◄───┘ but for the methods that changed
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, structs

from bargate.access.api_keys import NoApiKeys
from bargate.access.control import Shared
from bargate.access.identities import NoIdentities
from bargate.mapping.context import domain_name
from bargate.mapping.cors import compile_cors
from bargate.mapping.gateway_responses import compile_gateway_responses
from bargate.mapping.http_api_errors import compile_http_api_errors
from bargate.model.invalid import InvalidConfiguration
from bargate.model.rest_api import RestApi
from bargate.snapshot.compiled import CompiledStage
from bargate.snapshot.delta import bare, item_key
from bargate.snapshot.endpoint import Frame, Source, source_of
from bargate.snapshot.router import NO_ROUTES, Router

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bargate.access.api_keys import ApiKeys
    from bargate.access.identities import Identities
    from bargate.access.key_directory import KeyDirectory
    from bargate.model.http_api import HttpApi, Route
    from bargate.model.installation import Installation, ServedStage, Stage
    from bargate.model.rest_api import Resource
    from bargate.snapshot.endpoint import AnySlot


class Surroundings(Struct, frozen=True, eq=False):
    """What every stage is compiled in, besides what it says itself.

    At most `eager_max` endpoints that are new in a stage are compiled with it, None for all; where
    there are more, each is compiled at its first call.
    """

    installation: Installation
    keys: KeyDirectory
    identities: Identities = NoIdentities()
    api_keys: ApiKeys = NoApiKeys()
    eager_max: int | None = None


def compile_stage(
    served: ServedStage, around: Surroundings, former: CompiledStage | None = None
) -> CompiledStage:
    """Compile a stage and its canary; raises InvalidConfiguration."""
    if served.canary is None:
        compiled = _compile(served, served.api, served.stage, around, former)
        return structs.replace(compiled, served=served)
    former_canary = None if former is None else former.canary
    variables = served.canary.variables
    canary_stage = structs.replace(served.stage, variables=variables, is_canary=True)
    stage = structs.replace(served.stage, is_canary=False)
    return structs.replace(
        _compile(served, served.api, stage, around, former),
        served=served,
        canary=_compile(served, served.canary.api, canary_stage, around, former_canary),
        canary_percent=served.canary.percent_traffic,
    )


def _compile(
    served: ServedStage,
    api: RestApi | HttpApi,
    stage: Stage,
    around: Surroundings,
    former: CompiledStage | None,
) -> CompiledStage:
    """Compile one deployment of a stage."""
    place = structs.replace(
        around.installation,
        account_id=served.account_id,
        region=served.region,
        served=(),
        domains=(),
    )
    frame = Frame(
        place, bare(api), stage, around.keys, around.identities, Shared(), around.api_keys
    )
    if former is None or former.frame is None or not former.frame.is_as(frame):
        former = _framed(frame)
    assert former.frame is not None  # noqa: S101  checked, or made, above
    items = api.resources if isinstance(api, RestApi) else api.routes
    sources = _sources(former.frame, items, former.sources)
    return structs.replace(
        former,
        router=_router(former, sources, around.eager_max),
        sources=sources,
        canary=None,
        canary_percent=0.0,
    )


def _framed(frame: Frame) -> CompiledStage:
    """Compile what all endpoints of a deployment have in common; it has none yet."""
    api, stage, place = frame.api, frame.stage, frame.installation
    is_rest = isinstance(api, RestApi)
    is_private = isinstance(api, RestApi) and api.is_private
    if isinstance(api, RestApi) and is_private and api.policy is None:
        # INVARIANT: a private API is never without a policy; AWS [D] apigw-evaluation §4.
        message = "a private API needs a resource policy: without one, all calls fail"
        raise InvalidConfiguration(("x-amazon-apigateway-policy",), message)
    return CompiledStage(
        kind="REST" if is_rest else "HTTP",
        api_id=api.id,
        api_name=api.name,
        name=stage.name,
        router=NO_ROUTES if is_rest else Router("HTTP", ()),
        refuser=(
            compile_gateway_responses(api, stage, place)
            if isinstance(api, RestApi)
            else compile_http_api_errors(api, stage, place)
        ),
        cors=None if isinstance(api, RestApi) else compile_cors(api.cors),
        disabled=api.disable_execute_api_endpoint,
        account_id=place.account_id,
        domain_name=domain_name(place, api.id),
        is_canary=stage.is_canary,
        frame=frame,
        is_private=is_private,
        vpc_endpoint_ids=api.vpc_endpoint_ids if isinstance(api, RestApi) else (),
    )


def _sources(
    frame: Frame, items: Sequence[Resource | Route], former: Mapping[str, Source]
) -> dict[str, Source]:
    sources: dict[str, Source] = {}
    for item in items:
        key = item_key(item)
        known = former.get(key)
        if known is None or (known.item is not item and known.item != item):
            known = source_of(frame, item, known)
        sources[key] = known
    if len(sources) != len(items):
        raise InvalidConfiguration(("paths",), "two resources or routes have the same id or key")
    return sources


def _router(former: CompiledStage, sources: Mapping[str, Source], eager_max: int | None) -> Router:
    slots = [slot for source in sources.values() for slot in source.slots]
    removed, added = _changes(former.sources, sources)
    if eager_max is None or len(added) <= eager_max:
        for slot in added:
            slot.compiled()
    return former.router.changed(slots, removed, added)


def _changes(
    former: Mapping[str, Source], sources: Mapping[str, Source]
) -> tuple[list[AnySlot], list[AnySlot]]:
    """Give the slots that are gone, and those that are new."""
    removed: list[AnySlot] = []
    added: list[AnySlot] = []
    for key, source in sources.items():
        known = former.get(key)
        if known is source:
            continue
        before = () if known is None else known.slots
        removed += [slot for slot in before if slot not in source.slots]
        added += [slot for slot in source.slots if slot not in before]
    for key, known in former.items():
        if key not in sources:
            removed += known.slots
    return removed, added
