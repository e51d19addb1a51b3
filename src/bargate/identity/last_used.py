"""Remember when and for what an access key was used."""

from datetime import datetime, timedelta

from bargate.records.access_key import ACCESS_KEY, ACCESS_KEY_USE, AccessKeyUse
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
