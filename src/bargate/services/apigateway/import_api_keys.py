"""API keys from a CSV file, as AWS's "API Gateway API key file format" has it.

Columns Name and Key are required; Description, Enabled and UsagePlanIds are optional, whatever
the case of their names; others are ignored (AWS [D] apigw-objects §1).
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from bargate.records.api_key import API_KEY, ApiKey, value_digest
from bargate.records.usage_plan import USAGE_PLAN
from bargate.records.usage_plan_key import USAGE_PLAN_KEY
from bargate.secret import Secret
from bargate.services.apigateway.api_keys import (
    check_description,
    check_name,
    check_value,
    replace_key,
    store_key,
)
from bargate.services.apigateway.errors import bad_request
from bargate.services.apigateway.more_listing import find
from bargate.services.apigateway.one_plan_a_stage import MAX_PLANS_OF_A_KEY, check_key
from bargate.services.apigateway.shape import API_ID_CHARACTERS, new_id
from bargate.services.apigateway.usage_plan_keys import add_key
from bargate.services.decide import Denied
from bargate.services.further_permissions import require
from bargate.services.operation import operation
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bargate.services.operation import OperationCall, Params

MAX_FILE_BYTES: Final = 4 * 1024 * 1024
MAX_LINES: Final = 10_001  # AWS [D]: an account has at most 10,000 keys
MAX_COLUMNS: Final = 100
MAX_WARNINGS: Final = 1_000
_REQUIRED: Final = ("name", "key")
_OPTIONAL: Final = ("description", "enabled", "usageplanids")


class _Row(Struct, frozen=True):
    """A row of the file; absent and empty cells are ""."""

    number: int
    name: str
    key: str
    description: str
    enabled: str
    usageplanids: str


@operation(writes=True)
def import_api_keys(call: OperationCall, request: Params) -> Params:
    """Make or overwrite the keys of a file; rows that cannot be read are warnings.

    With `failOnWarnings` one warning undoes it all.
    """
    ids: list[str] = []
    warnings: list[str] = []
    seen: set[str] = set()
    for row in _rows(_text(request["body"])):
        try:
            ids.append(_import_row(call, row, seen))
        except Denied:
            raise  # a refusal by policies is none of the file's faults
        except AwsError as error:
            warnings.append(f"Row {row.number}: {error.message}")
        if len(warnings) >= MAX_WARNINGS:
            raise bad_request(f"Too many warnings, the first: {warnings[0]}")
    if warnings and request.get("failOnWarnings"):
        raise bad_request(f"Failed to import API keys: {'; '.join(warnings[:10])}")
    return {"ids": ids, "warnings": warnings}


def _text(body: bytes) -> str:
    if len(body) > MAX_FILE_BYTES:
        raise bad_request(f"The file is larger than {MAX_FILE_BYTES} bytes")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise bad_request("The file is not UTF-8") from error


def _rows(text: str) -> Iterator[_Row]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True)
    columns: dict[str, int] | None = None
    try:
        for cells in reader:
            if reader.line_num > MAX_LINES:
                raise bad_request(f"The file has more than {MAX_LINES} lines")
            if not any(cell.strip() for cell in cells):
                continue
            if columns is None:
                columns = _columns(cells)
                continue
            yield _row(reader.line_num, columns, cells)
    except csv.Error as error:
        raise bad_request(f"Row {reader.line_num}: invalid CSV: {error}") from error
    if columns is None:
        raise bad_request("The file has no header row")


def _columns(cells: list[str]) -> dict[str, int]:
    if len(cells) > MAX_COLUMNS:
        raise bad_request(f"The file has more than {MAX_COLUMNS} columns")
    columns: dict[str, int] = {}
    for number, cell in enumerate(cells):
        name = cell.strip().lower()
        if name in columns and name in (*_REQUIRED, *_OPTIONAL):
            raise bad_request(f"The header row has the column {cell.strip()[:64]} twice")
        columns[name] = number
    for name in _REQUIRED:
        if name not in columns:
            raise bad_request(f"The header row lacks the required column {name}")
    return columns


def _row(number: int, columns: dict[str, int], cells: list[str]) -> _Row:
    def cell(name: str) -> str:
        place = columns.get(name, len(cells))
        return cells[place].strip() if place < len(cells) else ""

    return _Row(number, *(cell(name) for name in (*_REQUIRED, *_OPTIONAL)))


def _import_row(call: OperationCall, row: _Row, seen: set[str]) -> str:
    """Check the whole row before anything of it is written, as others go on after it fails."""
    digest = value_digest(check_value(row.key))
    if digest in seen:
        raise bad_request("the key is in the file twice")
    if not row.name:
        raise bad_request("the name is empty")
    check_name(row.name)
    check_description(row.description or None)
    enabled = _flag(row.enabled)
    found = call.tx.find_by(API_KEY, "value", (call.account_id, call.region, digest))
    key = found or _new(call, row)
    new_plans = _new_plans(call, row, key.id)
    seen.add(digest)
    changed = replace(
        key,
        name=row.name,
        description=row.description or None,
        enabled=enabled,
        last_updated_date=call.now,
    )
    if found is None:
        store_key(call, changed)
    else:
        replace_key(call, changed)
    for plan_id in new_plans:
        add_key(call, plan_id, key.id)
    return key.id


def _new(call: OperationCall, row: _Row) -> ApiKey:
    return ApiKey(
        account_id=call.account_id,
        region=call.region,
        id=new_id(API_ID_CHARACTERS),
        value=Secret(row.key),
        created_date=call.now,
        last_updated_date=call.now,
    )


def _flag(text: str) -> bool:
    """Read Enabled; an empty cell leaves a key disabled, as CreateApiKey does [I]."""
    if text.lower() not in {"", "true", "false"}:
        raise bad_request(f"Enabled must be TRUE or FALSE, not {text[:64]}")
    return text.lower() == "true"


def _new_plans(call: OperationCall, row: _Row, key_id: str) -> tuple[str, ...]:
    """Give the plans that the key is not on yet; all of the row must exist and agree."""
    ids = dict.fromkeys(each.strip() for each in row.usageplanids.split(",") if each.strip())
    if len(ids) > MAX_PLANS_OF_A_KEY:
        raise bad_request(f"An API Key can be on at most {MAX_PLANS_OF_A_KEY} usage plans")
    for plan_id in ids:
        plan = find(call, USAGE_PLAN, plan_id)
        if plan is None:
            raise bad_request(f"Invalid Usage Plan ID specified: {plan_id[:64]}")
        # [I]: as CreateUsagePlanKey asks, else who may import keys opens every plan's stages
        start = f"arn:{call.partition}:apigateway:{call.region}::"
        require(call, "apigateway:POST", f"{start}/usageplans/{plan.id}/keys", plan.tags)
    new = tuple(each for each in ids if find(call, USAGE_PLAN_KEY, each, key_id) is None)
    check_key(call, key_id, new)
    return new
