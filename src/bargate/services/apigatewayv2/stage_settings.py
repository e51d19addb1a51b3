"""What a stage may be set to: its name, variables, route settings and access log."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from bargate.records.http_route import HTTP_ROUTE
from bargate.records.http_stage import HttpAccessLogSettings, RouteSettings
from bargate.services.apigatewayv2.errors import bad_request, not_found, shown
from bargate.services.apigatewayv2.route_keys import pattern_of
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.records.http_api import HttpApiRecord
    from bargate.services.operation import OperationCall, Params

_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}\Z")  # AWS [D] apigw-objects §11
_VARIABLE = re.compile(r"[A-Za-z0-9_]{1,64}\Z")
_VALUE = re.compile(r"[A-Za-z0-9\-._~:/?#&=,]{1,2048}\Z")  # AWS [M] CreateStageRequest
_DESTINATION = re.compile(r"arn:aws[a-z-]*:(?:logs|firehose):[a-z0-9-]+:[0-9]{12}:[^\s]+\Z")
_REQUEST_ID = ("$context.requestId", "$context.extendedRequestId")


def check_stage_name(name: str) -> None:
    """Refuse what no stage can be called; raises BadRequestException."""
    if name != "$default" and not _NAME.match(name):
        raise bad_request(
            "Stage name only allows a-zA-Z0-9_- or $default, and 1 to 128 characters:"
            f" {shown(name)}"
        )


def read_variables(given: Mapping[str, str] | None, old: Mapping[str, str]) -> dict[str, str]:
    """Put stage variables over the old ones; an empty value removes its variable (AWS [O])."""
    variables = dict(old)
    for name, value in (given or {}).items():
        if not _VARIABLE.match(name):
            raise bad_request(f"Invalid stage variable name specified: {shown(name)}")
        if value == "":
            variables.pop(name, None)
            continue
        if not _VALUE.match(value):
            raise bad_request(f"Invalid value for the stage variable {name} specified")
        variables[name] = value
    return variables


def read_settings(given: Params | None, old: RouteSettings) -> RouteSettings:
    """Read `RouteSettings` over what was; raises BadRequestException."""
    if given is None:
        return old
    if given.get("DataTraceEnabled") or given.get("LoggingLevel") not in {None, "OFF"}:
        raise bad_request("Execution logs are not supported on protocolType HTTP")  # AWS [O]
    burst = given.get("ThrottlingBurstLimit", old.throttling_burst_limit)
    rate = given.get("ThrottlingRateLimit", old.throttling_rate_limit)
    if burst is not None and burst < 0:
        raise bad_request("Invalid throttling burst limit specified")
    if rate is not None and not (math.isfinite(rate) and rate >= 0):
        raise bad_request("Invalid throttling rate limit specified")
    return RouteSettings(
        detailed_metrics_enabled=given.get("DetailedMetricsEnabled", old.detailed_metrics_enabled),
        throttling_burst_limit=burst,
        throttling_rate_limit=None if rate is None else float(rate),
    )


def read_route_settings(
    call: OperationCall,
    api: HttpApiRecord,
    given: Mapping[str, Params] | None,
    old: Mapping[str, RouteSettings],
) -> dict[str, RouteSettings]:
    """Put settings by route key over the old ones; every key is one of a route that exists."""
    settings = dict(old)
    for route_key, each in (given or {}).items():
        if not _is_route(call, api, route_key):
            # the words are AWS's [O]
            raise not_found(
                f"Unable to find Route by key {shown(route_key)} within the provided RouteSettings"
            )
        settings[route_key] = read_settings(each, settings.get(route_key, RouteSettings()))
    return settings


def read_access_log(
    given: Params | None, old: HttpAccessLogSettings | None
) -> HttpAccessLogSettings | None:
    """Read `AccessLogSettings` over what was; raises BadRequestException."""
    if given is None:
        return old
    base = old or HttpAccessLogSettings()
    destination = given.get("DestinationArn", base.destination_arn)
    form = given.get("Format", base.format)
    if destination is not None and not _DESTINATION.match(destination):
        raise bad_request(f"Invalid ARN specified in the request: {shown(destination)}")
    if form is not None and ("\n" in form or not any(name in form for name in _REQUEST_ID)):
        # AWS [M] AccessLogSettings.Format
        raise bad_request(
            "Access log format must be single line and contain at least $context.requestId"
        )
    return HttpAccessLogSettings(destination_arn=destination, format=form)


def shown_route_settings(settings: RouteSettings) -> Params:
    """Give settings as the API shows them (AWS [O]: detailed metrics always)."""
    output: Params = {"DetailedMetricsEnabled": bool(settings.detailed_metrics_enabled)}
    if settings.throttling_burst_limit is not None:
        output["ThrottlingBurstLimit"] = settings.throttling_burst_limit
    if settings.throttling_rate_limit is not None:
        output["ThrottlingRateLimit"] = settings.throttling_rate_limit
    return output


def _is_route(call: OperationCall, api: HttpApiRecord, route_key: str) -> bool:
    try:
        pattern = pattern_of(route_key)
    except AwsError:
        return False
    found = call.tx.find_by(HTTP_ROUTE, "pattern", (*api.key(), pattern))
    return found is not None and found.route_key == route_key
