"""Read one statement: Effect, Action, Resource, Sid; Principal and Condition have own files."""

import re
from collections.abc import Mapping
from sys import intern
from typing import Any, Literal

from bargate.policy.document import Element, PrincipalElement, Statement
from bargate.policy.kind import RULES, PolicyKind
from bargate.policy.parse_condition import parse_conditions
from bargate.policy.parse_principal import parse_principal
from bargate.policy.parse_resource import check_resource
from bargate.policy.refusal import Place

_ELEMENTS = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
_ALPHANUMERIC = re.compile(r"[0-9A-Za-z]*")
_SERVICE_PREFIX = re.compile(r"[a-zA-Z0-9.-]+")
_ACTION_NAME = re.compile(r"[\w*?./-]+", re.ASCII)


def parse_statement(
    written: object, kind: PolicyKind, place: Place, *, variables: bool
) -> Statement:
    """Read one statement of a policy of `kind`. Raises MalformedPolicy."""
    if not isinstance(written, Mapping):
        raise place.syntax("A statement is a JSON object.")
    for key in written:
        if key not in _ELEMENTS:
            raise place.at(str(key)).unknown(str(key), _ELEMENTS)
    statement = Statement(
        sid=_sid(written, kind, place),
        effect=_effect(written, place),
        principal=_principal(written, kind, place),
        action=_action(written, kind, place),
        resource=_resource(written, kind, place, variables=variables),
        conditions=parse_conditions(
            written.get("Condition", {}), place.at("Condition"), variables=variables
        ),
    )
    if kind is PolicyKind.RESOURCE_CONTROL:
        _check_resource_control(statement, place)
    return statement


def _sid(written: Mapping[str, Any], kind: PolicyKind, place: Place) -> str | None:
    if "Sid" not in written:
        return None
    sid = written["Sid"]
    if not isinstance(sid, str):
        raise place.at("Sid").syntax("Sid is a text.")
    if RULES[kind].sids_alphanumeric and not _ALPHANUMERIC.fullmatch(sid):
        raise place.at("Sid").message(
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the "
            "regular expression [0-9A-Za-z]*",
            f"{sid!r} has other characters.",
        )
    return sid


def _effect(written: Mapping[str, Any], place: Place) -> Literal["Allow", "Deny"]:
    if "Effect" not in written:
        raise place.missing("Effect", "Add an Effect of Allow or Deny.")
    effect = written["Effect"]
    if effect == "Allow":
        return "Allow"
    if effect == "Deny":
        return "Deny"
    raise place.at("Effect").invalid(
        "effect", "Effect is Allow or Deny, in this case.", value=str(effect)
    )


def _one_of(written: Mapping[str, Any], element: str, place: Place) -> str | None:
    """Find which of an element and its `Not` form is there."""
    negated = f"Not{element}"
    if element in written and negated in written:
        raise place.at(negated).syntax(f"{element} and {negated} exclude each other.")
    return next((key for key in (element, negated) if key in written), None)


def _texts(written: object, place: Place) -> list[tuple[str, Place]]:
    """Read a text or a list of at least one, each with its place."""
    if isinstance(written, str):
        return [(written, place)]
    if not isinstance(written, list | tuple) or not written:
        raise place.syntax("Write a text or a list of at least one text.")
    items = [(item, place.at(str(index))) for index, item in enumerate(written)]
    for item, item_place in items:
        if not isinstance(item, str):
            raise item_place.syntax("Write a text.")
    return items


def _principal(
    written: Mapping[str, Any], kind: PolicyKind, place: Place
) -> PrincipalElement | None:
    key = _one_of(written, "Principal", place)
    if key is None:
        if RULES[kind].principal == "required":
            detail = f"Add a Principal: a {kind.value} says who it is about."
            raise place.invalid("missing_principal", detail)
        return None
    if RULES[kind].principal == "prohibited":
        detail = f"Remove {key}: a {kind.value} is about whom it is attached to."
        raise place.at(key).invalid("prohibited_principal", detail)
    return parse_principal(written[key], kind, place.at(key), negated=key != "Principal")


def _action(written: Mapping[str, Any], kind: PolicyKind, place: Place) -> Element:
    key = _one_of(written, "Action", place)
    if key is None or written[key] == []:
        raise place.invalid("missing_action", "Add an Action or NotAction.")
    actions = _texts(written[key], place.at(key))
    for action, action_place in actions:
        _check_action(action, kind, action_place)
    # Many policies name the same few actions.
    return Element(tuple(intern(action) for action, _ in actions), key != "Action")


def _check_action(action: str, kind: PolicyKind, place: Place) -> None:
    # Texts of IAM. [R]
    service, colon, name = action.partition(":")
    if action != "*":
        if not colon:
            raise place.message(
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
                f"{action!r} has no service prefix: write service:Name.",
            )
        if ":" in name:
            raise place.message(
                "Actions/Condition can contain only one colon.", f"{action!r} has more."
            )
        if service != "*" and not _SERVICE_PREFIX.fullmatch(service):
            raise place.message(
                f"Vendor {service} is not valid", "A service prefix has no wildcards or symbols."
            )
        if not _ACTION_NAME.fullmatch(name):
            raise place.message(f"Invalid Action: {action}", "Write service:Name, e.g. iam:Get*.")
    if kind is PolicyKind.TRUST and service.lower() != "sts":
        raise place.message(
            "AssumeRole policy may only specify STS AssumeRole actions.",
            f"{action!r} is of another service.",
        )


def _resource(
    written: Mapping[str, Any], kind: PolicyKind, place: Place, *, variables: bool
) -> Element | None:
    key = _one_of(written, "Resource", place)
    if RULES[kind].resource == "prohibited":
        if key is None:
            return None
        detail = f"Remove {key}: the resource is the role itself."
        raise place.at(key).invalid("prohibited_field", detail, field=key)
    if key is None or written[key] == []:
        raise place.invalid("missing_resource", "Add a Resource or NotResource.")
    resources = _texts(written[key], place.at(key))
    for resource, resource_place in resources:
        check_resource(resource, kind, resource_place, variables=variables)
    return Element(tuple(resource for resource, _ in resources), key != "Resource")


def _check_resource_control(statement: Statement, place: Place) -> None:
    """Hold a resource control policy to what Organizations accepts. [D] RCP syntax."""
    if statement.action.negated:
        raise place.at("NotAction").syntax("A resource control policy has no NotAction.")
    if statement.effect == "Allow" and (
        statement.action.values != ("*",)
        or statement.resource != Element(("*",))
        or statement.conditions
    ):
        raise place.at("Effect").syntax(
            "A resource control policy denies; only RCPFullAWSAccess allows, and everything."
        )
