"""Method settings of a stage: `/{resourcePath}/{VERB}/{setting}` of UpdateStage.

A resource path is written as `~1pets~1{id}`, or with bare slashes (AWS [O]); `*/*` is every
method. Settings keep the key they were first written with.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import structs

from bargate.records.rest_stage import MethodSetting
from bargate.services.apigateway.errors import MAX_SHOWN, bad_request, one_of
from bargate.services.apigateway.patch import Step, unescaped

if TYPE_CHECKING:
    from collections.abc import Callable

_SETTINGS = (
    "metrics/enabled",
    "logging/dataTrace",
    "logging/loglevel",
    "throttling/burstLimit",
    "throttling/rateLimit",
    "caching/ttlInSeconds",
    "caching/enabled",
    "caching/dataEncrypted",
    "caching/requireAuthorizationForCacheControl",
    "caching/unauthorizedCacheControlHeaderStrategy",
)
_KEY = r"(?P<key>\*/\*|(?P<path>[^*]{1,2048})/(?P<verb>GET|PUT|POST|DELETE|PATCH|OPTIONS|HEAD))"
_CHANGE = re.compile(rf"/{_KEY}/(?P<setting>{'|'.join(_SETTINGS)})")
_REMOVAL = re.compile(rf"/{_KEY}")
_MAX_SETTINGS = 2_000
_MAX_LIMIT = 2**31 - 1
_STRATEGIES = (
    "FAIL_WITH_403",
    "SUCCEED_WITH_RESPONSE_HEADER",
    "SUCCEED_WITHOUT_RESPONSE_HEADER",
)


def _listed(key: str, separator: str) -> str:
    """List the settings of a key as AWS's refusal does, its oddities kept (AWS [O])."""
    throttling = separator.join(f"/{key}/{each}" for each in _SETTINGS[3:6])
    others = [f"/{key}/{each}" for each in (*_SETTINGS[:3], "", *_SETTINGS[6:])]
    others[3] = throttling
    return ", ".join(others)


SETTING_PATHS = (_listed("{resourcePath}/{httpMethod}", ""), _listed("*/*", " "))


def with_method_setting(
    settings: dict[str, MethodSetting], step: Step
) -> dict[str, MethodSetting] | None:
    """Give the settings after a step, None when its path names none."""
    if step.op == "remove":
        found = _REMOVAL.fullmatch(step.path)
        return None if found is None else _removed(settings, found["key"])
    found = _CHANGE.fullmatch(step.path)
    if found is None or step.op != "replace":
        return None
    key = _known_key(settings, found["key"])
    if key not in settings and len(settings) >= _MAX_SETTINGS:
        raise bad_request(f"A stage may have at most {_MAX_SETTINGS} method settings")  # [I]
    members = {_FIELDS[found["setting"]][0]: _FIELDS[found["setting"]][1](step)}
    changed = structs.replace(settings.get(key, MethodSetting()), **members)
    return {**settings, key: changed}


def resource_and_verb(key: str) -> tuple[str, str]:
    """Give the resource path and the verb that a key means: `/pets/{id}`, `GET`; `*`, `*`."""
    if key == "*/*":
        return "*", "*"
    path, _, verb = key.rpartition("/")
    return "/" + unescaped(path).strip("/"), verb


def _known_key(settings: dict[str, MethodSetting], key: str) -> str:
    """Give the key under which the method is known already, whatever way it was written."""
    if key in settings:
        return key
    meant = resource_and_verb(key)
    return next((each for each in settings if resource_and_verb(each) == meant), key)


def _removed(settings: dict[str, MethodSetting], written: str) -> dict[str, MethodSetting]:
    key = _known_key(settings, written)
    if key not in settings:
        # AWS [O], with its space at the end
        raise bad_request(
            f"Cannot remove method setting {written[:MAX_SHOWN]} because there is no method"
            " setting for this method "
        )
    return {each: setting for each, setting in settings.items() if each != key}


def _level(step: Step) -> str:
    return one_of(step.text(), "loggingLevel", ("OFF", "ERROR", "INFO"))


def _strategy(step: Step) -> str:
    return one_of(step.text(), "unauthorizedCacheControlHeaderStrategy", _STRATEGIES)


# AWS [O]: -1 takes a limit away.
_FIELDS: dict[str, tuple[str, Callable[[Step], Any]]] = {
    "metrics/enabled": ("metrics_enabled", Step.flag),
    "logging/dataTrace": ("data_trace_enabled", Step.flag),
    "logging/loglevel": ("logging_level", _level),
    "throttling/burstLimit": ("throttling_burst_limit", lambda step: step.integer(-1, _MAX_LIMIT)),
    "throttling/rateLimit": ("throttling_rate_limit", lambda step: step.number(-1, _MAX_LIMIT)),
    "caching/ttlInSeconds": ("cache_ttl_s", lambda step: step.integer(0, 3600)),
    "caching/enabled": ("caching_enabled", Step.flag),
    "caching/dataEncrypted": ("cache_data_encrypted", Step.flag),
    "caching/requireAuthorizationForCacheControl": (
        "require_authorization_for_cache_control",
        Step.flag,
    ),
    "caching/unauthorizedCacheControlHeaderStrategy": (
        "unauthorized_cache_control_header_strategy",
        _strategy,
    ),
}
