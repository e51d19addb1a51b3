"""Builds what operations need besides their transaction."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bargate.control.code_folder import code_folder
from bargate.control.objects import FolderObjects
from bargate.identity.attempts import Attempts
from bargate.model.installation import Installation
from bargate.model.usage_plan import Throttle
from bargate.services.environment import Environment
from bargate.tokens.sealed import Sealer

if TYPE_CHECKING:
    from bargate.model.invocation import FunctionInvoker
    from bargate.services.environment import BackendCaller, FetchingKeys
    from bargate.settings import ControlSettings
    from bargate.tokens.session import SealingKey
    from bargate.userpool.pools import Pools


def _throttle(settings: ControlSettings) -> Throttle | None:
    if settings.account_throttle is None:
        return None
    rate, burst = settings.account_throttle
    return Throttle(rate_limit=rate, burst_limit=burst)


def make_environment(
    settings: ControlSettings,
    keys: tuple[SealingKey, ...],
    backends: BackendCaller | None = None,
    directory: FetchingKeys | None = None,
    functions: FunctionInvoker | None = None,
    pools: Pools | None = None,
) -> Environment:
    """Give the surroundings of the operations of one installation."""

    def api_endpoint(api_id: str, region: str) -> str:
        port = settings.gateway_url.rpartition(":")[2]
        scheme = settings.gateway_url.partition(":")[0]
        return f"{scheme}://{api_id}.execute-api.{region}.{settings.domain}:{port}"

    return Environment(
        sealer=Sealer(keys),
        sealing_keys=keys,
        mfa_attempts=Attempts(),
        api_endpoint=api_endpoint,
        backends=backends,
        keys=directory,
        functions=functions,
        pools=pools,
        objects=None if settings.s3 is None else FolderObjects(Path(settings.s3)),
        code=code_folder(settings),
        gateway_address=urlsplit(settings.gateway_url).hostname or "",
        installation=Installation(
            account_id=settings.account_id,
            region=settings.region,
            partition=settings.partition,
            domain=settings.domain,
            issuers=settings.issuers,
            account_throttle=_throttle(settings),
        ),
    )
