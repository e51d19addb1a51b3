"""A deployment of a REST API: when it was made (AWS [M] apigateway `Deployment`).

What it froze is the record of the same key in `deployed_rest_api`.
"""

from datetime import datetime

from msgspec import Struct

from bargate.store.kind import Key, Kind


class RestDeployment(Struct, frozen=True, kw_only=True):
    """The facts about a deployment that may be listed cheaply."""

    account_id: str
    region: str
    api_id: str
    id: str
    created: datetime
    description: str | None = None

    def key(self) -> Key:
        """Give account, region, API and id."""
        return (self.account_id, self.region, self.api_id, self.id)


REST_DEPLOYMENT = Kind("rest_deployment", RestDeployment, RestDeployment.key)
