"""The record of the caller's account, made when something is first kept in it."""

from collections.abc import Callable

from bargate.identity.first_start import create_account
from bargate.records.account import ACCOUNT, Account
from bargate.services.operation import OperationCall


def account_of(call: OperationCall) -> Account | None:
    """Give the caller's account, None when nothing is kept of it."""
    return call.tx.find(ACCOUNT, (call.account_id,))


def change_account(call: OperationCall, change: Callable[[Account], Account]) -> None:
    """Change the caller's account."""
    create_account(call.tx, call.account_id, call.now)
    call.tx.update(ACCOUNT, (call.account_id,), change)
