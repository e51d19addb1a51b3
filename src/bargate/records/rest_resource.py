"""A resource of a REST API with its methods: one record a resource (AWS [M] `Resource`)."""

from msgspec import Struct

from bargate.model.rest_api import Method
from bargate.store.kind import Index, Key, Kind


class Connection(Struct, frozen=True, kw_only=True):
    """What AWS keeps of an integration beside what the model of an API has.

    `cache_namespace` None is the resource's id.
    """

    connection_type: str | None = None
    connection_id: str | None = None
    integration_target: str | None = None
    cache_namespace: str | None = None
    cache_key_parameters: tuple[str, ...] = ()
    response_transfer_mode: str | None = None


class RestMethod(Struct, frozen=True, kw_only=True):
    """A method as it will be deployed; `connection` stands beside `method.integration`."""

    method: Method
    connection: Connection | None = None


class RestResource(Struct, frozen=True, kw_only=True):
    """A path of an API; the root has no parent and the path part "" . `methods` by verb."""

    account_id: str
    region: str
    api_id: str
    id: str
    path: str
    parent_id: str | None = None
    path_part: str = ""
    methods: dict[str, RestMethod] = {}

    def key(self) -> Key:
        """Give account, region, API and id."""
        return (self.account_id, self.region, self.api_id, self.id)

    def parent_key(self) -> Key:
        """Give the key of the resource above, in the index of children."""
        return (self.account_id, self.region, self.api_id, self.parent_id or "")


def _child_key(resource: RestResource) -> Key | None:
    return None if resource.parent_id is None else (*resource.parent_key(), resource.path_part)


def _variable_key(resource: RestResource) -> Key | None:
    is_variable = resource.parent_id is not None and resource.path_part.startswith("{")
    return resource.parent_key() if is_variable else None


# AWS [R] apigw-errors §5: names are unique below a parent, and one of them may be a variable.
REST_RESOURCE = Kind(
    "rest_resource",
    RestResource,
    RestResource.key,
    (
        Index("child", _child_key, unique=True),
        Index("variable", _variable_key, unique=True),
    ),
)
