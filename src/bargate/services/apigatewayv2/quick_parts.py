"""What quick create made of an API: remembered in its record until it is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from bargate.records.http_api import HTTP_API, HttpApiRecord

if TYPE_CHECKING:
    from bargate.store.interface import Transaction


def forget_quick_route(tx: Transaction, api: HttpApiRecord, route_id: str) -> None:
    """Forget the managed route, if `route_id` was it."""
    if api.quick_route_id == route_id:
        tx.update(HTTP_API, api.key(), lambda record: structs.replace(record, quick_route_id=None))
