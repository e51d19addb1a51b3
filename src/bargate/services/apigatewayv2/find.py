"""Find what a request names, in the caller's own account and region only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.records.http_api import HTTP_API, HttpApiRecord
from bargate.records.http_stage import HTTP_STAGE, HttpStage
from bargate.services.apigatewayv2.errors import not_found, shown

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params
    from bargate.store.interface import Reader
    from bargate.store.kind import Key, Kind, Record


def api_of(call: OperationCall, request: Params) -> HttpApiRecord:
    """Give the API that the request names."""
    return find_api(call.tx, (call.account_id, call.region, request["ApiId"]))


def find_api(tx: Reader, key: Key) -> HttpApiRecord:
    """Give an API by account, region and id; raises NotFoundException."""
    found = tx.find(HTTP_API, key)
    if found is None:
        # AWS [R] apigw-errors §5; ids of other accounts look like ids of nobody
        raise not_found(f"Invalid API identifier specified {key[0]}:{shown(key[2])}")
    return found


def stage_of(call: OperationCall, request: Params) -> HttpStage:
    """Give the stage that the request names."""
    api = api_of(call, request)
    return part_of(call, HTTP_STAGE, api, request["StageName"], "stage")


def part_of(
    call: OperationCall, kind: Kind[Record], api: HttpApiRecord, part_id: str, noun: str
) -> Record:
    """Give a part of an API by its id; raises NotFoundException."""
    found = call.tx.find(kind, (*api.key(), part_id))
    if found is None:
        # AWS [O] "Invalid stage identifier specified"; the other nouns [I]
        raise not_found(f"Invalid {noun} identifier specified {shown(part_id)}")
    return found
