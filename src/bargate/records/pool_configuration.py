"""Settings of user pools and their clients that are kept as AWS gives them, each set as a whole."""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from bargate.store.kind import Kind

ConfigurationName = Literal["risk", "log-delivery", "sso-session"]


class PoolConfiguration(Struct, frozen=True, kw_only=True):
    """One setting; with a `client_id` that of a client alone. `value` has AWS's member names."""

    pool_id: str
    name: ConfigurationName
    client_id: str = ""
    value: dict[str, Any]
    created_at: datetime
    modified_at: datetime


POOL_CONFIGURATION: Kind[PoolConfiguration] = Kind(
    "pool_configuration",
    PoolConfiguration,
    lambda each: (each.pool_id, each.client_id, each.name),
)
