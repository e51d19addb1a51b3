"""Checks 12 and 13: the credential's scope (iam-sts §6)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from bargate.sigv4.asymmetric import ECDSA_P256_SHA256, REGION_SET, covers
from bargate.sigv4.fault import SignatureFault, incomplete, invalid, shown
from bargate.sigv4.presented import query_parameters
from bargate.sigv4.signing_key import TERMINATOR

if TYPE_CHECKING:
    from bargate.sigv4.presented import Presented
    from bargate.sigv4.request import SignedRequest

_CLAIMED = re.compile(rb"[\s,]Credential=([^,\s]+)")
_MAX_CREDENTIAL_CHARACTERS = 512


class CredentialScope(Struct, frozen=True):
    """What a request claims to be signed for; `region` is empty for Signature Version 4A."""

    access_key_id: str
    date: str
    region: str
    service: str


def credential_scope(request: SignedRequest) -> CredentialScope | None:
    """Give what a request claims, to find its service by; nothing of it is checked."""
    for name, value in request.headers:
        if name.lower() == b"authorization":
            found = _CLAIMED.search(value)
            return _parse(found[1].decode("latin-1")) if found else None
    values = query_parameters(request.query).get("X-Amz-Credential")
    return _parse(values[0]) if values else None


def _parse(credential: str) -> CredentialScope | None:
    if len(credential) > _MAX_CREDENTIAL_CHARACTERS:
        return None
    match credential.split("/"):
        case [key, date, region, service, _]:
            return CredentialScope(key, date, region, service)
        case [key, date, service, _]:
            return CredentialScope(key, date, "", service)
    return None


def check_scope(presented: Presented, region: str, service: str) -> SignatureFault | None:
    """Hold the scope against region, service, terminator and date."""
    elements = presented.credential.split("/")
    is_set = presented.algorithm == ECDSA_P256_SHA256
    form = "keyid/date/service/term" if is_set else "keyid/date/region/service/term"
    count = form.count("/") + 1
    if len(elements) != count or not elements[0]:
        return incomplete(
            f"Credential must have exactly {count} slash-delimited elements, e.g. {form},"
            f" got '{shown(presented.credential)}'",
            "credential",
            f"the credential has not the form {form}",
        )
    if is_set:
        return _check_region_set(presented, region) or _check(
            presented, elements, region, (region, service)
        )
    return _check(presented, elements, elements[2], (region, service))


def _check_region_set(presented: Presented, region: str) -> SignatureFault | None:
    """Demand a region set that names the region.

    [I] AWS's text for this is not recorded; a region's is used.
    """
    if presented.region_set is not None and covers(presented.region_set, region):
        return None
    sent = shown(presented.region_set or "")
    message = f"Credential should be scoped to a valid region, not '{sent}'."
    return invalid(message, "region_set", f"{REGION_SET} does not name {region}")


def _check(
    presented: Presented, elements: list[str], sent_region: str, expected: tuple[str, str]
) -> SignatureFault | None:
    region, service = expected
    date, sent_service, terminator = elements[1], elements[-2], elements[-1]
    wrong = []
    if sent_region != region:
        wrong.append(f"Credential should be scoped to a valid region, not '{shown(sent_region)}'.")
    if sent_service != service:
        wrong.append(f"Credential should be scoped to correct service: '{service}'.")
    if terminator != TERMINATOR:
        wrong.append(
            f"Credential should be scoped with a valid terminator: '{TERMINATOR}',"
            f" not '{shown(terminator)}'."
        )
    if date != presented.timestamp[:8]:
        wrong.append(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from"
            f" HTTP: '{shown(date)}' != '{presented.timestamp[:8]}', from '{presented.timestamp}'."
        )
    if not wrong:
        return None
    return invalid(" ".join(wrong), "scope", wrong[0])
