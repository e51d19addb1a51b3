"""What operations need besides their transaction: built once by the control process, and passed on.

An operation reads it as `call.environment`. Tests give what they need of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from bargate.access.key_directory import KeyDirectory
from bargate.model.installation import Installation

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.access.key_directory import KeySource
    from bargate.identity.attempts import Attempts
    from bargate.mapping.plan import Headers, UpstreamRequest
    from bargate.model.invocation import FunctionInvoker
    from bargate.tokens.sealed import Sealer
    from bargate.tokens.session import SealingKey
    from bargate.userpool.pools import Pools


class BackendAnswer(Struct, frozen=True, eq=False):
    """What a backend answered: framing and hop-by-hop headers are left out, the body is whole."""

    status: int
    headers: Headers
    body: bytes


class BackendFailed(Exception):
    """A backend could not be asked; `is_timeout` says that it took longer than it may."""

    def __init__(self, message: str, *, is_timeout: bool = False) -> None:
        super().__init__(message)
        self.is_timeout = is_timeout


class BackendCaller(Protocol):
    """Sends one request of an integration to its backend, as a worker would."""

    async def __call__(self, request: UpstreamRequest) -> BackendAnswer:
        """Give the answer, its body of at most 10 MiB; raises BackendFailed."""


class NoSuchObject(Exception):
    """An object cannot be read; the text says why."""


class Objects(Protocol):
    """What stands at `s3://bucket/key`."""

    def read(self, bucket: str, key: str, version: str | None, max_bytes: int) -> bytes:
        """Give an object of at most so many bytes; raises NoSuchObject."""


class CodeFiles(Protocol):
    """Where deployment packages of functions are kept, each under its digest."""

    def name(self, data: bytes) -> str:
        """Give the digest (SHA-256, in hex) that a package is kept under."""

    def keep(self, data: bytes) -> str:
        """Put a package on disk, durably, and give its digest; raises OSError."""


class FetchingKeys(KeyDirectory, Protocol):
    """A key directory that can be waited for."""

    async def fetch(self, source: KeySource) -> None:
        """Fetch the key set of `source` if that is allowed; failures are not raised."""


class Environment(Struct, frozen=True, kw_only=True, eq=False):
    """The surroundings of all operations.

    `api_endpoint` gives the URL at which an API answers, by its id and region; `sealing_keys` seal
    and open what callers hold for us, the first being the one that seals. `backends` and `keys` are
    what test invocations ask, and `functions` invokes Lambda functions, None where there is none;
    `objects` stand for S3, None where nothing does;
    `pools` are the surroundings of user pools; `code` keeps deployment packages, None where there
    is no folder for them; `installation` tells the issuers of user pools and
    the domain of APIs; `gateway_address` is where the public door of the gateway is.
    """

    sealer: Sealer
    sealing_keys: tuple[SealingKey, ...]
    mfa_attempts: Attempts
    api_endpoint: Callable[[str, str], str]
    backends: BackendCaller | None = None
    keys: FetchingKeys | None = None
    functions: FunctionInvoker | None = None
    objects: Objects | None = None
    pools: Pools | None = None
    code: CodeFiles | None = None
    installation: Installation = Installation()
    gateway_address: str = ""
