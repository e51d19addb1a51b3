"""What an empty installation begins with: an account and the access key of its root user."""

from datetime import datetime

from bargate.identity.unique_id import access_key_id
from bargate.records.access_key import ACCESS_KEY, AccessKey
from bargate.records.account import ACCOUNT, Account
from bargate.store.interface import Transaction
from bargate.tokens.session_key import secret_access_key


def create_account(tx: Transaction, account_id: str, now: datetime) -> Account:
    """Make an account if there is none of the id yet."""
    found = tx.find(ACCOUNT, (account_id,))
    return found or tx.create(ACCOUNT, Account(id=account_id, created_at=now))


def create_root_key(tx: Transaction, account_id: str, now: datetime) -> AccessKey:
    """Make an access key for the root user of an account, and the account if need be."""
    create_account(tx, account_id, now)
    return tx.create(
        ACCESS_KEY,
        AccessKey(
            account_id=account_id,
            owner_id=account_id,
            id=access_key_id(),
            secret=secret_access_key(),
            created_at=now,
        ),
    )
