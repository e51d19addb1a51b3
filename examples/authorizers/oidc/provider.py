"""The keys of an OpenID Connect provider: discovered, kept, and fetched anew within bounds."""

import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

Key = RSAKey | ECKey

_KEPT_S = 600.0  # keys are fetched anew after this time,
_STALE_S = 3600.0  # but still used until this one while the provider does not answer
_PAUSE_S = 30.0  # between fetches because of an unknown key; forged ones cost nothing more
_PAUSE_AFTER_FAILURE_S = 3.0
_TIMEOUT_S = 1.5  # of each of the two fetches: API Gateway waits 10 s on HTTP APIs
_MOST_BYTES = 150_000
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}

_TYPES: dict[object, type[RSAKey] | type[ECKey]] = {"RSA": RSAKey, "EC": ECKey}


class ProviderError(Exception):
    """The provider's keys cannot be had: nobody can be let in, and it is not the caller's fault."""


class Provider:
    """The keys of one issuer; `fetch` gives the JSON at a URL or raises `ProviderError`."""

    def __init__(
        self,
        issuer: str,
        fetch: Callable[[str], Any] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuer = issuer
        self._fetch = fetch or fetch_json
        self._clock = clock
        self._keys: dict[str, Key] = {}
        self._fetched_at = float("-inf")
        self._may_fetch_at = float("-inf")

    def key(self, header: dict[str, Any]) -> Key:
        """Give the key that a token's header names.

        Raises `ValueError` when there is none such, `ProviderError` when that cannot be known.
        """
        kid = header.get("kid")
        if not isinstance(kid, str):
            raise ValueError("the token names no key (kid)")  # noqa: TRY004  it is its value
        if self._age() > _KEPT_S or kid not in self._keys:
            self._refresh()
        if self._age() > _STALE_S:
            raise ProviderError(f"the keys of {self._issuer} could not be fetched")
        if kid not in self._keys:
            raise ValueError("the provider has no key of this name (kid)")
        return self._keys[kid]

    def _age(self) -> float:
        return self._clock() - self._fetched_at

    def _refresh(self) -> None:
        """Fetch the keys unless that was tried a moment ago; keep the old ones on a failure."""
        now = self._clock()
        if now < self._may_fetch_at:
            return
        self._may_fetch_at = now + _PAUSE_AFTER_FAILURE_S
        try:
            self._keys = self._fetch_keys()
        except ProviderError as error:
            print(f"no keys: {error}")
            return
        self._fetched_at = now
        self._may_fetch_at = now + _PAUSE_S

    def _fetch_keys(self) -> dict[str, Key]:
        found = self._fetch(self._issuer.rstrip("/") + "/.well-known/openid-configuration")
        if not isinstance(found, dict) or found.get("issuer") != self._issuer:
            raise ProviderError(f"{self._issuer} says that it is another issuer")
        listed = self._fetch(str(found.get("jwks_uri")))
        keys = listed.get("keys") if isinstance(listed, dict) else None
        if not isinstance(keys, list):
            raise ProviderError(f"the key set of {self._issuer} is none")
        return dict(pair for item in keys if (pair := _read_key(item)) is not None)


def fetch_json(url: str) -> Any:
    """Give the JSON at a URL: over https (http on this machine), no redirects, within bounds."""
    parts = urlsplit(url)
    if parts.scheme != "https" and (parts.scheme != "http" or parts.hostname not in _LOOPBACK):
        raise ProviderError(f"{url} is not an https address")
    try:
        with _OPENER.open(url, timeout=_TIMEOUT_S) as answer:
            body = answer.read(_MOST_BYTES + 1)
        if len(body) > _MOST_BYTES:
            raise ProviderError(f"{url} is larger than {_MOST_BYTES} bytes")
        return json.loads(body)
    except (URLError, OSError, ValueError) as error:
        raise ProviderError(f"{url}: {error}") from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows nothing: a redirect could lead to http, or anywhere."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


def _read_key(item: Any) -> tuple[str, Key] | None:
    """Read one key of a set; None for one of another kind or use, which a set may hold."""
    if not isinstance(item, dict) or not isinstance(item.get("kid"), str):
        return None
    kind = _TYPES.get(item.get("kty"))
    if kind is None or item.get("use", "sig") != "sig":
        return None
    try:
        return item["kid"], kind.import_key(item)
    except (JoseError, ValueError, TypeError):
        return None
