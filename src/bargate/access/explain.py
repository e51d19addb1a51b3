"""Run the very steps of a call with a recorder beside them."""

from typing import Literal

from msgspec import Struct

from bargate.access.authorizer_answer import AuthorizerAsk
from bargate.access.authorizer_told import shown_event
from bargate.access.call import Call, Facts
from bargate.access.control import HttpControl, RestControl, Step
from bargate.access.key_directory import KeySource
from bargate.access.verdict import Denial, Need

Verdict = Literal["passed", "refused", "undecided", "not configured", "not reached"]


class Recorded(Struct, frozen=True):
    """What one control said to a call; `more` are lines about what it asked and was told."""

    control: str
    verdict: Verdict
    detail: str
    more: tuple[str, ...] = ()


class Explanation(Struct, frozen=True):
    """Every control in order, and the outcome: None means that the call may pass."""

    steps: tuple[Recorded, ...]
    outcome: Denial | Need | None


def explain(
    controls: tuple[tuple[RestControl | HttpControl, Step | None], ...], call: Call, facts: Facts
) -> Explanation:
    """Decide `call` as the gateway does and record what each control saw."""
    steps: list[Recorded] = []
    outcome: Denial | Need | None = None
    for control, step in controls:
        if step is None:
            steps.append(Recorded(control.name, "not configured", ""))
        elif outcome is not None:
            steps.append(Recorded(control.name, "not reached", ""))
        else:
            outcome = step(call, facts)
            steps.append(_record(control, outcome, call, facts))
    return Explanation(tuple(steps), outcome)


def _record(
    control: RestControl | HttpControl, outcome: Denial | Need | None, call: Call, facts: Facts
) -> Recorded:
    more = control.tell(call, facts)
    if outcome is None:
        return Recorded(control.name, "passed", control.narrate(call, facts), more)
    if isinstance(outcome, Need):
        return Recorded(control.name, "undecided", _what_is_missing(outcome), _asked(outcome))
    return Recorded(control.name, "refused", f"{outcome.detail} [{outcome.reason}]", more)


def _what_is_missing(need: Need) -> str:
    if isinstance(need.source, KeySource):
        return f"the key set of {need.source.issuer} is not in memory"
    if isinstance(need.source, AuthorizerAsk):
        return f"the function {need.source.invocation.function} must be asked first"
    return "the ledger must be asked first"


def _asked(need: Need) -> tuple[str, ...]:
    if not isinstance(need.source, AuthorizerAsk):
        return ()
    event = shown_event(need.source.invocation.payload, need.source.hidden)
    return (f"would be sent: {event}",)
