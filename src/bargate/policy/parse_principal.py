"""Read Principal and NotPrincipal: who is meant; names are whole, never patterns."""

import re
from collections.abc import Mapping

from msgspec import structs

from bargate.arn import MalformedArn, parse_arn
from bargate.policy.document import PrincipalElement
from bargate.policy.kind import PolicyKind
from bargate.policy.refusal import Place

_KEYS = ("AWS", "Service", "Federated", "CanonicalUser")
_ACCOUNT = re.compile(r"[0-9]{12}")
_UNIQUE_ID = re.compile(r"(?:AIDA|AROA)[A-Z0-9]{12,124}")
_CANONICAL_USER = re.compile(r"[0-9a-f]{64}")
_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")
_IAM_RESOURCE = re.compile(r"root|(?:user|role)/.+")
_STS_RESOURCE = re.compile(r"assumed-role/[^/]+/[^/]+|federated-user/[^/]+")
_PROVIDER = re.compile(r"(?:saml-provider|oidc-provider)/.+")


def parse_principal(
    written: object, kind: PolicyKind, place: Place, *, negated: bool
) -> PrincipalElement:
    """Read who a statement is about. Raises MalformedPolicy."""
    if kind is PolicyKind.RESOURCE_CONTROL and (written != "*" or negated):
        raise place.syntax('A resource control policy has "Principal": "*" and no other.')
    if written == "*":
        if kind is PolicyKind.TRUST:
            raise _refusal(place, "STAR", "*", 'Write {"AWS": "*"} and a Condition.')
        return PrincipalElement(negated=negated, everyone=True)
    if not isinstance(written, Mapping) or not written:
        raise place.syntax('Write "*" or an object such as {"AWS": "123456789012"}.')
    for key in written:
        if key not in _KEYS:
            raise place.at(str(key)).unknown(str(key), _KEYS)
    names = {key: _names(key, value, place.at(key)) for key, value in written.items()}
    return structs.replace(
        PrincipalElement(negated=negated),
        aws=names.get("AWS", ()),
        service=names.get("Service", ()),
        federated=names.get("Federated", ()),
        canonical_user=names.get("CanonicalUser", ()),
    )


def _names(key: str, written: object, place: Place) -> tuple[str, ...]:
    if isinstance(written, str):
        return (_checked(key, written, place),)
    if not isinstance(written, list | tuple) or not written:
        raise place.syntax("Write a text or a list of at least one text.")
    return tuple(_checked(key, name, place.at(str(index))) for index, name in enumerate(written))


def _checked(key: str, name: object, place: Place) -> str:
    if not isinstance(name, str):
        raise place.syntax("Write a text.")
    if name == "*" and key == "AWS":
        return name
    if "*" in name or "?" in name:
        raise _refusal(place, key, name, "Wildcards are not supported inside a principal.")
    if not _is_name(key, name):
        raise _refusal(place, key, name, _EXPECTED[key])
    return name


_EXPECTED = {
    "AWS": "Write *, an account id, or the ARN of an account root, user, role or session.",
    "Service": "Write a service principal such as lambda.amazonaws.com.",
    "Federated": "Write a provider's ARN or a domain such as accounts.google.com.",
    "CanonicalUser": "Write a canonical user id: 64 hexadecimal digits.",
}


def _is_name(key: str, name: str) -> bool:
    match key:
        case "AWS":
            return bool(
                _ACCOUNT.fullmatch(name) or _UNIQUE_ID.fullmatch(name) or _is_principal_arn(name)
            )
        case "Service":
            return bool(_DOMAIN.fullmatch(name))
        case "Federated":
            return bool(_DOMAIN.fullmatch(name) or _is_arn_of("iam", _PROVIDER, name))
    return bool(_CANONICAL_USER.fullmatch(name))


def _is_principal_arn(name: str) -> bool:
    return _is_arn_of("iam", _IAM_RESOURCE, name) or _is_arn_of("sts", _STS_RESOURCE, name)


def _is_arn_of(service: str, resource: re.Pattern[str], name: str) -> bool:
    try:
        arn = parse_arn(name)
    except MalformedArn:
        return False
    return (
        arn.service == service
        and arn.region == ""
        and bool(_ACCOUNT.fullmatch(arn.account))
        and bool(resource.fullmatch(arn.resource))
    )


def _refusal(place: Place, key: str, name: str, detail: str) -> Exception:
    return place.invalid("principal", detail, field=key, value=name)
