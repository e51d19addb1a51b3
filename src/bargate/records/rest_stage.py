"""A stage of a REST API (AWS [M] apigateway `Stage`)."""

from datetime import datetime
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from bargate.store.kind import Index, Key, Kind


class MethodSetting(Struct, frozen=True, kw_only=True):
    """Settings of one method, or of all (`*/*`).

    AWS [R] apigw-objects §1: the values that all settings have once one of them is made. A throttle
    that was not set is None: it is shown as AWS's default, and limits nothing.
    """

    metrics_enabled: bool = False
    logging_level: str = "OFF"
    data_trace_enabled: bool = False
    throttling_burst_limit: int | None = None
    throttling_rate_limit: float | None = None
    caching_enabled: bool = False
    cache_ttl_s: int = 300
    cache_data_encrypted: bool = False
    require_authorization_for_cache_control: bool = True
    unauthorized_cache_control_header_strategy: str = "SUCCEED_WITH_RESPONSE_HEADER"


class CanarySettings(Struct, frozen=True, kw_only=True):
    """A second deployment of the stage and its share of calls (0 to 100)."""

    deployment_id: str
    percent_traffic: float = 0.0
    stage_variable_overrides: dict[str, str] = {}
    use_stage_cache: bool = False


class AccessLogSettings(Struct, frozen=True, kw_only=True):
    """Where calls are written to, and in which form."""

    destination_arn: str | None = None
    format: str | None = None


class RestStage(Struct, frozen=True, kw_only=True):
    """A name under which a deployment is called; `method_settings` by `{path}/{VERB}`.

    The two flush counts grow with FlushStageCache and FlushStageAuthorizersCache: who remembers
    answers of the stage forgets them when a count is another than before. Backends are shown the
    client certificate that the stage had when it was last deployed to, until it is again (AWS [D]
    apigw-evaluation §1): `deployed_client_certificate_id`.
    """

    account_id: str
    region: str
    api_id: str
    name: str
    deployment_id: str
    created: datetime
    last_updated: datetime
    description: str | None = None
    variables: dict[str, str] = {}
    method_settings: dict[str, MethodSetting] = {}
    canary: CanarySettings | None = None
    access_log_settings: AccessLogSettings | None = None
    client_certificate_id: str | None = None
    deployed_client_certificate_id: str | None = None
    cache_cluster_enabled: bool = False
    cache_cluster_size: str | None = None
    tracing_enabled: bool = False
    documentation_version: str | None = None
    web_acl_arn: str | None = None
    tags: dict[str, str] = {}
    cache_flushes: int = 0
    authorizers_cache_flushes: int = 0

    def key(self) -> Key:
        """Give account, region, API and name."""
        return (self.account_id, self.region, self.api_id, self.name)

    def deployed(self, deployment_id: str) -> Self:
        """Give the stage as it is once a deployment was made to it."""
        return replace(
            self,
            deployment_id=deployment_id,
            deployed_client_certificate_id=self.client_certificate_id,
        )


def _certificate_key(stage: RestStage) -> Key | None:
    if stage.client_certificate_id is None:
        return None
    return (stage.account_id, stage.region, stage.client_certificate_id)


def _deployed_certificate_key(stage: RestStage) -> Key | None:
    if stage.deployed_client_certificate_id is None:
        return None
    return (stage.account_id, stage.region, stage.deployed_client_certificate_id)


REST_STAGE = Kind(
    "rest_stage",
    RestStage,
    RestStage.key,
    # A client certificate that a stage uses cannot be deleted.
    (
        Index("client_certificate", _certificate_key),
        Index("deployed_client_certificate", _deployed_certificate_key),
    ),
)
