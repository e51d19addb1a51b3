"""An HTTP API as it was when it was deployed: what stages serve."""

from msgspec import Struct

from bargate.model.http_api import HttpApi
from bargate.store.kind import Key, Kind


class DeployedHttpApi(Struct, frozen=True, kw_only=True):
    """The API of one deployment, apart from the deployment's own record for its size."""

    account_id: str
    region: str
    deployment_id: str
    api: HttpApi

    def key(self) -> Key:
        """Give the deployment's key: account, region, API and id."""
        return (self.account_id, self.region, self.api.id, self.deployment_id)


DEPLOYED_HTTP_API = Kind("deployed_http_api", DeployedHttpApi, DeployedHttpApi.key)
