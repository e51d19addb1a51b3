"""Resources of a model as records: paths become a tree, and every path between is one too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from bargate.records.rest_resource import (
    REST_RESOURCE,
    Connection,
    RestMethod,
    RestResource,
)
from bargate.services.apigateway.shape import API_ID_CHARACTERS, every, new_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.model.rest_api import Method, Resource
    from bargate.records.rest_api import RestApiRecord
    from bargate.store.interface import Transaction


class Renamed(Struct, frozen=True, kw_only=True):
    """The ids under which parts are kept, by their ids in the model."""

    authorizers: dict[str, str]
    validators: dict[str, str]


def store_resources(
    tx: Transaction,
    api: RestApiRecord,
    resources: tuple[Resource, ...],
    renamed: Renamed,
    connections: Mapping[tuple[str, str], Connection],
    is_merge: bool,  # noqa: FBT001 - the mode of the whole import
) -> None:
    """Write resources, parents first; without merging, those that are not named any more go."""
    former = {each.path: each for each in every(tx, REST_RESOURCE, api.key())}
    written = {each.path: each for each in resources}
    wanted = sorted({above for path in written for above in (path, *_above(path))} | {"/"})
    if not is_merge:
        for path in sorted(former.keys() - set(wanted), reverse=True):
            tx.delete(REST_RESOURCE, former[path].key())
    ids: dict[str, str] = {}
    for path in wanted:
        found, resource = former.get(path), written.get(path)
        methods = dict(found.methods) if found is not None and is_merge else {}
        if resource is not None:
            methods |= {
                method.http_method: _method(
                    method, renamed, connections.get((path, method.http_method))
                )
                for method in resource.methods
            }
        record = found or _new(api, path, resource, ids)
        ids[path] = record.id
        _put(tx, replace(record, methods=methods), is_new=found is None)


def _above(path: str) -> list[str]:
    """Give the paths between a path and the root, the root left out."""
    parts = path.split("/")[1:-1]
    return ["/" + "/".join(parts[:count]) for count in range(1, len(parts) + 1)]


def _new(
    api: RestApiRecord, path: str, resource: Resource | None, ids: dict[str, str]
) -> RestResource:
    above, _, part = path.rpartition("/")
    is_root = path == "/"
    own = new_id(API_ID_CHARACTERS) if resource is None else resource.id
    return RestResource(
        account_id=api.account_id,
        region=api.region,
        api_id=api.id,
        id=api.root_resource_id if is_root else own,
        path=path,
        parent_id=None if is_root else ids[above or "/"],
        path_part=part,
    )


def _method(method: Method, renamed: Renamed, connection: Connection | None) -> RestMethod:
    authorizer, validator = method.authorizer_id, method.request_validator_id
    kept = replace(
        method,
        authorizer_id=None if authorizer is None else renamed.authorizers[authorizer],
        request_validator_id=None if validator is None else renamed.validators[validator],
    )
    if method.integration is None:
        return RestMethod(method=kept)
    return RestMethod(method=kept, connection=connection or Connection())


def _put(tx: Transaction, record: RestResource, *, is_new: bool) -> None:
    if is_new:
        tx.create(REST_RESOURCE, record)
    else:
        tx.update(REST_RESOURCE, record.key(), lambda _: record)
