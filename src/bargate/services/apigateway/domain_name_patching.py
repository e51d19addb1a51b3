"""What a patch may change of a custom domain name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from bargate.records.domain_name import DOMAIN_NAME, DomainName, DomainNameEndpoint, MutualTls
from bargate.services.apigateway.domain_name_values import (
    certificate_arn_of,
    checked_truststore,
    show_domain_name,
    the_domain_name,
)
from bargate.services.apigateway.domain_names import new_endpoint
from bargate.services.apigateway.errors import bad_request
from bargate.services.apigateway.more_values import is_storable
from bargate.services.apigateway.patch import Rule, Step, Table, patched
from bargate.services.apigateway.resource_policy import stored_policy
from bargate.services.domain_permissions import require_domain_change
from bargate.services.domain_tls import with_tls
from bargate.services.operation import operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.services.operation import OperationCall, Params

_MAX_TEXT: Final = 1_024
_SECURITY_POLICY: Final = ("TLS_1_0", "TLS_1_2")


@operation(writes=True)
def update_domain_name(call: OperationCall, request: Params) -> Params:
    """Change a domain name."""
    record = the_domain_name(call, request)
    changed = _checked(patched(record, request, _table(call)))
    require_domain_change(call, record, changed)
    changed = with_tls(call, record, changed, bad_request)
    key = DOMAIN_NAME.key_of(record)
    return show_domain_name(call.tx.update(DOMAIN_NAME, key, lambda _: changed))


def _table(call: OperationCall) -> Table:
    replaced = ("replace",)
    return Table(
        (
            Rule("/certificateArn", replaced, _of("EDGE PRIVATE", "certificate_arn")),
            Rule("/certificateName", replaced, _of("EDGE PRIVATE", "certificate_name")),
            Rule("/regionalCertificateArn", replaced, _of("REGIONAL", "certificate_arn")),
            Rule("/regionalCertificateName", replaced, _of("REGIONAL", "certificate_name")),
            Rule(
                "/ownershipVerificationCertificateArn",
                replaced,
                _of("REGIONAL", "ownership_verification_certificate_arn"),
            ),
            Rule("/securityPolicy", replaced, _security_policy),
            Rule("/endpointConfiguration/ipAddressType", replaced, _ip_address_type),
            Rule("/endpointConfiguration/types", ("add",), _add_type(call)),
            Rule("/endpointConfiguration/types", ("remove",), _remove_type),
            Rule("/endpointConfiguration/types/{index}", replaced, _replace_type(call)),
            Rule("/mutualTlsAuthentication/truststoreUri", ("add", "replace"), _truststore_uri),
            Rule("/mutualTlsAuthentication/truststoreVersion", ("add", "replace"), _version),
            Rule("/mutualTlsAuthentication", ("remove",), _no_mutual_tls),
            Rule("/policy", ("replace", "remove"), _policy(call)),
            Rule("/routingMode", replaced, _routing_mode),
        )
    )


def _of(types: str, member: str) -> Any:
    """Make a change of one member of the endpoints that have one of `types`."""

    def change(record: DomainName, step: Step) -> DomainName:
        value = step.text()
        if member.endswith("_arn"):
            certificate_arn_of(value)
        elif len(value) > _MAX_TEXT or not is_storable(value):
            raise step.invalid_value("a name")
        if not any(each.type in types.split() for each in record.endpoints):
            raise bad_request(
                f"Invalid patch path  '{step.path}' specified for op '{step.op}'. The domain name has no {types.replace(' ', ' or ')} endpoint"
            )
        return _each(record, lambda each: each.type in types.split(), {member: value})

    return change


def _each(
    record: DomainName, chosen: Callable[[DomainNameEndpoint], bool], members: dict[str, Any]
) -> DomainName:
    endpoints = tuple(
        replace(each, **members) if chosen(each) else each for each in record.endpoints
    )
    return replace(record, endpoints=endpoints)


def _security_policy(record: DomainName, step: Step) -> DomainName:
    value = step.text()
    if value not in _SECURITY_POLICY and not value.startswith("SecurityPolicy_TLS1"):
        raise step.invalid_value(f"one of: [{', '.join(_SECURITY_POLICY)}]")
    if len(value) > _MAX_TEXT or not is_storable(value):
        raise step.invalid_value("a security policy")
    return _each(record, lambda _: True, {"security_policy": value})


def _ip_address_type(record: DomainName, step: Step) -> DomainName:
    if step.value not in {"ipv4", "dualstack"}:
        raise step.invalid_value("one of: [ipv4, dualstack]")
    if record.is_private and step.value != "dualstack":
        raise step.invalid_value("dualstack")
    return _each(record, lambda _: True, {"ip_address_type": step.value})


def _public_type(step: Step) -> Any:
    """Read an endpoint type; a private name cannot become a public one, or the other way round."""
    if step.value not in {"REGIONAL", "EDGE"}:
        raise step.invalid_value("one of: [REGIONAL, EDGE]")
    return step.value


def _add_type(call: OperationCall) -> Any:
    def change(record: DomainName, step: Step) -> DomainName:
        kind = _public_type(step)
        if record.is_private or any(each.type == kind for each in record.endpoints):
            raise step.invalid_value("a type that the domain name does not have")
        policy = record.endpoints[0].security_policy if record.endpoints else "TLS_1_2"
        added = new_endpoint(call, kind, security_policy=policy)
        return replace(record, endpoints=(*record.endpoints, added))

    return change


def _remove_type(record: DomainName, step: Step) -> DomainName:
    kind = _public_type(step)
    left = tuple(each for each in record.endpoints if each.type != kind)
    if not left or len(left) == len(record.endpoints):
        raise step.invalid_value("one of the two types of the domain name")
    return replace(record, endpoints=left)


def _replace_type(call: OperationCall) -> Any:
    def change(record: DomainName, step: Step) -> DomainName:
        kind = _public_type(step)
        places = [str(place) for place in range(len(record.endpoints))]
        if record.is_private or step.name not in {*places, "EDGE", "REGIONAL"}:
            raise bad_request(f"Invalid patch path  '{step.path}' specified for op 'replace'.")
        for place, each in enumerate(record.endpoints):
            if step.name in {str(place), each.type} and each.type != kind:
                endpoint = new_endpoint(call, kind, security_policy=each.security_policy)
                others = [old for old in record.endpoints if old is not each and old.type != kind]
                return replace(record, endpoints=(endpoint, *others))
        return record

    return change


def _truststore_uri(record: DomainName, step: Step) -> DomainName:
    if not step.value:
        return replace(record, mutual_tls=None)
    found = record.mutual_tls or MutualTls()
    uri = checked_truststore(step.value)
    return replace(record, mutual_tls=replace(found, truststore_uri=uri))


def _version(record: DomainName, step: Step) -> DomainName:
    if record.mutual_tls is None or len(step.value or "") > _MAX_TEXT:
        raise step.invalid_value("a version of the truststore in use")
    return replace(
        record, mutual_tls=replace(record.mutual_tls, truststore_version=step.value or None)
    )


def _no_mutual_tls(record: DomainName, _: Step) -> DomainName:
    return replace(record, mutual_tls=None)


def _policy(call: OperationCall) -> Any:
    def change(record: DomainName, step: Step) -> DomainName:
        if not record.is_private:
            raise bad_request("A policy can only be specified with PRIVATE domain names")
        text = None if step.op == "remove" else step.value
        return replace(record, policy=stored_policy(call, "*", text, private=True))

    return change


def _routing_mode(record: DomainName, step: Step) -> DomainName:
    modes = ("BASE_PATH_MAPPING_ONLY", "ROUTING_RULE_ONLY", "ROUTING_RULE_THEN_BASE_PATH_MAPPING")
    if step.value not in modes:
        raise step.invalid_value(f"one of: [{', '.join(modes)}]")
    return replace(record, routing_mode=step.value)


def _checked(record: DomainName) -> DomainName:
    """Hold what patches may break together: mutual TLS needs a REGIONAL endpoint and TLS 1.2."""
    fits = all(
        each.type == "REGIONAL" and each.security_policy != "TLS_1_0" for each in record.endpoints
    )
    if record.mutual_tls is not None and not fits:
        raise bad_request("Mutual TLS needs a REGIONAL endpoint and TLS 1.2 or later")
    return record
