"""What is written about a REST API: parts of now, and versions of them."""

from datetime import datetime

from msgspec import Struct

from bargate.store.kind import Index, Kind


class DocumentationPartLocation(Struct, frozen=True, kw_only=True):
    """What a part is about; a member that is None stands for its default."""

    type: str
    path: str | None = None
    method: str | None = None
    status_code: str | None = None
    name: str | None = None


class DocumentationPart(Struct, frozen=True, kw_only=True):
    """A part; `properties` is a JSON object as text."""

    account_id: str
    region: str
    rest_api_id: str
    id: str
    location: DocumentationPartLocation
    properties: str


class DocumentationVersion(Struct, frozen=True, kw_only=True):
    """A version: the parts as they were when it was made."""

    account_id: str
    region: str
    rest_api_id: str
    version: str
    description: str | None = None
    created_date: datetime
    parts: tuple[DocumentationPart, ...] = ()


def location_key(location: DocumentationPartLocation) -> str:
    """Write a location as one text, the same for two locations that are the same."""
    members = (
        location.type,
        location.path or "",
        location.method or "",
        location.status_code or "",
        location.name or "",
    )
    return "\t".join(members)


DOCUMENTATION_PART = Kind(
    "documentation_part",
    DocumentationPart,
    lambda record: (record.account_id, record.region, record.rest_api_id, record.id),
    indexes=(
        Index(
            "location",
            lambda record: (
                record.account_id,
                record.region,
                record.rest_api_id,
                location_key(record.location),
            ),
            unique=True,
        ),
    ),
)
DOCUMENTATION_VERSION = Kind(
    "documentation_version",
    DocumentationVersion,
    lambda record: (record.account_id, record.region, record.rest_api_id, record.version),
)
