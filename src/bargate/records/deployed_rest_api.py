"""A REST API as it was when it was deployed; written once, never changed."""

from msgspec import Struct

from bargate.model.rest_api import RestApi
from bargate.store.kind import Key, Kind


class DeployedRestApi(Struct, frozen=True, kw_only=True):
    """The frozen API of one deployment."""

    account_id: str
    region: str
    deployment_id: str
    api: RestApi

    def key(self) -> Key:
        """Give account, region, API and deployment."""
        return (self.account_id, self.region, self.api.id, self.deployment_id)


DEPLOYED_REST_API = Kind("deployed_rest_api", DeployedRestApi, DeployedRestApi.key)
