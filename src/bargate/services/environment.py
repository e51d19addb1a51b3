"""What operations need besides their transaction: built once by the control process, and passed on.

An operation reads it as `call.environment`. Tests give what they need of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.identity.attempts import Attempts
    from bargate.tokens.sealed import Sealer
    from bargate.tokens.session import SealingKey


class Environment(Struct, frozen=True, kw_only=True, eq=False):
    """The surroundings of all operations.

    `api_endpoint` gives the URL at which an API answers, by its id and region; `sealing_keys` seal
    and open what callers hold for us, the first being the one that seals.
    """

    sealer: Sealer
    sealing_keys: tuple[SealingKey, ...]
    mfa_attempts: Attempts
    api_endpoint: Callable[[str, str], str]
