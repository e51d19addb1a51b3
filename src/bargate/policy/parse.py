"""Read a policy as strictly as AWS does; what is not understood is refused, never skipped."""

from collections.abc import Mapping
from datetime import date
from typing import Any, get_args

from bargate.policy.document import CURRENT_VERSION, DEFAULT_VERSION, Policy, Statement, Version
from bargate.policy.json_document import MalformedJson, read_json, write_compact
from bargate.policy.kind import RULES, PolicyKind
from bargate.policy.malformed import MalformedPolicy
from bargate.policy.parse_statement import parse_statement
from bargate.policy.refusal import Place

_ELEMENTS = ("Version", "Id", "Statement")


def parse_policy(
    source: str | Mapping[str, Any],
    kind: PolicyKind,
    *,
    name: str = "",
    max_size: int | None = None,
    current_version_only: bool = False,
) -> Policy:
    """Read a policy from JSON text or from a document that was read already.

    `max_size` bounds its characters, counted as AWS does for the kind; `current_version_only`
    refuses 2008-10-17, as CreatePolicy does. Raises MalformedPolicy.
    """
    place = Place(RULES[kind].texts)
    _check_size(source, kind, max_size)
    document = _read(source, kind, place)
    for key in document:
        if key not in _ELEMENTS:
            raise place.at(str(key)).unknown(str(key), _ELEMENTS)
    current_only = current_version_only or RULES[kind].version_required
    version = _version(document, place, current_only=current_only)
    statements = _statements(document, kind, place, variables=version == CURRENT_VERSION)
    _check_sids(statements, kind, place)
    return Policy(
        kind=kind,
        statements=statements,
        version=version,
        id=_id(document, place),
        name=name,
    )


def _read(source: str | Mapping[str, Any], kind: PolicyKind, place: Place) -> Mapping[str, Any]:
    document: object = source
    if isinstance(source, str):
        if RULES[kind].latin1_only and (bad := _first_bad_character(source)):
            raise place.syntax(f"The character U+{ord(bad):04X} is not allowed in a policy.")
        try:
            document = read_json(source)
        except MalformedJson as error:
            raise place.at(*error.path).invalid("json", str(error)) from error
    if not isinstance(document, Mapping):
        raise place.syntax("A policy is a JSON object.")
    return document


def _first_bad_character(text: str) -> str | None:
    """Find a character outside of U+0009, A, D, 20-FF (AWS [M] iam-sts §2)."""
    return next(
        (c for c in text if c > "\u00ff" or (c < " " and c not in "\t\n\r")),
        None,
    )


def _check_size(source: str | Mapping[str, Any], kind: PolicyKind, max_size: int | None) -> None:
    if max_size is None:
        return
    text = source if isinstance(source, str) else write_compact(source)
    size = len(text) if RULES[kind].size_counts_whitespace else sum(not c.isspace() for c in text)
    if size > max_size:
        raise MalformedPolicy(
            "LimitExceeded",
            f"Cannot exceed quota for PolicySize: {max_size}",
            (),
            f"The policy has {size} characters.",
        )


def _version(document: Mapping[str, Any], place: Place, *, current_only: bool) -> Version:
    # YAML reads an unquoted 2012-10-17 as a date.
    written = document.get("Version", DEFAULT_VERSION)
    text = written.isoformat() if isinstance(written, date) else written
    if text not in get_args(Version):
        raise place.at("Version").syntax(
            f"{written!r} is not a version. Use one of {', '.join(get_args(Version))}."
        )
    if current_only and text != CURRENT_VERSION:
        raise place.at("Version").message(
            "Policy document must be version 2012-10-17 or greater.",
            f'Write "Version": "{CURRENT_VERSION}".',
        )
    return CURRENT_VERSION if text == CURRENT_VERSION else DEFAULT_VERSION


def _id(document: Mapping[str, Any], place: Place) -> str | None:
    value = document.get("Id")
    if "Id" in document and not isinstance(value, str):
        raise place.at("Id").syntax("Id is a text.")
    return value


def _statements(
    document: Mapping[str, Any], kind: PolicyKind, place: Place, *, variables: bool
) -> tuple[Statement, ...]:
    if "Statement" not in document:
        raise place.missing("Statement", "Add a Statement to the policy.")
    written = document["Statement"]
    here = place.at("Statement")
    if isinstance(written, Mapping):
        return (parse_statement(written, kind, here, variables=variables),)
    if not isinstance(written, list | tuple) or not written:
        raise here.syntax("Statement is a statement or a list of at least one.")
    return tuple(
        parse_statement(statement, kind, here.at(str(index)), variables=variables)
        for index, statement in enumerate(written)
    )


def _check_sids(statements: tuple[Statement, ...], kind: PolicyKind, place: Place) -> None:
    if not RULES[kind].sids_unique:
        return
    seen: set[str] = set()
    for index, statement in enumerate(statements):
        if statement.sid and statement.sid in seen:
            raise place.at("Statement", str(index), "Sid").message(
                "Statement IDs (SID) in a single policy must be unique.",
                f"{statement.sid!r} is used before.",
            )
        seen.add(statement.sid or "")
