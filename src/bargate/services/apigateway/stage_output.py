"""Stages as AWS gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.model.usage_plan import DEFAULT_BURST, DEFAULT_RATE
from bargate.services.apigateway.shape import present

if TYPE_CHECKING:
    from bargate.records.rest_stage import (
        AccessLogSettings,
        CanarySettings,
        MethodSetting,
        RestStage,
    )
    from bargate.services.operation import Params


def stage_output(stage: RestStage) -> Params:
    """Give `Stage` (AWS [R] apigw-objects §1: no settings are `{}`)."""
    return present(
        deploymentId=stage.deployment_id,
        clientCertificateId=stage.client_certificate_id,
        stageName=stage.name,
        description=stage.description,
        cacheClusterEnabled=stage.cache_cluster_enabled,
        cacheClusterSize=stage.cache_cluster_size,
        cacheClusterStatus="AVAILABLE" if stage.cache_cluster_enabled else "NOT_AVAILABLE",
        methodSettings={key: _setting(each) for key, each in stage.method_settings.items()},
        variables=dict(stage.variables) or None,
        documentationVersion=stage.documentation_version,
        accessLogSettings=_access_log(stage.access_log_settings),
        canarySettings=_canary(stage.canary),
        tracingEnabled=stage.tracing_enabled,
        webAclArn=stage.web_acl_arn,
        tags=dict(stage.tags) or None,
        createdDate=stage.created,
        lastUpdatedDate=stage.last_updated,
    )


def _setting(setting: MethodSetting) -> Params:
    burst, rate = setting.throttling_burst_limit, setting.throttling_rate_limit
    return {
        "metricsEnabled": setting.metrics_enabled,
        "loggingLevel": setting.logging_level,
        "dataTraceEnabled": setting.data_trace_enabled,
        "throttlingBurstLimit": DEFAULT_BURST if burst is None else burst,
        "throttlingRateLimit": DEFAULT_RATE if rate is None else rate,
        "cachingEnabled": setting.caching_enabled,
        "cacheTtlInSeconds": setting.cache_ttl_s,
        "cacheDataEncrypted": setting.cache_data_encrypted,
        "requireAuthorizationForCacheControl": setting.require_authorization_for_cache_control,
        "unauthorizedCacheControlHeaderStrategy": (
            setting.unauthorized_cache_control_header_strategy
        ),
    }


def _canary(canary: CanarySettings | None) -> Params | None:
    if canary is None:
        return None
    return present(
        percentTraffic=canary.percent_traffic,
        deploymentId=canary.deployment_id,
        stageVariableOverrides=dict(canary.stage_variable_overrides) or None,
        useStageCache=canary.use_stage_cache,
    )


def _access_log(settings: AccessLogSettings | None) -> Params | None:
    if settings is None:
        return None
    return present(format=settings.format, destinationArn=settings.destination_arn)
