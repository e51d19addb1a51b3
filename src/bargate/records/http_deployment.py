"""A deployment of an HTTP API (AWS [M] apigatewayv2 `Deployment`)."""

from datetime import datetime

from msgspec import Struct

from bargate.store.kind import Index, Key, Kind


class HttpDeployment(Struct, frozen=True, kw_only=True):
    """When an API was frozen, and why; what it was then is the `DeployedHttpApi` of the same key."""

    account_id: str
    region: str
    api_id: str
    id: str
    created: datetime
    description: str | None = None
    is_auto_deployed: bool = False

    def key(self) -> Key:
        """Give account, region, API and id."""
        return (self.account_id, self.region, self.api_id, self.id)


def _automatic(deployment: HttpDeployment) -> Key | None:
    """Give the automatic ones in the order of their making."""
    if not deployment.is_auto_deployed:
        return None
    made = f"{deployment.created.timestamp():020.6f}"
    return (deployment.account_id, deployment.region, deployment.api_id, made)


HTTP_DEPLOYMENT = Kind(
    "http_deployment", HttpDeployment, HttpDeployment.key, (Index("automatic", _automatic),)
)
