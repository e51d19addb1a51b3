"""What one address may try in a pool, whoever it names: what locks of single users do not stop.

    proof ──► reserve ──► wrong: it is counted        right, or the next challenge: given back
    sign-ups, requests for codes ──► each counted

The address is that of the connection, never one that a header or an administrator's server claims.
Addresses of proxies (`shared`) are not counted: those who come by them are many. A /64 of IPv6 is
one address. Counted in memory, known and unknown users alike: a restart ends the counts.
"""

from __future__ import annotations

from asyncio import CancelledError
from collections import OrderedDict
from contextlib import contextmanager
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Kind = Literal["proofs", "sign_ups", "codes"]
Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

DEFAULT_LIMIT: Final = 100
PERIOD_S: Final = 900.0
MAX_COUNTS: Final = 100_000
LOOPBACK: Final[tuple[Network, ...]] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
_HOST_BITS: Final = 64  # /64 is what one customer has at least; they may use any address in it
# A proof was refused for what it was. Sessions and tokens cannot be guessed, and are not counted.
_WRONG: Final = frozenset(
    {
        "CodeMismatchException",
        "ExpiredCodeException",
        "NotAuthorizedException",
        "PasswordResetRequiredException",
        "UserNotFoundException",
    }
)


class Count(Struct, frozen=True):
    """So many since `since_s` (seconds since the epoch), and how many are looked at now."""

    since_s: float
    number: int = 0
    looked_at: int = 0


_Key: TypeAlias = tuple[Kind, str, str]


class AddressLimits:
    """The counts of all addresses; what was counted longest ago is forgotten first.

    Without a `limit` nothing is counted. Used by the event loop's thread alone.
    """

    def __init__(
        self,
        limit: int | None = DEFAULT_LIMIT,
        shared: Iterable[Network] = LOOPBACK,
        max_counts: int = MAX_COUNTS,
    ) -> None:
        self._counts: OrderedDict[_Key, Count] = OrderedDict()
        self._limit = limit
        self._shared = tuple(shared)
        self._max_counts = max_counts

    def take(self, kind: Kind, pool_id: str, address: str, now_s: float) -> None:
        """Count one sign-up or code; raises TooManyRequestsException."""
        key = self._key(kind, pool_id, address)
        if key is not None and not self._count(key, now_s):
            raise _too_many()

    @contextmanager
    def proof(self, pool_id: str, address: str, now_s: float) -> Iterator[None]:
        """Let one proof be looked at: it counts unless the block ends well.

        Raises NotAuthorizedException after as many wrong ones as may be, and TooManyRequestsException
        where those that are looked at could be so many with them: else they would all pass.
        """
        key = self._key("proofs", pool_id, address)
        if key is None:
            yield
            return
        since_s = self._begin(key, now_s)
        is_wrong = False
        try:
            yield
        except AwsError as refused:
            is_wrong = refused.code in _WRONG
            raise
        except CancelledError:
            is_wrong = True  # whoever goes away before the answer does not guess for nothing
            raise
        finally:
            self._end(key, since_s, is_wrong=is_wrong)

    def wrong(self, pool_id: str, address: str, now_s: float) -> None:
        """Count a proof that was wrong and is not refused at once (a custom challenge)."""
        key = self._key("proofs", pool_id, address)
        if key is not None:
            self._count(key, now_s)

    def _key(self, kind: Kind, pool_id: str, address: str) -> _Key | None:
        """Give what is counted by, None where nothing is."""
        if self._limit is None or not address:
            return None
        found = _parsed(address)
        if found is not None and any(found in each for each in self._shared):
            return None
        return kind, pool_id, address if found is None else site_of(found)

    def _current(self, key: _Key, now_s: float) -> Count:
        count = self._counts.get(key)
        return Count(now_s) if count is None or now_s - count.since_s >= PERIOD_S else count

    def _put(self, key: _Key, count: Count) -> None:
        self._counts[key] = count
        self._counts.move_to_end(key)
        if len(self._counts) > self._max_counts:
            self._counts.popitem(last=False)

    def _is_full(self, number: int) -> bool:
        return self._limit is not None and number >= self._limit

    def _count(self, key: _Key, now_s: float) -> bool:
        """Count one; False where there were as many as may be."""
        count = self._current(key, now_s)
        if self._is_full(count.number):
            return False
        self._put(key, replace(count, number=count.number + 1))
        return True

    def _begin(self, key: _Key, now_s: float) -> float:
        """Note that a proof is looked at; gives of which count; raises AwsError."""
        count = self._current(key, now_s)
        if self._is_full(count.number):
            raise AwsError("NotAuthorizedException", "Password attempts exceeded")  # AWS [D] §8
        if self._is_full(count.number + count.looked_at):
            raise _too_many()
        self._put(key, replace(count, looked_at=count.looked_at + 1))
        return count.since_s

    def _end(self, key: _Key, since_s: float, *, is_wrong: bool) -> None:
        count = self._counts.get(key)
        if count is None or count.since_s != since_s:  # forgotten, or another period by now
            return
        number, looked_at = count.number + is_wrong, count.looked_at - 1
        if number or looked_at:
            self._counts[key] = Count(since_s, number, looked_at)
        else:
            del self._counts[key]


def _too_many() -> AwsError:
    return AwsError("TooManyRequestsException", "Rate exceeded")  # AWS [D] §11


def _parsed(address: str) -> Address | None:
    try:
        found = ip_address(address)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def site_of(address: Address) -> str:
    """Give what stands for all addresses of one place."""
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Address(int(address) >> _HOST_BITS << _HOST_BITS))
