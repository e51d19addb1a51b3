"""A Lambda function, as the functions host needs it (AWS [M] lambda 2015-03-31)."""

from __future__ import annotations

from msgspec import Struct

from bargate.secret import Secret  # noqa: TC001  msgspec looks it up

LATEST = "$LATEST"
UNQUALIFIED = ""


class ZipCode(Struct, frozen=True, kw_only=True, tag="zip"):
    """A deployment package: `path` is where it lies on this machine, `sha256` its digest in hex."""

    path: str
    sha256: str


class DirectoryCode(Struct, frozen=True, kw_only=True, tag="directory"):
    """A folder of the operator's, whose changes are followed."""

    path: str


class UrlCode(Struct, frozen=True, kw_only=True, tag="url"):
    """Code that runs elsewhere: events are POSTed to `url`."""

    url: str


Code = ZipCode | DirectoryCode | UrlCode


class FunctionVersion(Struct, frozen=True, kw_only=True):
    """What one version runs: `version` is `$LATEST` or a number.

    `revision_id` is another one after every change of code or configuration. `role_arn` is None for
    a function that works as nobody, which only a local one may.
    """

    version: str = LATEST
    revision_id: str
    code: Code
    runtime: str = ""
    handler: str = ""
    role_arn: str | None = None
    environment: dict[str, Secret] = {}
    timeout_s: int = 3
    memory_mb: int = 128


class Alias(Struct, frozen=True, kw_only=True):
    """A name for a version; `weights` gives other versions their shares (0 to 1) of the calls."""

    name: str
    version: str
    weights: dict[str, float] = {}


class Function(Struct, frozen=True, kw_only=True, tag="function"):
    """A function with its versions and aliases.

    `policies` are resource policies as JSON text by qualifier, that of the unqualified ARN under
    `UNQUALIFIED`. `reserved_concurrency` None shares the account's; 0 runs nothing. `max_retries`
    and `max_age_s` are of asynchronous invocations.
    """

    account_id: str
    region: str
    name: str
    arn: str
    versions: tuple[FunctionVersion, ...]
    aliases: tuple[Alias, ...] = ()
    policies: dict[str, str] = {}
    reserved_concurrency: int | None = None
    max_retries: int = 2
    max_age_s: int = 21_600
