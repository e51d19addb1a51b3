"""API keys: what callers of an API show to be counted against a usage plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from bargate.records.api_key import API_KEY, KNOWN_KEY, ApiKey, known_key
from bargate.records.usage_plan_key import USAGE_PLAN_KEY
from bargate.records.usage_record import USAGE_RECORD
from bargate.secret import Secret
from bargate.services.apigateway.errors import bad_request, conflict
from bargate.services.apigateway.more_listing import Listing, begins_with, need, page
from bargate.services.apigateway.more_values import is_storable, new_value, tags_of, text_of
from bargate.services.apigateway.patch import Rule, Step, Table, patched
from bargate.services.apigateway.shape import API_ID_CHARACTERS, new_id, present
from bargate.services.operation import operation
from bargate.store.interface import AlreadyExists

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params

MISSING: Final = "Invalid API Key identifier specified"
MIN_VALUE: Final = 20
MAX_VALUE: Final = 128
MAX_NAME: Final = 1024
_MAX_DESCRIPTION: Final = 125_000  # AWS [O]: the limit of a description elsewhere in the service


@operation(writes=True)
def create_api_key(call: OperationCall, request: Params) -> Params:
    """Make a key, of the value given or a new one; ids are always distinct from values.

    AWS would make id and value the same without `generateDistinctId`; an id is shown where a value
    is not, so it never tells the value here [I].
    """
    if request.get("stageKeys"):
        # AWS [M]: deprecated for usage plans; a key that seems bound to a stage must not be ignored
        raise bad_request("stageKeys are not supported: use a usage plan")
    # AWS [C]: Terraform sends "" for a value that AWS is to make.
    value = request.get("value")
    key = ApiKey(
        account_id=call.account_id,
        region=call.region,
        id=new_id(API_ID_CHARACTERS),
        value=Secret(check_value(value) if value else new_value()),
        name=check_name(request.get("name")),
        description=check_description(request.get("description")),
        customer_id=text_of(request, "customerId", MAX_NAME, "Invalid customer ID specified"),
        enabled=bool(request.get("enabled", False)),  # AWS [R] apigw-objects §1
        created_date=call.now,
        last_updated_date=call.now,
        tags=tags_of(request),
    )
    try:
        store_key(call, key)
    except AlreadyExists as error:
        raise conflict("API Key already exists") from error
    return show_api_key(key, with_value=True)


def check_value(value: str) -> str:
    """Check the bounds of a value; texts AWS [R] apigw-errors §5."""
    if len(value) < MIN_VALUE:
        raise bad_request("API Key value should be at least 20 characters")
    if len(value) > MAX_VALUE:
        text = "API Key value exceeds maximum size of 128 characters"
        raise bad_request(text)
    if not (value.isascii() and value.isprintable()) or value != value.strip():
        # It must be able to stand in a header field as it is, RFC 9110 §5.5 [I].
        raise bad_request("Invalid API Key value specified.")
    return value


def check_name(name: str | None) -> str | None:
    """Check a name; text AWS [R] apigw-errors §5."""
    if name is not None and (len(name) > MAX_NAME or not is_storable(name)):
        text = "Invalid API Key name, can be at most 1024 characters."
        raise bad_request(text)
    return name


def check_description(text: str | None) -> str | None:
    """Check a description; text AWS [R] apigw-errors §5, which a blank one meets [I]."""
    if text is not None and not (0 < len(text) <= _MAX_DESCRIPTION and is_storable(text)):
        raise bad_request("Invalid API Key description specified.")
    return text


@operation()
def get_api_key(call: OperationCall, request: Params) -> Params:
    """Give a key, with its value if asked."""
    key = need(call, API_KEY, (request["apiKey"],), MISSING)
    return show_api_key(key, with_value=bool(request.get("includeValue")))


@operation()
def get_api_keys(call: OperationCall, request: Params) -> Params:
    """List keys, by name or by customer if asked."""
    with_values = bool(request.get("includeValues"))
    return page(
        call,
        request,
        _listing(call, request),
        lambda key: show_api_key(key, with_value=with_values),
    )


def _listing(call: OperationCall, request: Params) -> Listing:
    home = (call.account_id, call.region)
    customer, query = request.get("customerId"), request.get("nameQuery")
    if customer:
        return Listing(
            kind=API_KEY,
            prefix=(*home, _storable(customer)),
            index="customer",
            accept=lambda key: begins_with(key.name, request),
        )
    if query:
        return Listing(
            kind=API_KEY,
            prefix=home,
            index="name",
            start=(*home, _storable(query)),
            until=lambda key: not begins_with(key.name, request),
        )
    return Listing(kind=API_KEY, prefix=home)


def _storable(text: str) -> str:
    if not is_storable(text):
        raise bad_request("Invalid query specified")
    return text


@operation(writes=True)
def update_api_key(call: OperationCall, request: Params) -> Params:
    """Change what a patch may change of a key; never its value."""
    key = need(call, API_KEY, (request["apiKey"],), MISSING)
    changed = replace(patched(key, request, _PATCHES), last_updated_date=call.now)
    replace_key(call, changed)
    return show_api_key(changed, with_value=False)


def store_key(call: OperationCall, key: ApiKey) -> None:
    """Add a key; raises AlreadyExists."""
    call.tx.create(API_KEY, key)
    call.tx.create(KNOWN_KEY, known_key(key))


def replace_key(call: OperationCall, key: ApiKey) -> None:
    """Put a key in the place of the one of its id."""
    call.tx.update(API_KEY, API_KEY.key_of(key), lambda _: key)
    known = known_key(key)
    call.tx.update(KNOWN_KEY, KNOWN_KEY.key_of(known), lambda _: known)


def _no_stages(_: ApiKey, step: Step) -> ApiKey:
    raise bad_request(f"{step.path} is not supported: use a usage plan")  # [I], as in create


_PATCHES: Final = Table(
    (
        Rule("/name", ("replace",), lambda key, step: replace(key, name=check_name(step.value))),
        Rule(
            "/description",
            ("replace",),
            lambda key, step: replace(key, description=check_description(step.value)),
        ),
        Rule("/enabled", ("replace",), lambda key, step: replace(key, enabled=step.flag())),
        Rule(
            "/customerId",
            ("replace",),
            lambda key, step: replace(key, customer_id=check_name(step.value)),
        ),
        Rule("/stages", ("add", "remove"), _no_stages),
    )
)


@operation(writes=True)
def delete_api_key(call: OperationCall, request: Params) -> Params:
    """Take a key away, and off its plans."""
    key = need(call, API_KEY, (request["apiKey"],), MISSING)
    home = (key.account_id, key.region)
    for each in call.tx.list_by(USAGE_PLAN_KEY, "key", (*home, key.id)):
        call.tx.delete(USAGE_PLAN_KEY, USAGE_PLAN_KEY.key_of(each))
        for used in call.tx.list(USAGE_RECORD, (*home, each.usage_plan_id, key.id)):
            call.tx.delete(USAGE_RECORD, USAGE_RECORD.key_of(used))
    call.tx.delete(API_KEY, API_KEY.key_of(key))
    call.tx.delete(KNOWN_KEY, API_KEY.key_of(key))
    return {}


def show_api_key(key: ApiKey, *, with_value: bool) -> Params:
    """Write a key as AWS does: the value only where it is asked for."""
    return present(
        id=key.id,
        value=key.value.reveal() if with_value else None,
        name=key.name,
        customerId=key.customer_id,
        description=key.description,
        enabled=key.enabled,
        createdDate=key.created_date,
        lastUpdatedDate=key.last_updated_date,
        stageKeys=[],  # AWS [R] apigw-objects §1: always there
        tags=key.tags or None,
    )
