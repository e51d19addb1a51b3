"""Compile a policy to closures that decide a request in a few microseconds.

Denies are asked before allows, so the first statement that applies decides: an explicit deny
always wins, whatever the order in the document.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import TypeAlias

from msgspec import Struct, structs

from bargate.policy.compile_principal import compile_bypass, compile_principal
from bargate.policy.compile_resource import Reach, compile_action, compile_resource, reach_of
from bargate.policy.conditions import OPERATORS, compile_condition
from bargate.policy.conditions.rule import RequestTest
from bargate.policy.decision import Decision, StatementRef, allow, explicit_deny, silent
from bargate.policy.document import CURRENT_VERSION, Element, Policy, Statement
from bargate.policy.principals import Bypass
from bargate.policy.request import AccessRequest
from bargate.policy.variables import Variable, parse_template
from bargate.wildcard import TextTest

Target: TypeAlias = tuple[Element | None, Element | None]
Tests: TypeAlias = tuple[RequestTest, ...]
BypassOf: TypeAlias = Callable[[AccessRequest], Bypass]
Member: TypeAlias = tuple[Tests, BypassOf, tuple[Decision, ...]]
Group: TypeAlias = tuple[Tests, tuple[Member, ...]]


class CompiledStatement(Struct, frozen=True, eq=False):
    """One statement; None tests always hold, `tests` are the named rest.

    `target` is what `action` and `resource` were compiled from.
    """

    ref: StatementRef
    denies: bool
    target: Target
    action: TextTest | None
    resource: RequestTest | None
    tests: tuple[tuple[str, RequestTest], ...]
    bypass: BypassOf
    decisions: tuple[Decision, ...]


class StatementTrace(Struct, frozen=True):
    """How one statement saw a request; `failed` names the elements that did not match."""

    ref: StatementRef
    denies: bool
    failed: tuple[str, ...]

    @property
    def applies(self) -> bool:
        """Whether the statement took part in the decision."""
        return not self.failed


class CompiledPolicy:
    """A policy, ready to decide.

    Statements of one effect are grouped by Action and Resource, which many share, so that a
    request is held against each different Action and Resource once.
    """

    __slots__ = ("_allows", "_denies", "policy", "silent", "statements")

    def __init__(self, policy: Policy, statements: tuple[CompiledStatement, ...]) -> None:
        self.policy = policy
        self.statements = statements
        self.silent = silent(policy.kind, policy.name)
        self._denies = _groups(statement for statement in statements if statement.denies)
        self._allows = _groups(statement for statement in statements if not statement.denies)

    def decide(self, request: AccessRequest) -> Decision:
        """Decide a request by this policy alone.

        Among several statements that allow, the one that reaches furthest for this caller counts.
        """
        # Loops in loops instead of a function a statement: a Python call costs more than a test.
        for targets, members in self._denies:
            for test in targets:
                if not test(request):
                    break
            else:
                for tests, _bypass, decisions in members:
                    for test in tests:
                        if not test(request):
                            break
                    else:
                        return decisions[0]
        return self._allowed(request)

    def _allowed(self, request: AccessRequest) -> Decision:
        best = self.silent
        for targets, members in self._allows:
            for test in targets:
                if not test(request):
                    break
            else:
                for tests, bypass, decisions in members:
                    for test in tests:
                        if not test(request):
                            break
                    else:
                        decision = decisions[bypass(request)]
                        if decision.bypass is Bypass.EVERYTHING:
                            return decision
                        if best is self.silent or decision.bypass > best.bypass:
                            best = decision
        return best

    def narrow(self, action: str) -> "CompiledPolicy":
        """Give the policy for one action alone: what cannot match is gone, the rest unasked.

        INVARIANT: decides every request for `action` as this policy does. Only such requests may
        be put to it.
        """
        folded = action.lower()
        return CompiledPolicy(
            self.policy,
            tuple(
                structs.replace(statement, action=None, target=(None, statement.target[1]))
                for statement in self.statements
                if statement.action is None or statement.action(folded)
            ),
        )

    def narrow_resource(self, start: str) -> "CompiledPolicy":
        """Give the policy for resources whose ARN, as `fold_arn` gives it, begins with `start`.

        INVARIANT: decides every request for such a resource as this policy does.
        """
        if self.policy.version == CURRENT_VERSION and "$" in start:
            return self  # what looks like a variable in a resource is left to the whole policy
        statements = []
        for statement in self.statements:
            element = statement.target[1]
            reach = Reach.SOME if element is None else reach_of(element, start)
            if reach is Reach.ALL:
                statements.append(
                    structs.replace(statement, resource=None, target=(statement.target[0], None))
                )
            elif reach is Reach.SOME:
                statements.append(statement)
        return CompiledPolicy(self.policy, tuple(statements))

    def keys(self) -> frozenset[str]:
        """Give the condition keys, in lower case, that a decision may ask for."""
        statements = [self.policy.statements[each.ref.index] for each in self.statements]
        keys = {c.key.lower() for statement in statements for c in statement.conditions}
        if self.policy.version != CURRENT_VERSION:
            return frozenset(keys)
        templates = (
            parse_template(text, variables=True, wildcards=False)
            for statement in statements
            for text in _texts_with_variables(statement)
        )
        tokens = (token for template in templates for token in template)
        return frozenset(keys | {token.key for token in tokens if isinstance(token, Variable)})

    def trace(self, request: AccessRequest) -> tuple[StatementTrace, ...]:
        """Tell of every statement what matched and what did not, for people."""
        return tuple(_trace(statement, request) for statement in self.statements)


def _texts_with_variables(statement: Statement) -> Iterator[str]:
    if statement.resource is not None:
        yield from statement.resource.values
    for condition in statement.conditions:
        if OPERATORS[condition.operator.name].takes_variables:
            yield from condition.values


def compile_policy(policy: Policy) -> CompiledPolicy:
    """Compile a parsed policy."""
    return CompiledPolicy(
        policy,
        tuple(
            _compile_statement(
                statement, StatementRef(policy.name, policy.kind, index, statement.sid), policy
            )
            for index, statement in enumerate(policy.statements)
        ),
    )


def _compile_statement(
    statement: Statement, ref: StatementRef, policy: Policy
) -> CompiledStatement:
    denies = statement.effect == "Deny"
    ref, decisions = _decisions(ref, denies)
    return CompiledStatement(
        ref=ref,
        denies=denies,
        target=(statement.action, statement.resource),
        action=compile_action(statement.action),
        resource=_resource_test(statement, policy),
        tests=_tests(statement, policy),
        bypass=compile_bypass(statement.principal),
        decisions=decisions,
    )


@lru_cache(maxsize=1024)
def _decisions(ref: StatementRef, denies: bool) -> tuple[StatementRef, tuple[Decision, ...]]:  # noqa: FBT001  a cache key
    """Give the decisions of a statement: the same for all policies of one name, as those of authorizers."""
    return ref, (explicit_deny(ref),) if denies else tuple(allow(ref, b) for b in Bypass)


def _resource_test(statement: Statement, policy: Policy) -> RequestTest | None:
    if statement.resource is None:
        return None
    variables = policy.version == CURRENT_VERSION
    deny = statement.effect == "Deny"
    return compile_resource(statement.resource, policy.kind, variables=variables, deny=deny)


def _tests(statement: Statement, policy: Policy) -> tuple[tuple[str, RequestTest], ...]:
    variables = policy.version == CURRENT_VERSION
    named = [
        (f"Condition {c.operator} {c.key}", compile_condition(c, variables=variables))
        for c in statement.conditions
    ]
    principal = statement.principal
    if principal is not None:
        test = compile_principal(principal, deny=statement.effect == "Deny")
        if test is not None:
            named.append(("NotPrincipal" if principal.negated else "Principal", test))
    return tuple(named)


def _groups(statements: Iterable[CompiledStatement]) -> tuple[Group, ...]:
    groups: dict[Target, list[Member]] = {}
    targets: dict[Target, Tests] = {}
    for statement in statements:
        targets.setdefault(statement.target, _target_tests(statement))
        tests = tuple(test for _, test in statement.tests)
        member = (tests, statement.bypass, statement.decisions)
        groups.setdefault(statement.target, []).append(member)
    return tuple((targets[target], tuple(members)) for target, members in groups.items())


def _target_tests(statement: CompiledStatement) -> Tests:
    action, resource = statement.action, statement.resource
    tests: list[RequestTest] = []
    if action is not None:
        matches = action
        tests.append(lambda request: matches(request.action))
    if resource is not None:
        tests.append(resource)
    return tuple(tests)


def _trace(statement: CompiledStatement, request: AccessRequest) -> StatementTrace:
    action, resource = statement.action, statement.resource
    failed = [] if action is None or action(request.action) else ["Action"]
    failed += [] if resource is None or resource(request) else ["Resource"]
    failed += [name for name, test in statement.tests if not test(request)]
    return StatementTrace(statement.ref, statement.denies, tuple(failed))
