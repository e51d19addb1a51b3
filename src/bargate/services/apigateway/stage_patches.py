"""UpdateStage: the paths that may be patched (AWS [D] patch-operations, [R] apigw-errors §5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import structs

from bargate.arn import MalformedArn, parse_arn
from bargate.records.client_certificate import CLIENT_CERTIFICATE
from bargate.records.rest_stage import AccessLogSettings, CanarySettings, RestStage
from bargate.services.apigateway.errors import MAX_SHOWN, bad_request
from bargate.services.apigateway.finding import check_documentation, find_deployment, find_part
from bargate.services.apigateway.method_settings import SETTING_PATHS, with_method_setting
from bargate.services.apigateway.patch import Rule, Step, Table, with_entry
from bargate.services.apigateway.stage_checks import checked_cache_size, checked_variables
from bargate.services.operation import OperationCall

if TYPE_CHECKING:
    from bargate.wire.error import AwsError

Patched = tuple[OperationCall, RestStage]

_PROMOTIONS = {
    "/deploymentId": "/canarySettings/deploymentId",
    "/variables": "/canarySettings/stageVariableOverrides",
}
_MAX_FORMAT_CHARACTERS = 10_000


def _with(patched: Patched, **members: Any) -> Patched:
    return patched[0], structs.replace(patched[1], **members)


def _known_deployment(patched: Patched, step: Step) -> str:
    call, stage = patched
    wanted = step.text()
    if find_deployment(call, stage.api_id, wanted) is None:
        raise bad_request("Deployment id does not exist")  # AWS [R]
    return wanted


def _deployment(patched: Patched, step: Step) -> Patched:
    return _with(patched, deployment_id=_known_deployment(patched, step))


def _promote(patched: Patched, step: Step) -> Patched:
    """Copy what the canary has to the stage."""
    stage = patched[1]
    if step.source != _PROMOTIONS[step.path]:
        raise _invalid_copy(step)
    if stage.canary is None:
        raise bad_request("Promotion not available. Canary does not exist.")  # AWS [R]
    if step.path == "/deploymentId":
        return _with(patched, deployment_id=stage.canary.deployment_id)
    variables = {**stage.variables, **stage.canary.stage_variable_overrides}
    return _with(patched, variables=checked_variables(variables))


def _invalid_copy(step: Step) -> AwsError:
    """Refuse a copy that is no promotion (AWS [R])."""
    return bad_request(
        f"Invalid copy operation with path: {step.path[:MAX_SHOWN]} and from"
        f" {(step.source or '')[:MAX_SHOWN]}. Valid copy:path are [/deploymentId, /variables] and"
        " valid copy:from are [/canarySettings/deploymentId,"
        " /canarySettings/stageVariableOverrides]"
    )


def _description(patched: Patched, step: Step) -> Patched:
    return _with(patched, description=step.value or None)


def _cache_enabled(patched: Patched, step: Step) -> Patched:
    return _with(patched, cache_cluster_enabled=step.flag())


def _cache_size(patched: Patched, step: Step) -> Patched:
    return _with(patched, cache_cluster_size=checked_cache_size(step.text()))


def _certificate(patched: Patched, step: Step) -> Patched:
    call = patched[0]
    wanted = None if step.op == "remove" else step.value or None
    if wanted is not None and find_part(call, CLIENT_CERTIFICATE, wanted) is None:
        raise bad_request("Invalid Client Certificate identifier specified")  # [I]
    return _with(patched, client_certificate_id=wanted)


def _tracing(patched: Patched, step: Step) -> Patched:
    return _with(patched, tracing_enabled=step.flag())


def _documentation(patched: Patched, step: Step) -> Patched:
    wanted = None if step.op == "remove" else step.value or None
    call, stage = patched
    check_documentation(call, stage.api_id, wanted)
    return _with(patched, documentation_version=wanted)


def _variables_after(variables: dict[str, str], step: Step) -> dict[str, str]:
    return checked_variables(with_entry(variables, step))


def _variable(patched: Patched, step: Step) -> Patched:
    return _with(patched, variables=_variables_after(patched[1].variables, step))


def _no_access_log(patched: Patched, step: Step) -> Patched:  # noqa: ARG001  a rule's
    return _with(patched, access_log_settings=None)


def _log_destination(patched: Patched, step: Step) -> Patched:
    try:
        arn = parse_arn(step.text())
    except MalformedArn as error:
        raise bad_request("Invalid ARN specified in the request") from error
    if arn.service not in {"logs", "firehose"}:
        raise bad_request("Invalid ARN specified in the request")
    settings = patched[1].access_log_settings or AccessLogSettings()
    settings = structs.replace(settings, destination_arn=step.text())
    return _with(patched, access_log_settings=settings)


def _log_format(patched: Patched, step: Step) -> Patched:
    if len(step.text()) > _MAX_FORMAT_CHARACTERS:
        raise bad_request("Access log format is too long")  # [I]
    settings = patched[1].access_log_settings or AccessLogSettings()
    return _with(patched, access_log_settings=structs.replace(settings, format=step.text()))


def _canaried(patched: Patched, **members: Any) -> Patched:
    stage = patched[1]
    canary = stage.canary or CanarySettings(deployment_id=stage.deployment_id)
    return _with(patched, canary=structs.replace(canary, **members))


def _no_canary(patched: Patched, step: Step) -> Patched:  # noqa: ARG001  a rule's
    return _with(patched, canary=None)


def _canary_deployment(patched: Patched, step: Step) -> Patched:
    return _canaried(patched, deployment_id=_known_deployment(patched, step))


def _canary_percent(patched: Patched, step: Step) -> Patched:
    return _canaried(patched, percent_traffic=step.number(0.0, 100.0))


def _canary_variable(patched: Patched, step: Step) -> Patched:
    canary = patched[1].canary
    overrides = canary.stage_variable_overrides if canary else {}
    return _canaried(patched, stage_variable_overrides=_variables_after(overrides, step))


def _canary_cache(patched: Patched, step: Step) -> Patched:
    return _canaried(patched, use_stage_cache=step.flag())


def _setting(patched: Patched, step: Step) -> Patched:
    settings = with_method_setting(patched[1].method_settings, step)
    if settings is None:
        raise _refuse(STAGE_PATCHES, step)
    return _with(patched, method_settings=settings)


def _refuse(table: Table, step: Step) -> AwsError:  # noqa: ARG001  a table's
    """Word a refusal as UpdateStage does (AWS [R])."""
    if step.op == "copy":
        return _invalid_copy(step)
    return bad_request(
        f"Invalid method setting path: {step.path[:MAX_SHOWN]}. Must be one of: [{_PATHS}]"
    )


# AWS [O]: its own list, which leaves out what it takes beside it.
_PATHS = ", ".join(
    (
        "/deploymentId",
        "/description",
        "/cacheClusterEnabled",
        "/cacheClusterSize",
        "/clientCertificateId",
        "/accessLogSettings",
        "/accessLogSettings/destinationArn",
        "/accessLogSettings/format",
        *SETTING_PATHS,
        "/variables/{variable_name}",
        "/tracingEnabled",
    )
)
_ALL = ("add", "replace", "remove")
_OPEN = ("replace", "remove")
STAGE_PATCHES = Table(
    (
        Rule("/deploymentId", ("replace",), _deployment),
        Rule("/deploymentId", ("copy",), _promote),
        Rule("/variables", ("copy",), _promote),
        Rule("/variables/{name}", _ALL, _variable),
        Rule("/description", ("replace",), _description),
        Rule("/cacheClusterEnabled", ("replace",), _cache_enabled),
        Rule("/cacheClusterSize", ("replace",), _cache_size),
        Rule("/clientCertificateId", _OPEN, _certificate),
        Rule("/tracingEnabled", ("replace",), _tracing),
        Rule("/documentationVersion", _OPEN, _documentation),
        Rule("/accessLogSettings", ("remove",), _no_access_log),
        Rule("/accessLogSettings/destinationArn", ("add", "replace"), _log_destination),
        Rule("/accessLogSettings/format", ("add", "replace"), _log_format),
        Rule("/canarySettings", ("remove",), _no_canary),
        Rule("/canarySettings/deploymentId", ("replace",), _canary_deployment),
        Rule("/canarySettings/percentTraffic", ("replace",), _canary_percent),
        Rule("/canarySettings/useStageCache", ("replace",), _canary_cache),
        Rule("/canarySettings/stageVariableOverrides/{name}", _ALL, _canary_variable),
        # Resource paths may be written with bare slashes (AWS [O]): any depth is tried last.
        Rule("{any}", _ALL, _setting),
    ),
    _refuse,
)
