"""The operator's OpenAPI documents in the store: as if an AWS client had imported and deployed them.

    stages of documents ──► import (replaces the API of that id) ──► deploy ──► stage

What is stored already as the documents say is left alone, so that a restart deploys nothing anew.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from bargate.model.http_api import HttpApi
from bargate.services.apigateway.deployments import create_deployment
from bargate.services.apigateway.from_model import Beside, store_rest_api
from bargate.services.apigateway.served import served_stage
from bargate.services.apigatewayv2.from_model import store_http_api
from bargate.services.operation import OperationCall
from bargate.services.place import place_of
from bargate.services.root_caller import root_caller

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from bargate.model.installation import ServedStage
    from bargate.model.rest_api import RestApi
    from bargate.store.interface import Transaction


def store_documents(
    tx: Transaction, stages: Iterable[ServedStage], partition: str, now: datetime
) -> None:
    """Store and deploy what documents say; raises AwsError for what cannot be stored."""
    by_api = groupby(sorted(stages, key=lambda each: each.api.id), key=lambda each: each.api.id)
    for _, each in by_api:
        served = tuple(each)
        call = _call(tx, served[0], partition, now)
        api = served[0].api
        if isinstance(api, HttpApi):
            store_http_api(tx, place_of(call), api, stages=[one.stage for one in served])
        else:
            _store_rest(call, api, served)


def _store_rest(call: OperationCall, api: RestApi, served: tuple[ServedStage, ...]) -> None:
    due = [stage for stage in served if _is_new(call.tx, stage)]
    if not due:
        return
    store_rest_api(call.tx, place_of(call), api, Beside())
    for stage in due:
        create_deployment(
            call,
            {
                "restApiId": api.id,
                "stageName": stage.stage.name,
                "variables": stage.stage.variables,
                "description": "from an OpenAPI document",
            },
        )


def _is_new(tx: Transaction, stage: ServedStage) -> bool:
    key = (stage.account_id, stage.region, stage.api.id, stage.stage.name)
    stored = served_stage(tx, key)
    return stored is None or (stored.api, stored.stage) != (stage.api, stage.stage)


def _call(tx: Transaction, stage: ServedStage, partition: str, now: datetime) -> OperationCall:
    """Make the call that the account's root user would make."""
    return OperationCall(
        account_id=stage.account_id,
        region=stage.region,
        partition=partition,
        caller=root_caller(stage.account_id, partition),
        tx=tx,
        now=now,
        request_id="",
    )
