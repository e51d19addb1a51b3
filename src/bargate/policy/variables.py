"""Policy variables: `${aws:username}`, `${key, 'default'}` and the escapes `${*} ${?} ${$}`.

    text ──► parse_template ──► Template ──► resolve(context) ──► Pattern

A value put in for a variable is literal: a wildcard in it is not special (AWS [O] iam-sts §4).
"""

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from msgspec import Struct

from bargate.arn import SEGMENTS as ARN_SEGMENTS
from bargate.wildcard import Pattern, Wild, tokenize

ContextValue: TypeAlias = str | tuple[str, ...] | None
Lookup: TypeAlias = Callable[[str], ContextValue]


class Variable(Struct, frozen=True):
    """A context key (lower case) whose value is put in when a request is decided."""

    key: str
    default: str | None = None


Template: TypeAlias = tuple[str | Wild | Variable, ...]


class MalformedVariable(ValueError):
    """A policy variable is not written as AWS demands."""


_VARIABLE = re.compile(r"([\w+\-=.:/@]+)(?:, '([^']*)')?")


def parse_template(text: str, *, variables: bool, wildcards: bool) -> Template:
    """Split a policy text into literals, wildcards and variables.

    Without `variables` (version 2008-10-17) a `${` is plain text, without `wildcards` so are `*`
    and `?`. Raises MalformedVariable.
    """
    tokens: list[str | Wild | Variable] = []
    for token in _tokens(text, variables=variables, wildcards=wildcards):
        if tokens and isinstance(token, str) and isinstance(tokens[-1], str):
            tokens[-1] += token
        else:
            tokens.append(token)
    return tuple(tokens)


def _tokens(text: str, *, variables: bool, wildcards: bool) -> Iterator[str | Wild | Variable]:
    at = 0
    while variables and (start := text.find("${", at)) >= 0:
        yield from _plain(text[at:start], wildcards=wildcards)
        end = text.find("}", start)
        if end < 0:
            raise MalformedVariable("A policy variable lacks its closing brace: add } after it.")
        yield _variable(text[start + 2 : end])
        at = end + 1
    yield from _plain(text[at:], wildcards=wildcards)


def _plain(text: str, *, wildcards: bool) -> Pattern:
    if wildcards:
        return tokenize(text)
    return (text,) if text else ()


def _variable(body: str) -> str | Variable:
    if body in ("*", "?", "$"):
        return body
    found = _VARIABLE.fullmatch(body)
    if found is None:
        raise MalformedVariable(
            f"${{{body}}} is not a policy variable: write ${{key}} or ${{key, 'default'}}."
        )
    return Variable(found[1].lower(), found[2])


def is_constant(template: Template) -> bool:
    """Say whether no variable has to be put in."""
    return not any(isinstance(token, Variable) for token in template)


def resolve(template: Template, lookup: Lookup) -> Pattern | None:
    """Put in the request's values; None when one is missing and has no default.

    AWS [O] iam-sts §4: only single-valued keys can stand in a variable, so a key with several
    values leaves the template unresolved.
    """
    tokens: list[str | Wild] = []
    for token in template:
        if not isinstance(token, Variable):
            tokens.append(token)
            continue
        value = lookup(token.key)
        if value is None:
            value = token.default
        if not isinstance(value, str):
            return None
        tokens.append(value)
    return tuple(tokens)


def resolve_text(template: Template, lookup: Lookup) -> str | None:
    """Put in the request's values in a template without wildcards."""
    tokens = resolve(template, lookup)
    return None if tokens is None else "".join(str(token) for token in tokens)


def split_arn(template: Template) -> tuple[Template, ...]:
    """Split a template at the first five colons of its own text, those of variables untouched."""
    segments: list[list[str | Wild | Variable]] = [[]]
    for token in template:
        if not isinstance(token, str):
            segments[-1].append(token)
            continue
        first, *rest = token.split(":", ARN_SEGMENTS - len(segments))
        segments[-1].extend([first] if first else [])
        segments.extend([part] if part else [] for part in rest)
    return tuple(map(tuple, segments))


def constant_pattern(template: Template) -> Pattern:
    """Give the pattern of a template that has no variables."""
    return tuple(token for token in template if not isinstance(token, Variable))
