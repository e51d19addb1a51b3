"""What authorizers remember across changes of what is served."""

from __future__ import annotations

from msgspec import structs

from authorizing import ALLOW, Functions, authorizer, decide
from bargate.gateway.fetch import fetch
from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.model.installation import Stage
from bargate.snapshot.compile import compile_snapshot
from bargate.snapshot.snapshot import Snapshot
from building import PLACE, STAGE, call, method, rest_api, served_stages

GUARDED = method(authorization_type="CUSTOM", authorizer_id="a1")
API = rest_api(("/pets", GUARDED), authorizers=(authorizer(),))
KEYS = HttpKeyDirectory(fetch)


def served(stage: Stage, previous: Snapshot | None = None, api: object = API) -> Snapshot:
    installation = structs.replace(PLACE, served=served_stages(api, stage))
    return compile_snapshot(installation, KEYS, previous)


def asks(snapshot: Snapshot, stage: str = "prod") -> int:
    """How often a call with a token that was asked about in another snapshot asks."""
    matched = snapshot.apis["petstore"].stages[stage].router.match("GET", "/pets")
    assert matched is not None
    functions = Functions(lambda _: ALLOW)
    for step in matched[0].head:
        verdict, _ = decide(step, call(headers={"Authorization": "t"}), functions)
        assert verdict is None
    return len(functions.events)


def test_a_flush_forgets_and_nothing_else_of_a_stage_changes() -> None:
    first = served(STAGE)
    assert asks(first) == 1
    assert asks(served(STAGE, first)) == 0
    flushed = served(structs.replace(STAGE, authorizer_flushes=1), first)
    assert asks(flushed) == 1
    assert asks(flushed) == 0


def test_a_new_method_uses_what_is_remembered_and_another_authorizer_does_not() -> None:
    first = served(STAGE)
    assert asks(first) == 1
    more = rest_api(("/pets", GUARDED), ("/a", GUARDED), authorizers=(authorizer(),))
    assert asks(served(STAGE, first, more)) == 0
    changed = rest_api(("/pets", GUARDED), authorizers=(authorizer(result_ttl_s=10),))
    assert asks(served(STAGE, first, changed)) == 1


def test_stages_share_nothing() -> None:
    installation = structs.replace(PLACE, served=served_stages(API, STAGE, Stage(name="test")))
    both = compile_snapshot(installation, KEYS)
    assert asks(both) == 1
    assert asks(both, "test") == 1
