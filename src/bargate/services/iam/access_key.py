"""Access keys: two for each user, two for the root user."""

from msgspec import structs

from bargate.identity.find import user_of_id
from bargate.identity.unique_id import access_key_id
from bargate.records.access_key import ACCESS_KEY, ACCESS_KEY_USE, AccessKey
from bargate.services.iam.credentials import checked_status
from bargate.services.iam.errors import limit_exceeded, no_such_entity
from bargate.services.iam.lookup import Owner, owner
from bargate.services.iam.pages import page, stored
from bargate.services.operation import OperationCall, Params, operation
from bargate.tokens.session_key import secret_access_key
from bargate.wire.error import AwsError

MAX_KEYS = 2
_NEVER_USED = "N/A"


@operation(writes=True)
def create_access_key(call: OperationCall, request: Params) -> Params:
    """Make an access key; its secret is given this once."""
    of = owner(call, request)
    if len(call.tx.list(ACCESS_KEY, (call.account_id, of.id))) >= MAX_KEYS:
        raise limit_exceeded("AccessKeysPerUser", MAX_KEYS)
    key = call.tx.create(
        ACCESS_KEY,
        AccessKey(
            account_id=call.account_id,
            owner_id=of.id,
            id=access_key_id(),
            secret=secret_access_key(),
            created_at=call.now,
        ),
    )
    secret = {"SecretAccessKey": key.secret.reveal()}
    return {"AccessKey": key_shape(key, of) | secret}


@operation()
def list_access_keys(call: OperationCall, request: Params) -> Params:
    """List a user's access keys."""
    of = owner(call, request)
    found = page(request, [stored(call.tx, ACCESS_KEY, (call.account_id, of.id))])
    return {"AccessKeyMetadata": [key_shape(key, of) for key in found.items], **found.tail}


@operation(writes=True)
def update_access_key(call: OperationCall, request: Params) -> Params:
    """Switch an access key on or off."""
    key = _key(call, owner(call, request), request["AccessKeyId"])
    status = checked_status(request)
    call.tx.update(
        ACCESS_KEY, ACCESS_KEY.key_of(key), lambda key: structs.replace(key, status=status)
    )
    return {}


@operation(writes=True)
def delete_access_key(call: OperationCall, request: Params) -> Params:
    """Delete an access key."""
    key = _key(call, owner(call, request), request["AccessKeyId"])
    call.tx.delete(ACCESS_KEY, ACCESS_KEY.key_of(key))
    if call.tx.find(ACCESS_KEY_USE, (key.account_id, key.id)) is not None:
        call.tx.delete(ACCESS_KEY_USE, (key.account_id, key.id))
    return {}


@operation()
def get_access_key_last_used(call: OperationCall, request: Params) -> Params:
    """Give when and for what an access key of the account was last used."""
    key = call.tx.find_by(ACCESS_KEY, "id", (request["AccessKeyId"],))
    if key is None or key.account_id != call.account_id:
        raise no_such_key(request["AccessKeyId"])
    user = user_of_id(call.tx, key.owner_id)
    found = {} if user is None else {"UserName": user.name}
    return found | {"AccessKeyLastUsed": last_used(call, key)}


def last_used(call: OperationCall, key: AccessKey) -> Params:
    """Give the last use of a key, `N/A` when there was none."""
    use = call.tx.find(ACCESS_KEY_USE, (key.account_id, key.id))
    if use is None:
        return {"ServiceName": _NEVER_USED, "Region": _NEVER_USED}
    return {"LastUsedDate": use.used_at, "ServiceName": use.service, "Region": use.region}


def no_such_key(key_id: str) -> AwsError:
    """Make the refusal of an unknown access key."""
    return no_such_entity(f"The Access Key with id {key_id} cannot be found.")


def _key(call: OperationCall, of: Owner, key_id: str) -> AccessKey:
    key = call.tx.find(ACCESS_KEY, (call.account_id, of.id, key_id))
    if key is None:
        raise no_such_key(key_id)
    return key


def key_shape(key: AccessKey, of: Owner) -> Params:
    """Give a key without its secret."""
    return {
        "UserName": of.name or "root",
        "AccessKeyId": key.id,
        "Status": key.status,
        "CreateDate": key.created_at,
    }
