"""What changed between two versions of a stage: one method of an API of 10,000 is shipped alone.

    difference(old, new) ──► StageDelta | new ──► (the wire) ──► merge(old, delta) == new

Resources and routes travel with the place they take, so that the merged API is the new one in
every respect. Where most of a stage is new, or the order of what stayed is not, all of it travels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct, structs

from bargate.model.http_api import HttpApi, Route
from bargate.model.installation import Canary, ServedStage, Stage
from bargate.model.rest_api import Resource, RestApi

if TYPE_CHECKING:
    from collections.abc import Sequence

Item = TypeVar("Item", Resource, Route)


class StaleBase(ValueError):
    """A delta came for a stage that is not the one it was made from."""


class PlacedResource(Struct, frozen=True, array_like=True):
    """A resource that is new or changed, and its index among all."""

    at: int
    item: Resource


class PlacedRoute(Struct, frozen=True, array_like=True):
    """A route that is new or changed, and its index among all."""

    at: int
    item: Route


class ApiDelta(Struct, frozen=True, kw_only=True):
    """How an API came about from another.

    `bare` is the API without resources and routes, None when all of that is as it was; `gone` names
    removed resources by id and routes by key; `count` is how many there are in the end.
    """

    bare: RestApi | HttpApi | None = None
    resources: tuple[PlacedResource, ...] = ()
    routes: tuple[PlacedRoute, ...] = ()
    gone: tuple[str, ...] = ()
    count: int


class CanaryDelta(Struct, frozen=True, kw_only=True):
    """A canary; its API is told from the former canary's, or from the stage's if there was none."""

    api: ApiDelta
    percent_traffic: float
    variables: dict[str, str] = {}


class StageDelta(Struct, frozen=True, kw_only=True, tag="delta"):
    """How a stage came about from its former version."""

    account_id: str
    region: str
    stage: Stage
    api: ApiDelta
    canary: CanaryDelta | None = None


def difference(old: ServedStage, new: ServedStage) -> StageDelta | ServedStage:
    """Say how `new` came about from `old`, or give `new` where that would not be shorter."""
    api = _api_delta(old.api, new.api)
    if api is None:
        return new
    canary = None
    if new.canary is not None:
        its_api = _api_delta(_canary_base(old), new.canary.api)
        if its_api is None:
            return new
        canary = CanaryDelta(
            api=its_api,
            percent_traffic=new.canary.percent_traffic,
            variables=new.canary.variables,
        )
    return StageDelta(
        account_id=new.account_id, region=new.region, stage=new.stage, api=api, canary=canary
    )


def merge(old: ServedStage, delta: StageDelta) -> ServedStage:
    """Give the version that `delta` tells of; raises StaleBase when it was not made from `old`."""
    canary = None
    if delta.canary is not None:
        api = _merged(_canary_base(old), delta.canary.api)
        if not isinstance(api, RestApi):
            raise StaleBase(f"{old.api.id} is no REST API, which alone has canaries")
        canary = Canary(
            api=api,
            percent_traffic=delta.canary.percent_traffic,
            variables=delta.canary.variables,
        )
    return ServedStage(
        account_id=delta.account_id,
        region=delta.region,
        api=_merged(old.api, delta.api),
        stage=delta.stage,
        canary=canary,
    )


def _canary_base(old: ServedStage) -> RestApi | HttpApi:
    return old.api if old.canary is None else old.canary.api


def _api_delta(old: RestApi | HttpApi, new: RestApi | HttpApi) -> ApiDelta | None:
    """Give the way from one API to another, None when that would not be shorter."""
    if isinstance(old, RestApi) and isinstance(new, RestApi):
        resources = _changed(old.resources, new.resources)
        if resources is None:
            return None
        return ApiDelta(
            bare=_bare_if_new(old, new),
            resources=tuple(PlacedResource(at, item) for at, item in resources[0]),
            gone=resources[1],
            count=len(new.resources),
        )
    if isinstance(old, HttpApi) and isinstance(new, HttpApi):
        routes = _changed(old.routes, new.routes)
        if routes is None:
            return None
        return ApiDelta(
            bare=_bare_if_new(old, new),
            routes=tuple(PlacedRoute(at, item) for at, item in routes[0]),
            gone=routes[1],
            count=len(new.routes),
        )
    return None


def bare(api: RestApi | HttpApi) -> RestApi | HttpApi:
    """Give an API without its resources or routes."""
    if isinstance(api, RestApi):
        return structs.replace(api, resources=())
    return structs.replace(api, routes=())


def _bare_if_new(old: RestApi | HttpApi, new: RestApi | HttpApi) -> RestApi | HttpApi | None:
    new_bare = bare(new)
    return None if bare(old) == new_bare else new_bare


def item_key(item: Resource | Route) -> str:
    """Name a resource or route within its API."""
    return item.id if isinstance(item, Resource) else item.route_key


def _changed(
    old: Sequence[Item], new: Sequence[Item]
) -> tuple[list[tuple[int, Item]], tuple[str, ...]] | None:
    """Give what is new with its place, and what is gone; None when most is new or moved."""
    before = {item_key(item): item for item in old}
    keys = [item_key(item) for item in new]
    after = set(keys)
    if len(before) != len(old) or len(after) != len(new):
        return None
    put: list[tuple[int, Item]] = [
        (at, item) for at, item in enumerate(new) if before.get(keys[at]) != item
    ]
    gone = tuple(key for key in before if key not in after)
    dropped = set(gone) | {keys[at] for at, _ in put}
    stayed = [key for key in before if key not in dropped]
    if 2 * len(put) > len(new) or stayed != [key for key in keys if key not in dropped]:
        return None
    return put, gone


def _merged(old: RestApi | HttpApi, delta: ApiDelta) -> RestApi | HttpApi:
    frame = delta.bare if delta.bare is not None else old
    if isinstance(old, RestApi) and isinstance(frame, RestApi) and not delta.routes:
        placed = [(each.at, each.item) for each in delta.resources]
        resources = _placed(old.resources, placed, delta)
        return structs.replace(frame, resources=resources)
    if isinstance(old, HttpApi) and isinstance(frame, HttpApi) and not delta.resources:
        routed = [(each.at, each.item) for each in delta.routes]
        return structs.replace(frame, routes=_placed(old.routes, routed, delta))
    raise StaleBase(f"{old.id} is not the kind of API that the change is of")


def _placed(
    old: Sequence[Item], placed: Sequence[tuple[int, Item]], delta: ApiDelta
) -> tuple[Item, ...]:
    if not placed and not delta.gone and len(old) == delta.count:
        return tuple(old)
    dropped = {*delta.gone, *(item_key(item) for _, item in placed)}
    items = [item for item in old if item_key(item) not in dropped]
    for at, item in placed:  # in ascending order, so that every index is the final one
        if not 0 <= at <= len(items):
            raise StaleBase(f"there is no place {at} among {len(items)}")
        items.insert(at, item)
    if len(items) != delta.count:
        raise StaleBase(f"the change leads to {len(items)} of {delta.count} resources or routes")
    return tuple(items)
