"""The step of a Lambda authorizer, whichever kind: sources, cache, ask, decide.

sources ──missing──► 401          cache ──► remembered ──► decide
            └──► key ──────────────┴─none─► Need ──► Told ──► decide
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from msgspec import Struct, structs

from bargate.access.authorizer_answer import Answer, AuthorizerAsk, Told
from bargate.access.authorizer_cache import AuthorizerCache, cache_key
from bargate.access.authorizer_decision import Evaluated
from bargate.access.verdict import Denial, Need
from bargate.model.invocation import Invocation

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.access.authorizer_decision import Decider
    from bargate.access.authorizer_result import ResultReader
    from bargate.access.authorizer_sources import Values, ValuesOf
    from bargate.access.call import Call, Facts
    from bargate.access.control import Step
    from bargate.model.invocation import Invoker, Outcome

_log = logging.getLogger("bargate.authorizer")

MISSING: Final = Denial(
    response_type="UNAUTHORIZED",
    reason="authorizer.missing",
    detail="an identity source is missing or empty, so the authorizer's function is not asked",
)
INVALID_TOKEN: Final = Denial(
    response_type="UNAUTHORIZED",
    reason="authorizer.invalid_token",
    detail="the token does not match identityValidationExpression, so the function is not asked",
)


class Memory:
    """What one authorizer knows at one stage, shared by all its methods.

    `cache` is None where nothing is remembered. The pitfall of a policy for one method is told to
    the log once.
    """

    __slots__ = ("_name", "_warned", "cache", "evaluated", "reader")

    def __init__(self, name: str, reader: ResultReader, cache: AuthorizerCache | None) -> None:
        self._name = name
        self._warned = False
        self.reader = reader
        self.cache = cache
        self.evaluated = Evaluated()

    def take(self, key: bytes, arn: str, outcome: Outcome) -> Answer | Denial:
        """Read what came of an invocation for the method `arn`, and remember a valid answer."""
        answer = self.reader.read(outcome)
        if self.cache is None or isinstance(answer, Denial):
            return answer
        if names_only(answer, arn):
            answer = structs.replace(answer, pitfall=arn)
            self._warn(arn)
        self.cache.remember(key, answer)
        return answer

    def _warn(self, arn: str) -> None:
        if self._warned:
            return
        self._warned = True
        _log.warning(
            "authorizer %s: its policy allows %s alone and is remembered for other methods too,"
            " which it will refuse: return a policy for all methods (…/*), or set"
            " authorizerResultTtlInSeconds to 0",
            self._name,
            arn,
        )


def names_only(answer: Answer, arn: str) -> bool:
    """Say whether a policy allows one method ARN and nothing else."""
    if answer.policy is None:
        return False
    allowed = [each for each in answer.policy.policy.statements if each.effect == "Allow"]
    return bool(allowed) and all(
        each.resource is not None
        and not each.resource.negated
        and each.resource.values == (arn,)
        and not {"*", "?"} & set(arn)
        for each in allowed
    )


class Asking(Struct, frozen=True, kw_only=True, eq=False):
    """How one method or route asks.

    `sources` are the identity sources, all of which must be there where `is_required`; `accepts`
    holds their values against identityValidationExpression; `event` writes what is sent; `hidden`
    are the names of the sources (see `Told`).
    """

    function: str
    invoker: Invoker
    timeout_s: float
    sources: tuple[ValuesOf, ...]
    is_required: bool
    accepts: Callable[[list[Values | None]], bool] | None
    event: Callable[[Call, Facts, list[Values | None]], bytes]
    memory: Memory
    decider: Decider
    hidden: frozenset[str] = frozenset()


def compile_step(asking: Asking) -> Step:
    """Give the step of a method or route."""
    cache, settle = asking.memory.cache, asking.decider.settle
    sources, is_required, accepts = asking.sources, asking.is_required, asking.accepts

    def authorize(call: Call, facts: Facts) -> Denial | Need | None:
        told = facts.authorizer_answer
        if told is not None:
            return settle(told, call, facts)
        values = [source(call, facts) for source in sources]
        if is_required and None in values:
            return MISSING
        if accepts is not None and not accepts(values):
            return INVALID_TOKEN
        if cache is None:
            return Need(_ask(asking, call, facts, values, b""))
        key = cache_key(values)
        known = cache.recall(key)
        if known is None:
            return Need(_ask(asking, call, facts, values, key))
        told = facts.authorizer_answer = Told(answer=known[0], age_s=known[1], hidden=asking.hidden)
        return settle(told, call, facts)

    return authorize


def _ask(
    asking: Asking, call: Call, facts: Facts, values: list[Values | None], key: bytes
) -> AuthorizerAsk:
    arn = asking.decider.method_arn(call, call.resource_path)
    memory = asking.memory
    return AuthorizerAsk(
        invocation=Invocation(
            function=asking.function,
            payload=asking.event(call, facts, values),
            invoker=asking.invoker,
            timeout_s=asking.timeout_s,
        ),
        facts=facts,
        read=lambda outcome: memory.take(key, arn, outcome),
        cache=memory.cache,
        key=key,
        hidden=asking.hidden,
    )
