"""User names and passwords of users for one service: two for each user and service."""

import secrets
from datetime import timedelta

from msgspec import structs

from bargate.identity.find import user_of_id
from bargate.identity.unique_id import unique_id
from bargate.records.service_specific_credential import (
    SERVICE_SPECIFIC_CREDENTIAL,
    ServiceSpecificCredential,
)
from bargate.secret import Secret
from bargate.services.iam.credentials import checked_status
from bargate.services.iam.errors import (
    invalid_input,
    limit_exceeded,
    no_such_entity,
    validation_error,
)
from bargate.services.iam.lookup import the_user, user_or_caller
from bargate.services.iam.pages import page, stored
from bargate.services.operation import OperationCall, Params, operation
from bargate.wire.error import AwsError

MAX_CREDENTIALS = 2
_MAX_AGE_DAYS = 36_600
_PASSWORD_BYTES = 32
# [D] those that take a user name and a password; Bedrock and CloudWatch take API keys instead.
_SERVICES = ("codecommit.amazonaws.com", "cassandra.amazonaws.com")


@operation(writes=True)
def create_service_specific_credential(call: OperationCall, request: Params) -> Params:
    """Make a credential; its password is given this once."""
    user = the_user(call, request["UserName"])
    service = _checked_service(request["ServiceName"])
    own = call.tx.list(SERVICE_SPECIFIC_CREDENTIAL, (call.account_id, user.id))
    of_service = [each for each in own if each.service == service]
    if len(of_service) >= MAX_CREDENTIALS:
        raise limit_exceeded("ServiceSpecificCredentialsPerUser", MAX_CREDENTIALS)
    days = request.get("CredentialAgeDays")
    if days is not None and not 1 <= days <= _MAX_AGE_DAYS:
        raise validation_error(f"CredentialAgeDays must be between 1 and {_MAX_AGE_DAYS}.")
    name = f"{user.name}-at-{call.account_id}"
    if any(each.user_name == name for each in of_service):
        name = f"{user.name}+1-at-{call.account_id}"
    record = call.tx.create(
        SERVICE_SPECIFIC_CREDENTIAL,
        ServiceSpecificCredential(
            account_id=call.account_id,
            user_id=user.id,
            id=unique_id("ACCA"),
            service=service,
            user_name=name,
            password=_new_password(),
            created_at=call.now,
            expires_at=None if days is None else call.now + timedelta(days=days),
        ),
    )
    return {"ServiceSpecificCredential": _with_password(record, user.name)}


@operation()
def list_service_specific_credentials(call: OperationCall, request: Params) -> Params:
    """List the credentials of a user, or with AllUsers of the account."""
    service = request.get("ServiceName")
    prefix: tuple[str, ...] = (call.account_id,)
    if request.get("AllUsers"):
        if request.get("UserName") is not None:
            raise invalid_input("UserName and AllUsers cannot both be given.")
    else:
        prefix = (call.account_id, user_or_caller(call, request).id)
    found = page(
        request,
        [stored(call.tx, SERVICE_SPECIFIC_CREDENTIAL, prefix)],
        None if service is None else lambda each: each.service == service,
    )
    shapes = [_shape(each, _name(call, each)) for each in found.items]
    return {"ServiceSpecificCredentials": shapes, **found.tail}


@operation(writes=True)
def update_service_specific_credential(call: OperationCall, request: Params) -> Params:
    """Switch a credential on or off."""
    record = _found(call, request)
    status = checked_status(request)
    call.tx.update(
        SERVICE_SPECIFIC_CREDENTIAL,
        SERVICE_SPECIFIC_CREDENTIAL.key_of(record),
        lambda record: structs.replace(record, status=status),
    )
    return {}


@operation(writes=True)
def reset_service_specific_credential(call: OperationCall, request: Params) -> Params:
    """Give a credential a new password; the old one is worth nothing from now on."""
    found = _found(call, request)
    password = _new_password()
    record = call.tx.update(
        SERVICE_SPECIFIC_CREDENTIAL,
        SERVICE_SPECIFIC_CREDENTIAL.key_of(found),
        lambda record: structs.replace(record, password=password),
    )
    return {"ServiceSpecificCredential": _with_password(record, _name(call, record))}


@operation(writes=True)
def delete_service_specific_credential(call: OperationCall, request: Params) -> Params:
    """Delete a credential."""
    record = _found(call, request)
    call.tx.delete(SERVICE_SPECIFIC_CREDENTIAL, SERVICE_SPECIFIC_CREDENTIAL.key_of(record))
    return {}


def _checked_service(name: str) -> str:
    if name not in _SERVICES:
        raise AwsError(
            "NotSupportedService",
            f"The service {name[:128]} does not support service-specific credentials.",
        )
    return name


def _new_password() -> Secret:
    return Secret(secrets.token_urlsafe(_PASSWORD_BYTES))


def _found(call: OperationCall, request: Params) -> ServiceSpecificCredential:
    user = user_or_caller(call, request)
    credential_id: str = request["ServiceSpecificCredentialId"]
    key = (call.account_id, user.id, credential_id)
    record = None if "\0" in credential_id else call.tx.find(SERVICE_SPECIFIC_CREDENTIAL, key)
    if record is None:
        raise no_such_entity(f"No such credential {credential_id} exists")
    return record


def _name(call: OperationCall, record: ServiceSpecificCredential) -> str:
    user = user_of_id(call.tx, record.user_id)
    return record.user_id if user is None else user.name


def _shape(record: ServiceSpecificCredential, user_name: str) -> Params:
    shape: Params = {
        "CreateDate": record.created_at,
        "ServiceName": record.service,
        "ServiceUserName": record.user_name,
        "ServiceSpecificCredentialId": record.id,
        "UserName": user_name,
        "Status": record.status,
    }
    if record.expires_at is not None:
        shape["ExpirationDate"] = record.expires_at
    return shape


def _with_password(record: ServiceSpecificCredential, user_name: str) -> Params:
    return _shape(record, user_name) | {"ServicePassword": record.password.reveal()}
