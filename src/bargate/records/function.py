"""Lambda functions: what one is, what each of its versions runs, its aliases and its policies."""

from datetime import datetime
from typing import Final

from msgspec import Struct

from bargate.model.function import LATEST, DirectoryCode, UrlCode
from bargate.secret import Secret
from bargate.store.kind import Kind

_DIGITS: Final = 10


class StoredZip(Struct, frozen=True, kw_only=True, tag="stored_zip"):
    """A deployment package in the installation's folder, by its digest in hex."""

    sha256: str
    size_bytes: int


StoredCode = StoredZip | DirectoryCode | UrlCode


class EventSettings(Struct, frozen=True, kw_only=True):
    """What becomes of asynchronous invocations that fail; None is AWS's default."""

    max_retries: int | None = None
    max_age_s: int | None = None
    modified_at: datetime


class LambdaFunction(Struct, frozen=True, kw_only=True):
    """What all versions of a function have in common.

    `last_version` is the highest number ever given: none is given twice. `is_local` says that the
    operator's command line gave it, and takes it away.
    """

    account_id: str
    region: str
    name: str
    partition: str = "aws"
    last_version: int = 0
    tags: dict[str, str] = {}
    reserved_concurrency: int | None = None
    events: EventSettings | None = None
    is_local: bool = False

    @property
    def arn(self) -> str:
        """The ARN without a qualifier."""
        return f"arn:{self.partition}:lambda:{self.region}:{self.account_id}:function:{self.name}"


class LambdaVersion(Struct, frozen=True, kw_only=True):
    """Code and configuration of one version: `$LATEST`, or a number that never changes again."""

    account_id: str
    region: str
    name: str
    version: str = LATEST
    revision_id: str
    modified_at: datetime
    code: StoredCode
    runtime: str = ""
    handler: str = ""
    role_arn: str | None = None
    environment: dict[str, Secret] = {}
    timeout_s: int = 3
    memory_mb: int = 128
    description: str = ""
    architecture: str = "x86_64"
    ephemeral_storage_mb: int = 512
    tracing_mode: str = "PassThrough"
    logging: dict[str, str] = {}


class LambdaAlias(Struct, frozen=True, kw_only=True):
    """A name for a version; `weights` gives another version its share of the calls."""

    account_id: str
    region: str
    function_name: str
    name: str
    version: str
    revision_id: str
    description: str = ""
    weights: dict[str, float] = {}


class LambdaPolicy(Struct, frozen=True, kw_only=True):
    """The resource policy of a qualifier, of the unqualified ARN if that is empty.

    `document` is JSON that names users and roles by their ids (`identity.policy_principals`).
    """

    account_id: str
    region: str
    function_name: str
    qualifier: str
    revision_id: str
    document: str


def version_key(account_id: str, region: str, name: str, version: str) -> tuple[str, ...]:
    """Give the key of a version: `$LATEST` comes first, then the numbers in their order."""
    return (account_id, region, name, version if version == LATEST else version.zfill(_DIGITS))


LAMBDA_FUNCTION: Kind[LambdaFunction] = Kind(
    "lambda_function", LambdaFunction, lambda each: (each.account_id, each.region, each.name)
)
LAMBDA_VERSION: Kind[LambdaVersion] = Kind(
    "lambda_version",
    LambdaVersion,
    lambda each: version_key(each.account_id, each.region, each.name, each.version),
)
LAMBDA_ALIAS: Kind[LambdaAlias] = Kind(
    "lambda_alias",
    LambdaAlias,
    lambda each: (each.account_id, each.region, each.function_name, each.name),
)
LAMBDA_POLICY: Kind[LambdaPolicy] = Kind(
    "lambda_policy",
    LambdaPolicy,
    lambda each: (each.account_id, each.region, each.function_name, each.qualifier),
)
