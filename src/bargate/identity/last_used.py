"""Remember when access keys and roles were used, to the minute."""

from datetime import datetime, timedelta

from bargate.records.access_key import ACCESS_KEY, ACCESS_KEY_USE, AccessKeyUse
from bargate.records.iam_role import ROLE_USE, Role, RoleUse
from bargate.store.interface import Transaction

_PRECISION = timedelta(minutes=1)


def note_use(tx: Transaction, access_key_id: str, service: str, region: str, now: datetime) -> None:
    """Note the use of a long-term key; within a minute of the last note nothing is written."""
    key = tx.find_by(ACCESS_KEY, "id", (access_key_id,))
    if key is None:
        return
    use = AccessKeyUse(
        account_id=key.account_id,
        access_key_id=key.id,
        used_at=now,
        service=service,
        region=region,
    )
    before = tx.find(ACCESS_KEY_USE, (key.account_id, key.id))
    if before is None:
        tx.create(ACCESS_KEY_USE, use)
    elif now - before.used_at >= _PRECISION:
        tx.update(ACCESS_KEY_USE, (key.account_id, key.id), lambda _: use)


def note_role_use(tx: Transaction, role: Role, region: str, now: datetime) -> None:
    """Note that a role was assumed; within a minute of the last note nothing is written."""
    use = RoleUse(account_id=role.account_id, role_id=role.id, used_at=now, region=region)
    before = tx.find(ROLE_USE, ROLE_USE.key_of(use))
    if before is None:
        tx.create(ROLE_USE, use)
    elif now - before.used_at >= _PRECISION:
        tx.update(ROLE_USE, ROLE_USE.key_of(use), lambda _: use)
