"""Key sets of token issuers in memory, fetched over HTTP when a step asks for them.

step: find ──► VerificationKey                  (nothing waits)
      └ None ► may_fetch ► Need ─► driver: await fetch ─► step again
                                          │ one in flight per source, callers join
                                          ▼
                     discovery (unless jwks_uri is given) ─► key set
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from msgspec import Struct

from bargate.access.key_directory import KeySource
from bargate.access.token_cache import REMEMBERED_S
from bargate.gateway.fetch import FetchFailed
from bargate.tokens.fault import shown
from bargate.tokens.jwk import KeySet, MalformedKeySet, VerificationKey, parse_key_set
from bargate.tokens.strict_json import MalformedJson, parse_object

# AWS [D] apigw-evaluation §7.1.
FETCH_TIMEOUT_S: Final = 1.5
MAX_DOCUMENT_BYTES: Final = 150_000
# AWS [D]: keys may be remembered for two hours. A token verified in the last second of a key is
# itself remembered for a while, which is taken off here. From REFRESH_AFTER_S on a look-up sets
# off a fetch behind it and the old keys go on serving; at EXPIRE_AFTER_S they stop, refreshed or
# not, since a withdrawn key must not live on because its issuer is silent.
EXPIRE_AFTER_S: Final = 7_200 - REMEMBERED_S
REFRESH_AFTER_S: Final = 5_400
# Between two fetches of one source: so many forged `kid`s, one fetch. Without any keys to serve,
# a failed fetch is tried again sooner.
PAUSE_S: Final = 30
PAUSE_WITHOUT_KEYS_S: Final = 2
CLOCK_STEP_S: Final = 60  # further in the future than any call lasts: the clock was set back
MAX_SOURCES: Final = 1_024
_DESCRIBED_KIDS: Final = 8

_log = logging.getLogger(__name__)


class Fetch(Protocol):
    """A GET that follows no redirects, ends in time and reads no more than it may."""

    async def __call__(self, url: str, *, timeout_s: float, max_bytes: int) -> bytes:
        """Give the body of `url`; raises FetchFailed or OSError."""


class _UntrustedDocument(ValueError):
    """A discovery document says what it must not."""


class _Record(Struct):
    """What is known of a source; `ended_at` and `fetched_at` in seconds since the epoch."""

    ended_at: float
    failure: str | None = None
    key_set: KeySet | None = None
    fetched_at: float = 0.0


class HttpKeyDirectory:
    """An `access.key_directory.KeyDirectory` over HTTP, for one event loop."""

    def __init__(self, fetch: Fetch, clock: Callable[[], float] = time.time) -> None:
        self.generation = 0
        self._get = fetch
        self._clock = clock
        self._records: dict[KeySource, _Record] = {}
        self._in_flight: dict[KeySource, asyncio.Task[None]] = {}

    def find(self, source: KeySource, kid: str | None) -> VerificationKey | None:
        """Give the key of `source` named `kid`, or None when it is not in memory."""
        now = self._clock()
        key_set = self._usable(source, now)
        if key_set is None or kid is None:
            return None
        if now - self._records[source].fetched_at >= REFRESH_AFTER_S:
            self._refresh_behind(source, now)
        return key_set.keys.get(kid)

    def may_fetch(self, source: KeySource, now: float) -> bool:
        """Say whether fetching the key set again is allowed at `now`.

        `now` may lie a little before the end of the last fetch: a call that waited for it comes
        back with the time at which it arrived, and must not ask for the next one.
        """
        record = self._records.get(source)
        if source in self._in_flight or record is None:
            return True
        alone = record.failure is not None and self._usable(source, now) is None
        elapsed_s = now - record.ended_at
        return elapsed_s >= (PAUSE_WITHOUT_KEYS_S if alone else PAUSE_S) or (
            elapsed_s < -CLOCK_STEP_S
        )

    async def fetch(self, source: KeySource) -> None:
        """Fetch the key set of `source`, or join the fetch under way, or do nothing yet.

        A failure is remembered, logged and told by `describe`, not raised. A caller that is
        cancelled leaves the fetch to the others.
        """
        if source not in self._in_flight and not self.may_fetch(source, self._clock()):
            return
        await asyncio.shield(self._in_flight.get(source) or self._start(source))

    def describe(self, source: KeySource) -> str:
        """Say in one line what is known of the key set: its kids, or the last failure."""
        now, record = self._clock(), self._records.get(source)
        if record is None:
            return f"the key set of {source.issuer} was never fetched"
        told = [f"last fetch of {source.issuer} {now - record.ended_at:.0f} s ago"]
        if record.failure is not None:
            told.append(f"it failed: {record.failure}")
        key_set = self._usable(source, now)
        told.append("no keys" if key_set is None else _described(key_set))
        return ", ".join(told)

    def issuer_of(self, pool_arn: str) -> str | None:  # noqa: ARG002  there are no pools here
        """Give None: what is known over HTTP is of other installations."""
        return None

    def is_ended(self, issuer: str, claims: Mapping[str, Any]) -> bool:  # noqa: ARG002  as above
        """Say no: others do not tell."""
        return False

    async def close(self) -> None:
        """Cancel what is under way and wait for its end."""
        tasks = list(self._in_flight.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _usable(self, source: KeySource, now: float) -> KeySet | None:
        record = self._records.get(source)
        if record is None or not -CLOCK_STEP_S <= now - record.fetched_at < EXPIRE_AFTER_S:
            return None
        return record.key_set

    def _refresh_behind(self, source: KeySource, now: float) -> None:
        if source not in self._in_flight and self.may_fetch(source, now):
            self._start(source)

    def _start(self, source: KeySource) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(self._refresh(source))
        self._in_flight[source] = task
        task.add_done_callback(lambda _: self._in_flight.pop(source, None))
        return task

    async def _refresh(self, source: KeySource) -> None:
        # Noted before anything can go wrong, so that no failure at all escapes the pause.
        self._records.setdefault(source, _Record(0.0)).ended_at = self._clock()
        try:
            key_set = parse_key_set(await self._document(await self._jwks_uri(source)))
        except (FetchFailed, OSError, _UntrustedDocument, MalformedKeySet) as error:
            self._note_failure(source, f"{type(error).__name__}: {error}")
        else:
            self._keep(source, key_set)

    async def _jwks_uri(self, source: KeySource) -> str:
        if source.jwks_uri is not None:
            return _checked_jwks_uri(source.issuer, source.jwks_uri)
        # OpenID Connect Discovery 1.0 §4: a slash that ends the issuer is taken off first.
        url = f"{source.issuer.rstrip('/')}/.well-known/openid-configuration"
        return _discovered_jwks_uri(source.issuer, await self._document(url))

    async def _document(self, url: str) -> bytes:
        # The bounds are the fetcher's to keep; they are held here again, where they are promised.
        async with asyncio.timeout(FETCH_TIMEOUT_S):
            body = await self._get(url, timeout_s=FETCH_TIMEOUT_S, max_bytes=MAX_DOCUMENT_BYTES)
        if len(body) > MAX_DOCUMENT_BYTES:
            raise _UntrustedDocument(f"{url} is longer than {MAX_DOCUMENT_BYTES} bytes")
        return body

    def _note_failure(self, source: KeySource, failure: str) -> None:
        record = self._records.setdefault(source, _Record(0.0))
        record.ended_at, record.failure = self._clock(), failure
        self._bound()
        _log.warning("key set of %s not fetched: %s", source.issuer, failure)

    def _keep(self, source: KeySource, key_set: KeySet) -> None:
        old = self._records.pop(source, None)  # put back at the end: the youngest
        now = self._clock()
        self._records[source] = _Record(now, None, key_set, now)
        self._bound()
        if old is None or old.key_set is None or old.key_set.keys != key_set.keys:
            self.generation += 1
        for skipped in key_set.skipped:
            _log.info("key %s of %s left out: %s", skipped.kid, source.issuer, skipped.reason)

    def _bound(self) -> None:
        while len(self._records) > MAX_SOURCES:
            del self._records[next(iter(self._records))]


def _described(key_set: KeySet) -> str:
    kids = [shown(kid) for kid in key_set.keys][:_DESCRIBED_KIDS]
    told = f"{len(key_set.keys)} keys: {' '.join(kids)}" if kids else "no usable keys"
    left_out = [f"{shown(key.kid)} ({key.reason})" for key in key_set.skipped][:_DESCRIBED_KIDS]
    return told + (f", left out: {', '.join(left_out)}" if left_out else "")


def _discovered_jwks_uri(issuer: str, document: bytes) -> str:
    """Read `jwks_uri`; the document must name the very issuer that was asked (Discovery §4.3)."""
    try:
        metadata = parse_object(document)
    except MalformedJson as error:
        raise _UntrustedDocument(f"the discovery document is {error}") from None
    if metadata.get("issuer") != issuer:
        raise _UntrustedDocument(f"discovery names issuer {shown(metadata.get('issuer'))}")
    jwks_uri = metadata.get("jwks_uri")
    if not isinstance(jwks_uri, str):
        raise _UntrustedDocument("discovery names no jwks_uri")
    return _checked_jwks_uri(issuer, jwks_uri)


def _checked_jwks_uri(issuer: str, jwks_uri: str) -> str:
    """Refuse what is not http(s), and plain http for the keys of an https issuer."""
    allowed = {"https"} if urlsplit(issuer).scheme == "https" else {"https", "http"}
    try:
        parts = urlsplit(jwks_uri)
        usable = parts.scheme in allowed and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        usable = False
    if not usable or not jwks_uri.isascii() or not jwks_uri.isprintable() or " " in jwks_uri:
        raise _UntrustedDocument(
            f"jwks_uri {shown(jwks_uri)} is not a URL of {' or '.join(sorted(allowed))}"
        )
    return jwks_uri
