"""The two models that every new API has (AWS [O])."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.records.rest_model import RestModel
from bargate.services.apigateway.shape import new_id

if TYPE_CHECKING:
    from bargate.store.kind import Key

_DRAFT_4 = '"$schema" : "http://json-schema.org/draft-04/schema#"'
_EMPTY = f'{{\n  {_DRAFT_4},\n  "title" : "Empty Schema",\n  "type" : "object"\n}}'
_ERROR = (
    f'{{\n  {_DRAFT_4},\n  "title" : "Error Schema",\n  "type" : "object",\n'
    '  "properties" : {\n    "message" : { "type" : "string" }\n  }\n}'
)


def default_models(api: Key) -> tuple[RestModel, RestModel]:
    """Give the models of an API with this key."""
    return (
        _model(api, "Empty", "This is a default empty schema model", _EMPTY),
        _model(api, "Error", "This is a default error schema model", _ERROR),
    )


def _model(api: Key, name: str, description: str, schema: str) -> RestModel:
    account_id, region, api_id = api
    return RestModel(
        account_id=account_id,
        region=region,
        api_id=api_id,
        id=new_id(),
        name=name,
        content_type="application/json",
        schema=schema,
        description=description,
    )
