"""Which documents an installation is made of, and whether they have changed.

Apart from `documents`, which reads them, so that a start without documents need not import that.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from bargate.model.installation import DEFAULT_SIGNATURE_SKEW_S, Installation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bargate.model.installation import ServedStage
    from bargate.model.usage_plan import Throttle

Fingerprints = dict[str, tuple[int, int, int]]


class Source(Struct, frozen=True, kw_only=True):
    """Which documents to serve, and what a document does not say.

    `kind` forces the API kind of every document; `stages` are the stage names, empty for
    `prod` (REST) and `$default` (HTTP).
    """

    files: tuple[str, ...]
    stages: tuple[str, ...] = ()
    stage_variables: dict[str, str] = {}
    kind: Literal["REST", "HTTP"] | None = None
    issuers: dict[str, str] = {}
    account_id: str
    region: str
    partition: str = "aws"
    domain: str = "localhost"
    signature_skew_s: int = DEFAULT_SIGNATURE_SKEW_S
    account_throttle: Throttle | None = None

    def installation(self, served: tuple[ServedStage, ...] = ()) -> Installation:
        """Give the installation that serves these stages."""
        return Installation(
            account_id=self.account_id,
            region=self.region,
            partition=self.partition,
            domain=self.domain,
            served=served,
            issuers=self.issuers,
            signature_skew_s=self.signature_skew_s,
            account_throttle=self.account_throttle,
        )


def fingerprints(files: Sequence[str]) -> Fingerprints:
    """Give what changes when a file does: modification time (ns), size and inode; 0s if missing."""
    return {name: _fingerprint(Path(name)) for name in files}


def _fingerprint(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0, 0)
    return (status.st_mtime_ns, status.st_size, status.st_ino)
