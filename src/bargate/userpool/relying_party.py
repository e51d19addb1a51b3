"""The relying party of a pool's passkeys: for which host they are, and from which pages. Pure.

AWS [M]: RelyingPartyId, or else the pool's domain. Pools have no domains yet, so without
RelyingPartyId there is none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.records.user_pool import UserPool

WEB_AUTHN: Final = "WEB_AUTHN"
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_ORIGIN: Final = re.compile(rf"(https?)://({_HOST.pattern})(?::[0-9]{{1,5}})?")
_LOCAL: Final = "localhost"


def check_relying_party_id(given: str) -> None:
    """Raise InvalidParameterException unless it is the name of a host, in lower case.

    An address is none (WebAuthn §5.1.3), nor is a whole top-level domain [I].
    """
    is_name = _HOST.fullmatch(given) is not None and not given.rpartition(".")[2].isdigit()
    if not is_name or ("." not in given and given != _LOCAL):
        message = f"RelyingPartyId {given} must be the name of a host, such as auth.example.org."
        raise AwsError("InvalidParameterException", message)


def relying_party_of(pool: UserPool) -> str | None:
    """Give the id of a pool's relying party, None where passkeys cannot be used."""
    if WEB_AUTHN not in pool.first_factors or pool.web_authn is None:
        return None
    return pool.web_authn.relying_party_id


def the_relying_party(pool: UserPool) -> str:
    """Give it; raises WebAuthnNotEnabledException, WebAuthnConfigurationMissingException."""
    if WEB_AUTHN not in pool.first_factors:
        message = "Passkeys are not enabled: WEB_AUTHN is not among AllowedFirstAuthFactors."
        raise AwsError("WebAuthnNotEnabledException", message)
    found = relying_party_of(pool)
    if found is None:
        message = "The user pool has no relying party: set WebAuthnConfiguration.RelyingPartyId."
        raise AwsError("WebAuthnConfigurationMissingException", message)
    return found


def is_second_factor_too(pool: UserPool) -> bool:
    """Say whether a passkey with user verification may count as two factors (AWS [M])."""
    settings = pool.web_authn
    factors = None if settings is None else settings.factor_configuration
    return factors == "MULTI_FACTOR_WITH_USER_VERIFICATION"


def must_verify_user(pool: UserPool) -> bool:
    """Say whether authenticators must verify who uses them, by a PIN or finger (AWS [M])."""
    settings = pool.web_authn
    is_required = settings is not None and settings.user_verification == "required"
    return is_required or is_second_factor_too(pool)


def is_origin_of(rp_id: str, origin: str) -> bool:
    """Say whether a page of this origin may use the relying party's passkeys.

    WebAuthn §5.1.3 [I]: https on that host or one below it, on any port, since passkeys are bound
    to hosts; on localhost http, too. Nothing else, such as an app's `android:apk-key-hash:…`.
    """
    found = _ORIGIN.fullmatch(origin)
    if found is None:
        return False
    scheme, host = found.groups()
    if scheme == "http":
        return rp_id == host == _LOCAL
    return host == rp_id or host.endswith(f".{rp_id}")
