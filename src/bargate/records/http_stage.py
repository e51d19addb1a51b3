"""A stage of an HTTP API (AWS [M] apigatewayv2 `Stage`)."""

from datetime import datetime

from msgspec import Struct

from bargate.store.kind import Index, Key, Kind


class RouteSettings(Struct, frozen=True, kw_only=True):
    """Settings of one route of a stage, or of all; None means not given."""

    detailed_metrics_enabled: bool | None = None
    throttling_burst_limit: int | None = None
    throttling_rate_limit: float | None = None


class HttpAccessLogSettings(Struct, frozen=True, kw_only=True):
    """Where calls are written to, and in which form."""

    destination_arn: str | None = None
    format: str | None = None


class HttpStage(Struct, frozen=True, kw_only=True):
    """A name under which a deployment is called; `$default` serves at the root.

    `deployment_id` None means that nothing is served. `authorizers_cache_flushes` grows with
    ResetAuthorizersCache: who remembers results of the stage forgets them when it changes.
    """

    account_id: str
    region: str
    api_id: str
    name: str
    created: datetime
    last_updated: datetime
    auto_deploy: bool = False
    deployment_id: str | None = None
    description: str | None = None
    variables: dict[str, str] = {}
    default_route_settings: RouteSettings = RouteSettings()
    route_settings: dict[str, RouteSettings] = {}
    access_log_settings: HttpAccessLogSettings | None = None
    client_certificate_id: str | None = None
    last_deployment_status_message: str | None = None
    is_gateway_managed: bool = False
    tags: dict[str, str] = {}
    authorizers_cache_flushes: int = 0

    def key(self) -> Key:
        """Give account, region, API and name."""
        return (self.account_id, self.region, self.api_id, self.name)


def _by_deployment(stage: HttpStage) -> Key | None:
    if stage.deployment_id is None:
        return None
    return (stage.account_id, stage.region, stage.api_id, stage.deployment_id)


HTTP_STAGE = Kind("http_stage", HttpStage, HttpStage.key, (Index("deployment", _by_deployment),))
