"""How many invocations may run at once: what a function reserved, else what its account shares.

AWS [D] Lambda, "Understanding function scaling": reserved concurrency is both a share and a bound;
all other functions of an account and region share the rest.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bargate.model.function import Function

ACCOUNT_CONCURRENCY = 1_000  # AWS [D] Lambda quotas: concurrent executions


class Throttled(Exception):
    """No more invocations may run now; the text is AWS's reason."""


class Concurrency:
    """Counts invocations under way."""

    def __init__(self) -> None:
        self._under_way: dict[str, int] = {}  # by ARN, or account and region

    @contextlib.contextmanager
    def slot(self, function: Function, reserved: int) -> Iterator[None]:
        """Run one invocation within. Raises Throttled.

        `reserved` is what functions of the account and region have reserved together.
        """
        name, limit, reason = _share(function, reserved)
        if self._under_way.get(name, 0) >= limit:
            raise Throttled(reason)
        self._under_way[name] = self._under_way.get(name, 0) + 1
        try:
            yield
        finally:
            self._under_way[name] -= 1
            if not self._under_way[name]:
                del self._under_way[name]


def _share(function: Function, reserved: int) -> tuple[str, int, str]:
    if function.reserved_concurrency is not None:
        reason = "ReservedFunctionConcurrentInvocationLimitExceeded"
        return function.arn, function.reserved_concurrency, reason
    limit = max(0, ACCOUNT_CONCURRENCY - reserved)
    return f"{function.account_id}/{function.region}", limit, "ConcurrentInvocationLimitExceeded"
