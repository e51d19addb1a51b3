"""Which methods refer to a part of an API: such a part cannot be deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.records.rest_resource import REST_RESOURCE
from bargate.services.apigateway.shape import every

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.model.rest_api import Method
    from bargate.store.interface import Reader
    from bargate.store.kind import Key


def first_use(tx: Reader, api: Key, uses: Callable[[Method], bool]) -> str | None:
    """Give the first method that `uses` something, as `/path/VERB`, None when none does."""
    for resource in every(tx, REST_RESOURCE, api):
        for verb, kept in resource.methods.items():
            if uses(kept.method):
                return f"{resource.path}/{verb}"
    return None
