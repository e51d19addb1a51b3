"""What administrators say of an identity provider, checked. Nobody signs in through one yet.

AWS [M] CreateIdentityProvider: which details each type has; [I] no others are taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from bargate.secret import Secret
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.records.user_pool import UserPool

LOCAL: Final = "COGNITO"
_MAX_DETAIL: Final = 131_072
_MAX_CLAIM: Final = 2_048  # AWS [D] cognito-userpools §10
_SECRETS: Final = frozenset({"client_secret", "private_key"})
_BOOLEANS: Final = frozenset({"IDPInit", "IDPSignout", "EncryptedResponses"})
_ENDPOINTS: Final = ("authorize_url", "token_url", "attributes_url", "jwks_uri")
_URLS: Final = frozenset({*_ENDPOINTS, "oidc_issuer", "MetadataURL"})
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_SOCIAL: Final = frozenset({"client_id", "client_secret", "authorize_scopes"})
_READ_ONLY: Final = frozenset(
    # AWS [M]: told by Describe, and so given back with an update; they say nothing here
    {"attributes_url_add_attributes", "token_request_method"}
)
# By type: what must be there, and what may be.
_REQUIRED: Final[Mapping[str, frozenset[str]]] = {
    "Facebook": _SOCIAL,
    "Google": _SOCIAL,
    "LoginWithAmazon": _SOCIAL,
    "SignInWithApple": frozenset(
        {"client_id", "team_id", "key_id", "private_key", "authorize_scopes"}
    ),
    "OIDC": frozenset(
        {"client_id", "attributes_request_method", "oidc_issuer", "authorize_scopes"}
    ),
    "SAML": frozenset(),
}
_OPTIONAL: Final[Mapping[str, frozenset[str]]] = {
    "Facebook": frozenset({"api_version"}),
    "OIDC": frozenset({"client_secret", *_ENDPOINTS}),
    "SAML": frozenset({"MetadataURL", "MetadataFile", "RequestSigningAlgorithm", *_BOOLEANS}),
}
SOCIAL: Final = frozenset(_REQUIRED) - {"OIDC", "SAML"}


def check_name(name: str, kind: str) -> None:
    """Raise InvalidParameterException unless a provider of a type may have a name."""
    if kind in SOCIAL and name != kind:
        raise _invalid(f"A provider of type {kind} must be named {kind}.")
    if kind not in SOCIAL and (name in SOCIAL or name.upper() == LOCAL):
        raise _invalid(f"{name} cannot be the name of a provider of type {kind}.")


def checked_details(
    kind: str, given: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, Secret]]:
    """Give what is told of a provider, and apart from it its secrets; InvalidParameterException."""
    optional = _OPTIONAL.get(kind, frozenset())
    details = {name: value for name, value in given.items() if name not in _READ_ONLY}
    missing = sorted(name for name in _REQUIRED[kind] if not details.get(name))
    if missing:
        raise _invalid(f"ProviderDetails of type {kind} need {', '.join(missing)}.")
    unknown = sorted(set(details) - _REQUIRED[kind] - optional)
    if unknown:
        raise _invalid(f"ProviderDetails of type {kind} do not have {unknown[0][:64]}.")
    for name, value in details.items():
        _check_detail(name, value)
    if kind == "OIDC":
        _check_oidc(details)
    if kind == "SAML" and ("MetadataURL" in details) == ("MetadataFile" in details):
        raise _invalid("ProviderDetails of type SAML need MetadataURL or MetadataFile.")
    secrets = {name: Secret(value) for name, value in details.items() if name in _SECRETS}
    return {name: value for name, value in details.items() if name not in _SECRETS}, secrets


def _check_detail(name: str, value: str) -> None:
    if len(value) > _MAX_DETAIL:
        raise _invalid(f"{name} must have at most {_MAX_DETAIL} characters.")
    if name in _BOOLEANS and value not in ("true", "false"):
        raise _invalid(f"{name} must be true or false.")
    if name == "RequestSigningAlgorithm" and value != "rsa-sha256":
        raise _invalid("RequestSigningAlgorithm must be rsa-sha256.")
    if name in _URLS:
        _check_url(name, value)


def _check_url(name: str, value: str) -> None:
    try:
        parts = urlsplit(value)
        host = parts.hostname
    except ValueError:
        host, parts = None, urlsplit("")
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    if not host or not is_safe or parts.fragment:
        raise _invalid(f"{name} must be an https URL.")


def _check_oidc(details: Mapping[str, str]) -> None:
    if details["attributes_request_method"] not in ("GET", "POST"):
        raise _invalid("attributes_request_method must be GET or POST.")
    if "openid" not in details["authorize_scopes"].split():  # AWS [D] cognito-userpools §10
        raise _invalid("authorize_scopes must have openid.")
    said = [name for name in _ENDPOINTS if name in details]
    if said and len(said) < len(_ENDPOINTS):
        raise _invalid(f"Give all of {', '.join(_ENDPOINTS)}, or none of them.")


def checked_mapping(pool: UserPool, given: Mapping[str, str]) -> dict[str, str]:
    """Give which attribute is filled by which claim; raises InvalidParameterException."""
    known = {each.name for each in pool.schema} - {"sub"} | {"username"}
    for name, claim in given.items():
        if name not in known:
            raise _invalid(f"Attribute mapping: {name} is not an attribute of the user pool.")
        if len(claim) > _MAX_CLAIM:
            raise _invalid(f"Attribute mapping: the claim of {name} is too long.")
    return dict(given)


def checked_acr_mapping(kind: str, given: Mapping[str, str]) -> dict[str, str]:
    """Give the provider's words for levels of authentication; raises InvalidParameterException."""
    if given and kind != "OIDC":
        raise _invalid("Only providers of type OIDC have an AcrMapping.")
    return dict(given)


def fields_of(pool: UserPool, kind: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """Give the fields of a provider that a request speaks of."""
    fields: dict[str, Any] = {}
    if request.get("ProviderDetails") is not None:
        fields["details"], fields["secrets"] = checked_details(kind, request["ProviderDetails"])
    if request.get("AttributeMapping") is not None:
        fields["mapping"] = checked_mapping(pool, request["AttributeMapping"])
    if request.get("AcrMapping") is not None:
        fields["acr_mapping"] = checked_acr_mapping(kind, request["AcrMapping"])
    if request.get("IdpIdentifiers") is not None:
        fields["identifiers"] = tuple(dict.fromkeys(request["IdpIdentifiers"]))
    return fields


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
