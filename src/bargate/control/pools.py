"""Joins the surroundings of user pools: the store, keys, hashes, and where their issuers are."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_network
from typing import TYPE_CHECKING

from bargate.userpool.address_limits import DEFAULT_LIMIT, AddressLimits
from bargate.userpool.keys import Keyring
from bargate.userpool.lockout import Lockouts
from bargate.userpool.passwords import Cost, Hasher
from bargate.userpool.pools import NoTriggers, Pools
from bargate.userpool.sessions import Sessions
from bargate.userpool.triggers.run import FunctionTriggers
from bargate.userpool.triggers.sender_codes import ClearCodes, NoCodes, SealedCodes

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.model.invocation import FunctionInvoker
    from bargate.records.user_pool import UserPool
    from bargate.settings import ControlSettings
    from bargate.store.interface import Store
    from bargate.tokens.session import SealingKey
    from bargate.userpool.pools import Messenger, Triggers
    from bargate.userpool.triggers.sender_codes import SenderCodes


def _now() -> datetime:
    return datetime.now(UTC)


def make_pools(
    settings: ControlSettings,
    store: Store,
    keys: tuple[SealingKey, ...],
    clock: Callable[[], datetime] = _now,
    functions: FunctionInvoker | None = None,
    messenger: Messenger | None = None,
) -> Pools:
    """Give the surroundings of the user pools of one installation; `keys` are at least one.

    Without `functions` pools that have triggers are refused.
    """
    keyring = Keyring()
    store.subscribe(keyring.committed)
    return Pools(
        store=store,
        clock=clock,
        hasher=_hasher(settings),
        sessions=Sessions(keys, clock().timestamp()),
        keyring=keyring,
        lockouts=Lockouts(),
        addresses=_addresses(settings),
        issuer_of=issuers(settings),
        place_of=places(settings),
        triggers=_triggers(settings, functions),
        messenger=messenger,
    )


def _hasher(settings: ControlSettings) -> Hasher:
    if settings.pools.password_cost is None:
        return Hasher()
    memory_kib, passes, lanes = settings.pools.password_cost
    return Hasher(Cost(memory_kib=memory_kib, passes=passes, lanes=lanes))


def _addresses(settings: ControlSettings) -> AddressLimits:
    given = settings.pools.attempts_per_address
    default = None if settings.dev else DEFAULT_LIMIT
    shared = [ip_network(each) for each in settings.pools.shared_addresses]
    return AddressLimits(default if given is None else given or None, shared)


def _triggers(settings: ControlSettings, functions: FunctionInvoker | None) -> Triggers:
    if functions is None:
        return NoTriggers()
    return FunctionTriggers(functions, _sender_codes(settings))


def _sender_codes(settings: ControlSettings) -> SenderCodes:
    match settings.pools.sender_codes:
        case "encrypted":
            return SealedCodes(settings.pools.sender_keys)
        case "clear":
            return ClearCodes()
        case "refuse":
            return NoCodes()


def issuers(settings: ControlSettings) -> Callable[[UserPool], str]:
    """Give what tells the `iss` of a pool's tokens."""
    if settings.pools.issuer_style == "aws":
        return lambda pool: f"https://cognito-idp.{pool.region}.amazonaws.com/{pool.id}"
    return places(settings)


def places(settings: ControlSettings) -> Callable[[UserPool], str]:
    """Give what tells the URL that a pool's documents and pages are under."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = (settings.pools.public_url or f"http://{host}:{settings.port}").rstrip("/")
    return lambda pool: f"{url}/{pool.id}"
