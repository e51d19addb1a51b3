"""Imports of files of users into user pools: AWS's jobs, and files that `bargate users import` reads."""

from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

from bargate.secret import Secret
from bargate.store.kind import Index, Kind

ImportStatus = Literal[
    "Created", "Pending", "InProgress", "Stopping", "Expired", "Stopped", "Failed", "Succeeded"
]
ACTIVE: Final = ("Pending", "InProgress", "Stopping")
FILE_PREFIX: Final = "file-"
_LAST_MICROSECOND: Final = 10**17


class PoolImport(Struct, frozen=True, kw_only=True):
    """An import, and how far it is.

    `id` is `import-…` of a job, `file-DIGEST` of a file that a command reads; `name` is the job's, or
    where the file is. `token` is what the one upload of a job must show, until it is there.

    `rows` is how many rows of the file were handled; it changes with the users of those rows, in one
    transaction. `last_bad` are (line, username, reason) of the last batch; those before it are in
    the report's first `reported_bytes`, so that a report can be made whole after a crash.
    """

    account_id: str
    pool_id: str
    id: str
    name: str
    status: ImportStatus
    created_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None
    role_arn: str | None = None
    algorithm: str | None = None
    token: Secret | None = None
    uploaded_at: datetime | None = None
    rows: int = 0
    imported: int = 0
    skipped: int = 0
    failed: int = 0
    last_bad: tuple[tuple[int, str, str], ...] = ()
    reported_bytes: int = 0
    message: str | None = None

    @property
    def is_job(self) -> bool:
        """Whether it is one of AWS's jobs."""
        return not self.id.startswith(FILE_PREFIX)

    @property
    def is_active(self) -> bool:
        """Whether a job runs or is about to."""
        return self.is_job and self.status in ACTIVE


def _newest(each: PoolImport) -> tuple[str, ...]:
    """Order by time, the last one first."""
    age = _LAST_MICROSECOND - round(each.created_at.timestamp() * 1_000_000)
    return (each.pool_id, "job" if each.is_job else "file", f"{age:017d}")


POOL_IMPORT: Kind[PoolImport] = Kind(
    "pool_import",
    PoolImport,
    lambda each: (each.pool_id, each.id),
    (
        Index("newest", _newest),
        # AWS [D]: one job of an account is active at a time.
        Index("active", lambda each: (each.account_id,) if each.is_active else None, unique=True),
        Index(
            "created",
            lambda each: (each.account_id,) if each.is_job and each.status == "Created" else None,
        ),
    ),
)
