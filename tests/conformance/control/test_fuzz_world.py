"""Wrong values of the right types to every operation on a world that has all that it could name."""

from __future__ import annotations

import re
from typing import Any

import pytest
from botocore.exceptions import ParamValidationError
from tests.endpoint import Endpoint

from bargate.wire.request import HttpRequest
from conformance.control.answers import check_answer
from conformance.control.fuzzing import broken_request, model, protocol, send
from conformance.control.hostile import Hostile
from conformance.control.script import Step
from conformance.control.served import stages_of, uncompilable
from conformance.control.trial_store import TrialStore
from conformance.control.world import BUILD, SCRIPT, World
from conformance.control.wrong_values import WrongValues
from conformance.wire.through_botocore import request_of

OPERATIONS = 528
KEPT_EVERY = 6
_PATHS = re.compile(r"Must be one of: \[([^\]]*)\]")
NOBODYS = (
    "nope", "abcdef1234", "arn:aws:iam::210987654321:role/reader", "arn:aws:iam::aws:policy/x",
    "arn:aws:apigateway:us-east-1::/restapis/abcdef1234", "dev", "alice", "reader", "team", "GET",
    "arn:aws:apigateway:us-east-1::/apis/abcdef1234/stages/dev", "v2", "v3", "$default", "Pet",
)  # fmt: skip


class Fuzzed:
    """A world, what is known of it, and calls that are tried on it or kept."""

    def __init__(self, endpoint: Endpoint, store: TrialStore) -> None:
        self.endpoint, self.store = endpoint, store
        self.world = World(endpoint)
        self.world.known.task = "task/x"
        self.world.known.second_association = "x"
        self.world.build()
        known = vars(self.world.known).values()
        self.ids = tuple(each for each in known if isinstance(each, str)) + NOBODYS
        self.given = {str(step): (step, step.given(self.world.known)) for step in SCRIPT}
        self.patches = {name: self._patches_of(name) for name in self.given}
        self.keeps = True
        self.sent = self.unsendable = self.fulfilled = 0

    def _patches_of(self, name: str) -> tuple[tuple[str, str], ...]:
        """Learn which patches an operation has rules for, from how it refuses another."""
        step, given = self.given[name]
        found: list[tuple[str, str]] = []
        operation = model(step.service).operation_model(step.operation)
        shape = operation.input_shape
        if shape is None or "patchOperations" not in shape.members:
            return ()
        for op in ("add", "replace", "remove", "copy"):
            params = {**given, "patchOperations": [{"op": op, "path": "/nothing", "value": "x"}]}
            answered = send(self.endpoint, step.service, request_of(params, operation))
            told = _PATHS.search(answered.body.decode())
            found += [(op, path.strip()) for path in (told[1] if told else "").split(",") if path]
        return tuple(found)

    def fuzz(self, name: str, count: int, seed: int) -> None:
        """Send wrong values, and every third time a request that is itself broken."""
        step, given = self.given[name]
        operation = model(step.service).operation_model(step.operation)
        for number in range(count):
            hostile = Hostile((seed, name, number))
            if number % 3 == 2:
                asked = broken_request(operation, request_of(given, operation), hostile)
                self._send(step, asked, asked.body)
                continue
            wrong = WrongValues(hostile, self.ids, self.patches[name])
            params = wrong.of(given, operation.input_shape)
            is_kept = number % KEPT_EVERY == 0 and not step.operation.startswith("Delete")
            try:
                asked = request_of(params, operation)
            except (ParamValidationError, UnicodeError):
                self.unsendable += 1
            else:
                self._send(step, asked, params, is_kept=is_kept)

    def try_all(self, name: str, count: int, seed: int) -> None:
        """Send as `fuzz` does, but keep nothing of what is fulfilled."""
        self.keeps = False
        self.fuzz(name, count, seed)

    def _send(self, step: Step, asked: HttpRequest, given: Any, *, is_kept: bool = False) -> None:
        self.store.undoes = not (is_kept and self.keeps)
        commits = self.store.commits
        answered = send(self.endpoint, step.service, asked)
        self.store.undoes = False
        self.sent += 1
        if asked.method == "HEAD":
            return
        is_fulfilled = check_answer(
            answered, protocol(step.service), (str(step), asked.path, given)
        )
        assert is_fulfilled or self.store.commits == commits, f"{step} is refused, yet writes"
        self.fulfilled += is_fulfilled

    def serve(self) -> int:
        """Deploy every API as it was left, and compile each stage as a worker does."""
        rest = self.world.root("apigateway")
        for api in rest.get_rest_apis(limit=500)["items"]:
            operation = model("apigateway").operation_model("CreateDeployment")
            asked = request_of({"restApiId": api["id"], "stageName": "fuzz"}, operation)
            check_answer(send(self.endpoint, "apigateway", asked), "rest-json", api)
        parts = self.endpoint.published()
        assert uncompilable(parts) == []
        return len(stages_of(parts))

    def look(self) -> int:
        """Read all there is: whatever was stored can be given back, or is not there any more."""
        looked = 0
        for step, given in self.given.values():
            if step.operation.startswith(("Get", "List")):
                operation = model(step.service).operation_model(step.operation)
                answered = send(self.endpoint, step.service, request_of(given, operation))
                check_answer(answered, protocol(step.service), (str(step), given))
                looked += 1
        return looked


def fuzz_world(count: int, seed: int) -> Fuzzed:
    store = TrialStore()
    with Endpoint(store=store) as endpoint:
        fuzzed = Fuzzed(endpoint, store)
        assert len(fuzzed.given) == OPERATIONS
        for name in fuzzed.given:
            fuzzed.fuzz(name, count, seed)
        assert fuzzed.look() > 100
        assert fuzzed.serve() >= 2
        assert fuzzed.unsendable < fuzzed.sent / 10
        assert fuzzed.fulfilled > fuzzed.sent / 10  # the code behind the checks is reached
    return fuzzed


def test_wrong_values_are_refused_and_what_is_kept_can_be_read() -> None:
    fuzzed = fuzz_world(count=24, seed=1)
    assert fuzzed.sent > OPERATIONS * 20


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(2, 8))
def test_many_more_wrong_values_are_refused(seed: int) -> None:
    fuzz_world(count=120, seed=seed)


def test_what_is_refused_leaves_what_is_served_as_it_was() -> None:
    store = TrialStore()
    with Endpoint(store=store) as endpoint:
        fuzzed = Fuzzed(endpoint, store)
        before = endpoint.published()
        stages = [name for name in before if fuzzed.world.known.api in str(name)]
        assert stages, list(before)[:5]
        for step in BUILD:
            fuzzed.try_all(str(step), 4, seed=9)
        assert {name: endpoint.published()[name] for name in stages} == {
            name: before[name] for name in stages
        }
