"""The alias of an account: one, and unique in the installation."""

import re

from msgspec import structs

from bargate.services.iam.accounts import account_of, change_account
from bargate.services.iam.errors import already_exists, no_such_entity, validation_error
from bargate.services.iam.pages import in_memory, page
from bargate.services.operation import OperationCall, Params, operation
from bargate.store.interface import AlreadyExists

_ALIAS = re.compile(r"(?![0-9]{12}\Z)[a-z0-9](?:[a-z0-9]|-(?!-)){1,61}[a-z0-9]")


@operation(writes=True)
def create_account_alias(call: OperationCall, request: Params) -> Params:
    """Set the alias in place of the one there was."""
    alias: str = request["AccountAlias"]
    if not _ALIAS.fullmatch(alias):
        raise validation_error(
            f"1 validation error detected: Value '{alias[:64]}' at 'accountAlias' failed to satisfy"
            " constraint: Member must satisfy regular expression pattern:"
            " ^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$"
        )
    try:
        change_account(call, lambda account: structs.replace(account, alias=alias))
    except AlreadyExists as error:
        raise already_exists(f"The account alias {alias} already exists.") from error
    return {}


@operation(writes=True)
def delete_account_alias(call: OperationCall, request: Params) -> Params:
    """Take the alias away."""
    alias: str = request["AccountAlias"]
    account = account_of(call)
    if account is None or account.alias != alias:
        raise no_such_entity(f"The account alias {alias} cannot be found.")
    change_account(call, lambda account: structs.replace(account, alias=None))
    return {}


@operation()
def list_account_aliases(call: OperationCall, request: Params) -> Params:
    """List the alias, if there is one."""
    account = account_of(call)
    alias = None if account is None else account.alias
    found = page(request, [in_memory([(alias, alias)] if alias else [])])
    return {"AccountAliases": found.items, **found.tail}
