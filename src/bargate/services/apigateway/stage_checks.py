"""What a stage may be called and hold."""

from __future__ import annotations

import re

from bargate.services.apigateway.errors import bad_request, one_of

_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")  # AWS [D] apigw-objects §11
_VARIABLE = re.compile(r"[A-Za-z0-9_]{1,64}")
# AWS [M] apigateway, `variables`: [A-Za-z0-9-._~:/?#&=,]+
_VALUE = re.compile(r"[A-Za-z0-9._~:/?#&=, -]{0,512}")
_MAX_VARIABLES = 100
_CACHE_SIZES = ("0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237")


def checked_stage_name(name: str) -> str:
    """Give a stage's name."""
    if not _NAME.fullmatch(name):
        raise bad_request("Stage name only allows a-zA-Z0-9_-")  # AWS [O]
    return name


def checked_variables(variables: dict[str, str] | None) -> dict[str, str]:
    """Give stage variables; the texts are [I]."""
    variables = variables or {}
    if len(variables) > _MAX_VARIABLES:
        raise bad_request(f"A stage may have at most {_MAX_VARIABLES} variables")
    for name, value in variables.items():
        if not _VARIABLE.fullmatch(name):
            raise bad_request(f"Invalid stage variable name: {name[:128]}")
        if not _VALUE.fullmatch(value):
            raise bad_request(f"Invalid stage variable value: {value[:128]}")
    return dict(variables)


def checked_cache_size(size: str | None) -> str | None:
    """Give a size of the cache cluster."""
    return one_of(size, "cacheClusterSize", _CACHE_SIZES) if size else None


def checked_percentage(percent: float) -> float:
    """Give a share of calls."""
    if not 0.0 <= percent <= 100.0:  # noqa: PLR2004  percent
        raise bad_request("Percent traffic must be between 0.0 and 100.0")  # [I]
    return float(percent)
