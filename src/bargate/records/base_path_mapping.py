"""Which API and stage answers below which path of a custom domain name (v1 and v2 alike)."""

from datetime import datetime

from msgspec import Struct

from bargate.store.kind import Index, Kind


class BasePathMapping(Struct, frozen=True, kw_only=True):
    """A base path mapping (v1) or API mapping (v2).

    `base_path` is "" for the root (v1 writes it `(none)`); v2 also has `a/b`. `stage` is None when
    v1 lets the first segment of the path name the stage. `api_mapping_id` is v2's.
    """

    account_id: str
    region: str
    domain_name: str
    base_path: str = ""
    api_id: str
    stage: str | None = None
    api_mapping_id: str
    created_date: datetime


BASE_PATH_MAPPING = Kind(
    "base_path_mapping",
    BasePathMapping,
    lambda record: (record.account_id, record.region, record.domain_name, record.base_path),
    indexes=(
        Index("api", lambda record: (record.account_id, record.region, record.api_id)),
        Index(
            "api_mapping_id",
            lambda record: (
                record.account_id,
                record.region,
                record.domain_name,
                record.api_mapping_id,
            ),
            unique=True,
        ),
    ),
)
