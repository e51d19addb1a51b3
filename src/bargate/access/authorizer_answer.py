"""What a Lambda authorizer answered, checked, and how a step asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bargate.access.authorizer_cache import AuthorizerCache
    from bargate.access.call import Facts
    from bargate.access.verdict import Denial
    from bargate.model.invocation import Invocation, Outcome
    from bargate.policy import CompiledPolicy


class Answer(Struct, frozen=True, kw_only=True, eq=False, gc=False):
    """A valid answer: a policy, or with simple responses a yes or no.

    `context` has texts alone for REST APIs and any JSON for HTTP APIs; `size_bytes` bounds what it
    holds in memory; `pitfall` is the one method ARN that its policy allows, where that is so and
    the answer will be used for other methods too.
    """

    principal_id: str | None
    policy: CompiledPolicy | None
    is_authorized: bool
    context: Mapping[str, Any]
    usage_identifier_key: str | None
    size_bytes: int
    pitfall: str | None = None


class Told(Struct, frozen=True, kw_only=True, eq=False):
    """What a step decided by: an answer, or why there is none.

    `sent` is the event that was sent, empty where the answer was remembered; `age_s` is how old a
    remembered answer was, None for a new one; `latency_s` is what asking took. `hidden` names, in
    lower case, the headers and parameters that name the caller: people are not shown them.
    """

    answer: Answer | Denial
    sent: bytes = b""
    age_s: float | None = None
    latency_s: float | None = None
    hidden: frozenset[str] = frozenset()


class AuthorizerAsk(Struct, frozen=True, kw_only=True, eq=False):
    """A function to be asked about a call; what comes of it is put into `facts`.

    `read` makes an answer of an outcome, and remembers it. Calls with the same `cache` and `key`
    that wait at one time ask once; `cache` None means that nothing is shared. `hidden` as in `Told`.
    """

    invocation: Invocation
    facts: Facts
    read: Callable[[Outcome], Answer | Denial]
    cache: AuthorizerCache | None
    key: bytes = b""
    hidden: frozenset[str] = frozenset()
