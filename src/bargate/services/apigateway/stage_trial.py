"""What workers could not enforce is refused before it is stored."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from bargate.model.invalid import InvalidConfiguration
from bargate.services.apigateway.errors import MAX_SHOWN, bad_request
from bargate.services.apigateway.served import served_of
from bargate.snapshot.trial import try_stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.model.rest_api import RestApi
    from bargate.records.rest_stage import RestStage
    from bargate.store.interface import Reader
    from bargate.wire.error import AwsError


def try_change(
    tx: Reader,
    stage: RestStage,
    previous: RestStage | None,
    known: Mapping[str, RestApi] = MappingProxyType({}),
) -> None:
    """Compile a stage for nothing when its calls would be decided otherwise than before.

    `known` holds deployments that need not be read again.
    """
    if previous is not None and _what_decides(stage) == _what_decides(previous):
        return
    try:
        try_stage(
            served_of(tx, stage, known), None if previous is None else served_of(tx, previous)
        )
    except InvalidConfiguration as error:
        raise not_enforceable(error) from error


def _what_decides(stage: RestStage) -> tuple[object, ...]:
    return (
        stage.deployment_id,
        stage.variables,
        stage.canary,
        stage.deployed_client_certificate_id,
    )


def not_enforceable(error: InvalidConfiguration) -> AwsError:
    """Say what cannot be enforced and where it stands in the API [I]."""
    place = "/".join(part.strip("/") or "/" for part in error.path if part != "paths")
    return bad_request(f"Invalid configuration of {place}: {error.message}"[:MAX_SHOWN])


def check_methods(api: RestApi) -> None:
    """Refuse to deploy an API that has no method, or one that leads nowhere (AWS [O])."""
    if not api.resources:
        raise bad_request("The REST API doesn't contain any methods")
    for resource in api.resources:
        for method in resource.methods:
            if method.integration is None:
                raise bad_request("No integration defined for method")
