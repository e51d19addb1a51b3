"""AWS's import jobs as records: made, started, stopped, listed. What runs them is `run`.

Created ──► Pending ──► InProgress ──► Succeeded | Failed
   └► Expired   └──────────┴► Stopping ──► Stopped            (AWS [D], its statuses)
"""

from __future__ import annotations

import secrets
import string
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from bargate.records.pool_import import POOL_IMPORT, PoolImport
from bargate.secret import Secret
from bargate.store.interface import AlreadyExists
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bargate.records.pool_import import ImportStatus
    from bargate.records.user_pool import UserPool
    from bargate.store.interface import Reader, Transaction

MAX_JOBS: Final = 1_000  # of a pool; the oldest that is over makes room
MAX_CREATED: Final = 20  # of an account: each may hold an uploaded file on disk
UPLOAD_WITHIN: Final = timedelta(minutes=15)  # AWS [D]
EXPIRES_AFTER: Final = timedelta(hours=24)  # AWS [D]: 24-48 hours
STOPPED: Final = "The Import Job was stopped by the developer."  # AWS [D]
EXPIRED: Final = "The job was not started within 24 hours."
_ID_CHARACTERS: Final = string.ascii_letters + string.digits
_ID_LENGTH: Final = 10


def new_job(tx: Transaction, pool: UserPool, asked: PoolImport) -> PoolImport:
    """Store a job, removing old ones; raises LimitExceededException."""
    waiting = tx.list_by(POOL_IMPORT, "created", (pool.account_id,))
    for each in waiting:
        if as_of(each, asked.created_at).status == "Expired":
            tx.update(POOL_IMPORT, POOL_IMPORT.key_of(each), _expire(asked.created_at))
    if sum(as_of(each, asked.created_at).status == "Created" for each in waiting) >= MAX_CREATED:
        message = f"{MAX_CREATED} import jobs wait to be started: start or let expire some first."
        raise AwsError("LimitExceededException", message)
    make_room(tx, pool.id, "job", MAX_JOBS)
    return tx.create(POOL_IMPORT, asked)


def drawn_job(
    pool: UserPool, name: str, role_arn: str, algorithm: str | None, now: datetime
) -> PoolImport:
    """Give a job that is not stored yet, with an id and a token of its own."""
    letters = "".join(secrets.choice(_ID_CHARACTERS) for _ in range(_ID_LENGTH))
    return PoolImport(
        account_id=pool.account_id,
        pool_id=pool.id,
        id=f"import-{letters}",
        name=name,
        status="Created",
        created_at=now,
        role_arn=role_arn,
        algorithm=algorithm,
        token=Secret(secrets.token_urlsafe(32)),
    )


def make_room(tx: Transaction, pool_id: str, what: str, most: int) -> None:
    """Delete the oldest imports that are over, so that one more is not more than `most`."""
    if tx.count(POOL_IMPORT, (pool_id,)) < most:
        return
    found = tx.list_by(POOL_IMPORT, "newest", (pool_id, what))
    over = [each for each in found if each.completed_at is not None]
    surplus = len(found) - most + 1
    for each in over[-surplus:] if surplus > 0 else ():
        tx.delete(POOL_IMPORT, POOL_IMPORT.key_of(each))
    if surplus > len(over):
        raise AwsError("LimitExceededException", f"A pool has at most {most} imports under way.")


def start(tx: Transaction, pool: UserPool, job: PoolImport, now: datetime) -> PoolImport:
    """Let a job run; raises PreconditionNotMetException."""
    if as_of(job, now).status != "Created":
        raise _unmet(f"The job is {as_of(job, now).status}: only a job that is Created can start.")
    if job.uploaded_at is None:
        raise _unmet("The CSV file was not uploaded to the PreSignedUrl.")
    if not pool.auto_verified:  # AWS [D]: the job will not start
        raise _unmet("The user pool has no auto verified attributes (AutoVerifiedAttributes).")

    def change(old: PoolImport) -> PoolImport:
        return replace(old, status="Pending", started_at=now)

    try:
        return tx.update(POOL_IMPORT, POOL_IMPORT.key_of(job), change)
    except AlreadyExists:  # AWS [D]: one of an account
        raise _unmet("Another import job of the account is active.") from None


def stop(tx: Transaction, job: PoolImport) -> PoolImport:
    """Let a job end after the rows that it is at; raises PreconditionNotMetException."""
    if not job.is_active:
        raise _unmet(f"The job is {job.status}: only a job that runs can be stopped.")
    return tx.update(
        POOL_IMPORT, POOL_IMPORT.key_of(job), lambda old: replace(old, status="Stopping")
    )


def end(
    tx: Transaction, job: PoolImport, status: ImportStatus, message: str, now: datetime
) -> PoolImport | None:
    """End an import, if it is there."""
    key = POOL_IMPORT.key_of(job)
    if tx.find(POOL_IMPORT, key) is None:
        return None
    return tx.update(
        POOL_IMPORT,
        key,
        lambda old: replace(old, status=status, message=message, completed_at=now),
    )


def the_job(tx: Reader, pool: UserPool, job_id: str) -> PoolImport:
    """Give a job of a pool; raises ResourceNotFoundException."""
    job = tx.find(POOL_IMPORT, (pool.id, job_id))
    if job is None or not job.is_job:
        raise AwsError("ResourceNotFoundException", f"Import job {job_id} does not exist.")
    return job


def as_of(job: PoolImport, now: datetime) -> PoolImport:
    """Give a job as it is at a time: one that nobody started is over after a day."""
    is_late = job.status == "Created" and now - job.created_at >= EXPIRES_AFTER
    return _expire(job.created_at + EXPIRES_AFTER)(job) if is_late else job


def takes_upload(job: PoolImport, token: str, now: datetime) -> bool:
    """Say whether a file may be uploaded for a job, once, by whoever has this token."""
    is_right = job.token is not None and job.token == Secret(token)
    return is_right and job.status == "Created" and now - job.created_at < UPLOAD_WITHIN


def _expire(at: datetime) -> Callable[[PoolImport], PoolImport]:
    return lambda job: replace(job, status="Expired", message=EXPIRED, completed_at=at, token=None)


def _unmet(message: str) -> AwsError:
    return AwsError("PreconditionNotMetException", message)
