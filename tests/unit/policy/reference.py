"""A slow, readable evaluator: the differential oracle of the compiled one.

Written from iam-sts §1-4, not from the compiler: it reads the parsed Policy at every request and
shares no code with what it checks (own wildcards, own variables, own addresses and dates).
"""

import base64
import binascii
import ipaddress
import re
from datetime import UTC, datetime
from fractions import Fraction

from bargate.policy import AccessRequest, Policy, PolicyKind, Statement
from bargate.policy.principals import (
    AccountRoot,
    Anonymous,
    FederatedUser,
    IamUser,
    RoleSession,
    Service,
    WebIdentity,
)

UNRESOLVED = object()
STAR, ONE = object(), object()


def decide(policy: Policy, request: AccessRequest) -> str:
    """Give "Deny", "Allow" or "silent"."""
    effects = {s.effect for s in policy.statements if applies(policy, s, request)}
    if "Deny" in effects:
        return "Deny"
    return "Allow" if "Allow" in effects else "silent"


def applies(policy: Policy, statement: Statement, request: AccessRequest) -> bool:
    return (
        principal_applies(statement, request.principal)
        and action_applies(statement, request.action)
        and resource_applies(policy, statement, request)
        and all(condition_holds(policy, c, request.context) for c in statement.conditions)
    )


# --- wildcards: a table of prefixes, no cleverness


def glob(tokens, text):
    reachable = {0}
    for token in tokens:
        if token is STAR:
            reachable = set(range(min(reachable), len(text) + 1)) if reachable else set()
        elif token is ONE:
            reachable = {i + 1 for i in reachable if i < len(text)}
        else:
            reachable = {i + 1 for i in reachable if i < len(text) and text[i] == token}
    return len(text) in reachable


def characters(text, *, wild):
    special = {"*": STAR, "?": ONE} if wild else {}
    return [special.get(c, c) for c in text]


# --- variables


def expand(text, context, *, variables, wild):
    """Give a list of tokens, or UNRESOLVED."""
    tokens = []
    while text:
        found = re.match(r"\$\{([^}]*)\}", text) if variables else None
        if not found:
            tokens += characters(text[0], wild=wild)
            text = text[1:]
            continue
        text = text[found.end() :]
        body = found[1]
        if body in ("*", "?", "$"):
            tokens.append(body)
            continue
        key, comma, default = body.partition(", '")
        value = context.get(key.lower())
        if value is None and comma:
            value = default[:-1]
        if not isinstance(value, str):
            return UNRESOLVED
        tokens += list(value)
    return tokens


def has_variables(policy):
    return policy.version == "2012-10-17"


# --- principal


def everyone(element):
    return element.everyone or "*" in element.aws


def account_listed(element, account):
    return any(
        name == account or re.fullmatch(rf"arn:[^:]*:iam::{account}:root", name)
        for name in element.aws
    )


def means(element, principal):
    """Is the principal meant by any of the names listed?"""
    if everyone(element):
        return True
    match principal:
        case Anonymous():
            return False
        case Service():
            return principal.name in element.service
        case WebIdentity():
            return principal.provider in element.federated
        case AccountRoot():
            names = []
        case IamUser():
            names = [principal.arn, principal.user_id]
        case RoleSession():
            names = [principal.role_arn, principal.role_id, principal.session_arn]
        case FederatedUser():
            names = [principal.arn, principal.user_arn, principal.user_id]
    return (
        account_listed(element, principal.account)
        or any(name in element.aws for name in names)
        or (isinstance(principal, RoleSession) and principal.provider in element.federated)
        or principal.canonical_user_id in element.canonical_user
    )


def fully_listed(element, principal):
    """Are account, role and session all listed, as a Deny with NotPrincipal demands?"""
    if everyone(element):
        return True
    if isinstance(principal, Anonymous):
        return False
    if isinstance(principal, Service | WebIdentity):
        return means(element, principal)
    account = (
        account_listed(element, principal.account)
        or principal.canonical_user_id in element.canonical_user
    )
    match principal:
        case AccountRoot():
            return account
        case IamUser():
            return account and (principal.arn in element.aws or principal.user_id in element.aws)
        case FederatedUser():
            return account and principal.arn in element.aws
    role = principal.role_arn in element.aws or principal.role_id in element.aws
    return account and role and principal.session_arn in element.aws


def principal_applies(statement, principal):
    element = statement.principal
    if element is None:
        return True
    if not element.negated:
        return means(element, principal)
    if statement.effect == "Deny":
        return not fully_listed(element, principal)
    return not means(element, principal)


# --- action, resource


def action_applies(statement, action):
    listed = any(
        glob(characters(value.lower(), wild=True), action.lower())
        for value in statement.action.values
    )
    return listed is not statement.action.negated


def resource_applies(policy, statement, request):
    element = statement.resource
    if element is None:
        return True
    fits = [resource_fits(policy, value, request) for value in element.values]
    if not element.negated:
        return True in fits
    if True in fits:
        return False
    return statement.effect == "Deny" if UNRESOLVED in fits else True


def resource_fits(policy, pattern, request):
    if pattern == "*":
        return True
    parts = pattern.split(":", 5)
    if len(parts) < 6:
        wild = "*" in pattern or "?" in pattern
        if policy.kind in (PolicyKind.RESOURCE, PolicyKind.ENDPOINT) and not wild:
            return False
        parts += ["*"] * (6 - len(parts))
    tail = expand(parts[5], request.context, variables=has_variables(policy), wild=True)
    if tail is UNRESOLVED:
        return UNRESOLVED
    asked = request.resource.split(":", 5)
    if len(asked) < 6:
        return False
    return glob(tail, asked[5]) and all(
        glob(characters(part.lower(), wild=True), given.lower())
        for part, given in zip(parts[:5], asked[:5], strict=True)
    )


# --- conditions

NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnLike",
    "ArnNotLike": "ArnLike",
}


def condition_holds(policy, condition, context):
    operator = condition.operator
    value = context.get(condition.key.lower())
    values = () if value is None else (value,) if isinstance(value, str) else value
    if operator.name == "Null":
        return any((word.lower() == "true") == (not values) for word in condition.values)
    name = NEGATED.get(operator.name, operator.name)
    negated = name != operator.name

    def one(asked):
        found = any(compare(policy, name, v, asked, context) for v in condition.values)
        return found is not negated

    if operator.quantifier == "ForAllValues":
        return all(one(v) for v in values)
    if operator.quantifier == "ForAnyValue":
        return any(one(v) for v in values) if values else operator.if_exists
    if not values:
        return negated or operator.if_exists
    return isinstance(value, str) and one(value)


def compare(policy, name, written, asked, context):
    variables = has_variables(policy)
    if name.startswith(("String", "Bool")):
        tokens = expand(written, context, variables=variables, wild=name == "StringLike")
        return tokens is not UNRESOLVED and text_matches(name, tokens, asked)
    if name.startswith("Arn"):
        return arn_like(written, asked, context, variables=variables)
    if name == "BinaryEquals":
        return decoded(written) == decoded(asked) is not None
    if name == "IpAddress":
        return address_in(asked, written)
    read = number if name.startswith("Numeric") else moment
    left, right = read(asked), read(written)
    if left is None or right is None:
        return False
    return {
        "Equals": left == right,
        "LessThan": left < right,
        "LessThanEquals": left <= right,
        "GreaterThan": left > right,
        "GreaterThanEquals": left >= right,
    }[name.removeprefix("Numeric").removeprefix("Date")]


def text_matches(name, tokens, asked):
    if name == "StringLike":
        return glob(tokens, asked)
    text = "".join(tokens)
    if name == "StringEquals":
        return text == asked
    if name == "Bool" and asked.lower() not in ("true", "false"):
        return False
    return text.lower() == asked.lower()


def arn_like(written, asked, context, *, variables):
    # Colons of variables do not separate: hide them while splitting.
    hidden = (
        re.sub(r"\$\{[^}]*\}", lambda m: m[0].replace(":", "\0"), written) if variables else written
    )
    parts, given = hidden.split(":", 5), asked.split(":", 5)
    if len(parts) != 6 or len(given) != 6:
        return False
    for part, text in zip(parts, given, strict=True):
        tokens = expand(part.replace("\0", ":"), context, variables=variables, wild=True)
        if tokens is UNRESOLVED or not glob(tokens, text):
            return False
    return True


def decoded(text):
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def address_in(asked, written):
    try:
        address, network = ipaddress.ip_address(asked), ipaddress.ip_network(written, strict=False)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if address.version == 6 else None
    return (mapped or address) in network


def number(text):
    return Fraction(text) if re.fullmatch(r"[+-]?\d+(\.\d+)?", text, re.ASCII) else None


def moment(text):
    if re.fullmatch(r"\d{1,15}", text, re.ASCII):
        return Fraction(text)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    return Fraction(found.timestamp())
