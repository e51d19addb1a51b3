"""What an update compiles, and what it takes over."""

from __future__ import annotations

import gc
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import msgpack, structs

from bargate.gateway.fetch import fetch
from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.model.http_api import HttpApi, HttpIntegration, Route
from bargate.model.installation import Canary, Installation, ServedStage, Stage
from bargate.model.invalid import InvalidConfiguration
from bargate.model.rest_api import Authorizer, Resource, RestApi
from bargate.snapshot.compile import Options, compile_snapshot
from bargate.snapshot.compiled import CompiledStage, Endpoint
from bargate.snapshot.router import Router
from bargate.snapshot.snapshot import Snapshot
from bargate.snapshot.trial import try_stage
from building import PLACE, method, policy, rest_api, served_stages

KEYS = HttpKeyDirectory(fetch)
API = rest_api(
    *((f"/r{at}", method(verb)) for at in range(20) for verb in ("GET", "POST")),
    ("/pets/{id}", method()),
    ("/files/{proxy+}", method("ANY")),
)
BROKEN = method(integration=None)
BACKEND = HttpIntegration(type="HTTP_PROXY", uri="http://127.0.0.1:9000")


def installation(*apis: RestApi | HttpApi, stage: str = "prod") -> Installation:
    served = tuple(served_stages(api, Stage(name=stage))[0] for api in apis)
    return structs.replace(PLACE, served=served)


def stage_of(snapshot: Snapshot, api_id: str = "petstore", name: str = "prod") -> CompiledStage:
    return snapshot.apis[api_id].stages[name]


def endpoints(snapshot: Snapshot, api_id: str = "petstore") -> dict[str, Endpoint]:
    return {each.route_key: each for each in stage_of(snapshot, api_id).router.endpoints}


def changed(api: RestApi, resource_id: str, change: Callable[[Resource], Resource]) -> RestApi:
    resources = tuple(change(e) if e.id == resource_id else e for e in api.resources)
    return structs.replace(api, resources=resources)


def travelled(api: RestApi) -> RestApi:
    """The same API as another object throughout."""
    return msgpack.decode(msgpack.encode(api), type=RestApi)


def with_changed_post(resource: Resource) -> Resource:
    get, _ = resource.methods
    return structs.replace(resource, methods=(get, method("POST", operation_name="changed")))


@pytest.mark.parametrize("eager_max", [None, 0])
def test_a_change_of_one_method_takes_over_every_other_endpoint(eager_max: int | None) -> None:
    options = Options(eager_max=eager_max)
    first = compile_snapshot(installation(API), KEYS, None, options)
    before = endpoints(first)
    new = changed(travelled(API), "r7", with_changed_post)
    after = endpoints(compile_snapshot(installation(new), KEYS, first, options))
    assert after.keys() == before.keys()
    assert [key for key in before if after[key] is not before[key]] == ["POST /r7"]
    assert endpoints(first) == before  # what calls still use is as it was


def test_a_change_of_one_api_takes_over_every_other() -> None:
    other = structs.replace(API, id="other")
    first = compile_snapshot(installation(API, other), KEYS)
    new = structs.replace(other, description="another")
    second = compile_snapshot(installation(travelled(API), new), KEYS, first)
    assert second.apis["petstore"] is first.apis["petstore"]
    assert stage_of(second, "other") is not stage_of(first, "other")


@pytest.mark.parametrize(
    "change",
    [
        {"policy": policy({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"})},
        {"authorizers": (Authorizer(id="a", name="a", type="COGNITO_USER_POOLS"),)},
        {"binary_media_types": ("image/png",)},
    ],
)
def test_a_change_of_the_api_as_a_whole_compiles_every_endpoint(change: dict[str, object]) -> None:
    first = compile_snapshot(installation(API), KEYS)
    second = compile_snapshot(installation(structs.replace(API, **change)), KEYS, first)
    before, after = endpoints(first), endpoints(second)
    assert all(after[key] is not before[key] for key in before)


@pytest.mark.parametrize(
    "stage", [{"variables": {"a": "b"}}, {"name": "prod", "variables": {"a": "c"}}]
)
def test_other_stage_variables_compile_every_endpoint(stage: dict[str, object]) -> None:
    first = compile_snapshot(installation(API), KEYS)
    (served,) = first.installation.served
    varied = structs.replace(served, stage=structs.replace(served.stage, **stage))
    second = compile_snapshot(structs.replace(PLACE, served=(varied,)), KEYS, first)
    before, after = endpoints(first), endpoints(second)
    assert all(after[key] is not before[key] for key in before)


def test_other_surroundings_compile_every_endpoint() -> None:
    first = compile_snapshot(installation(API), KEYS)
    moved = structs.replace(installation(API), issuers={"arn": "https://issuer.example"})
    for second in (
        compile_snapshot(moved, KEYS, first),
        compile_snapshot(installation(API), HttpKeyDirectory(fetch), first, Options(eager_max=0)),
    ):
        kept = stage_of(second).router is stage_of(first).router
        assert kept == (second.installation == first.installation)


def test_a_failed_update_leaves_what_was_served() -> None:
    first = compile_snapshot(installation(API), KEYS)
    before = endpoints(first)
    bad = structs.replace(
        API, resources=(*API.resources, Resource(id="bad", path="/bad", methods=(BROKEN,)))
    )
    with pytest.raises(InvalidConfiguration, match="No integration"):
        compile_snapshot(installation(bad), KEYS, first)
    assert endpoints(first) == before
    assert stage_of(first).router.match("GET", "/bad") is None


def test_many_new_endpoints_are_compiled_at_their_first_call() -> None:
    bad = structs.replace(
        API, resources=(*API.resources, Resource(id="bad", path="/bad", methods=(BROKEN,)))
    )
    router = stage_of(compile_snapshot(installation(bad), KEYS, None, Options(eager_max=5))).router
    first = router.match("GET", "/r1")
    again = router.match("GET", "/r1")
    assert first is not None
    assert again is not None
    assert first[0] is again[0]
    for _ in range(2):  # never anything but a refusal
        with pytest.raises(InvalidConfiguration):
            router.match("GET", "/bad")


def test_what_is_compiled_refers_to_itself_nowhere() -> None:
    """So that what is replaced is freed at once, also when the collector does not look at it."""
    shop = HttpApi(id="shop", name="S", routes=(Route(route_key="GET /a", integration=BACKEND),))
    api = structs.replace(
        API, policy=policy({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"})
    )
    first = compile_snapshot(installation(api, shop), KEYS)
    second = compile_snapshot(installation(changed(api, "r1", with_changed_post)), KEYS, first)
    gc.collect()
    gc.disable()
    try:
        del first, second
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_an_id_belongs_to_one_api_in_one_place() -> None:
    (one,) = served_stages(API)
    (two,) = served_stages(API, Stage(name="dev"))
    for other in (
        structs.replace(two, region="eu-west-1"),
        structs.replace(two, account_id="2" * 12),
        structs.replace(two, api=HttpApi(id="petstore", name="Shop")),
    ):
        with pytest.raises(InvalidConfiguration, match="taken by another"):
            compile_snapshot(structs.replace(PLACE, served=(one, other)), KEYS)


def test_refuses_two_resources_of_one_id() -> None:
    twice = structs.replace(API, resources=(*API.resources, API.resources[0]))
    with pytest.raises(InvalidConfiguration, match="same id"):
        compile_snapshot(installation(twice), KEYS)


# the trial


def stage(api: RestApi, canary: RestApi | None = None) -> ServedStage:
    (served,) = served_stages(api)
    it = None if canary is None else Canary(api=canary, percent_traffic=1.0)
    return structs.replace(served, canary=it)


def test_a_trial_refuses_what_cannot_be_enforced() -> None:
    bad = rest_api(("/a", BROKEN))
    try_stage(stage(API))
    for served in (stage(bad), stage(API, canary=bad)):
        with pytest.raises(InvalidConfiguration, match="No integration"):
            try_stage(served)
        with pytest.raises(InvalidConfiguration, match="No integration"):
            try_stage(served, previous=stage(API))


def test_a_trial_compiles_only_what_differs() -> None:
    # A previous version that would not compile shows that it is not compiled again.
    old = structs.replace(
        API, resources=(*API.resources, Resource(id="bad", path="/bad", methods=(BROKEN,)))
    )
    try_stage(stage(changed(old, "r3", with_changed_post)), previous=stage(old))
    with pytest.raises(InvalidConfiguration):
        try_stage(stage(structs.replace(old, description="new")), previous=stage(old))


# routers that were changed


TEMPLATES = st.sampled_from(
    ["/", "/a", "/b", "/a/b", "/{x}", "/a/{x}", "/a/{x}/b", "/{proxy+}", "/a/{proxy+}", "/{x}/b"]
)
METHODS = st.sets(st.tuples(st.sampled_from(["GET", "POST", "ANY"]), TEMPLATES), max_size=12)
PATHS = ["/", "/a", "/b", "/c", "/a/b", "/a/c", "/a/c/b", "/c/b", "/c/d", "/a/b/c/d"]


def rest_of(methods: set[tuple[str, str]]) -> RestApi:
    api = rest_api(*((path, method(verb)) for verb, path in sorted(methods)))
    return structs.replace(
        api, resources=tuple(structs.replace(e, id=f"id of {e.path}") for e in api.resources)
    )


def http_of(methods: set[tuple[str, str]]) -> HttpApi:
    keys = [f"{verb} {path}" for verb, path in sorted(methods)]
    keys += ["$default"] if len(methods) % 2 else []
    routes = tuple(Route(route_key=key, integration=BACKEND) for key in keys)
    return HttpApi(id="petstore", name="Pets", routes=routes)


def answers(router: Router) -> list[tuple[str, dict[str, str]] | None]:
    found = [router.match(verb, path) for verb in ("GET", "POST", "PUT") for path in PATHS]
    return [None if each is None else (each[0].route_key, dict(each[1])) for each in found]


@pytest.mark.parametrize("of", [rest_of, http_of])
@given(versions=st.lists(METHODS, min_size=2, max_size=5))
def test_a_changed_router_finds_what_one_made_anew_finds(
    of: Callable[[set[tuple[str, str]]], RestApi | HttpApi], versions: list[set[tuple[str, str]]]
) -> None:
    snapshot = None
    options = Options(eager_max=0)
    seen = []
    padding = [(f"/pad{at}", "GET") for at in range(40)]  # else most changes make a router anew
    for methods in versions:
        api = of(methods | {(verb, path) for path, verb in padding})
        snapshot = compile_snapshot(installation(api), KEYS, snapshot, options)
        anew = compile_snapshot(installation(api), KEYS, None, options)
        router = stage_of(snapshot).router
        assert answers(router) == answers(stage_of(anew).router)
        seen.append((router, answers(router)))
    for router, before in seen:
        assert answers(router) == before  # none was touched by a later change


def test_what_is_removed_leaves_nothing_behind() -> None:
    full = rest_of({("GET", "/a/b/{x}/c/d"), ("GET", "/z")} | {("GET", f"/p{n}") for n in range(9)})
    less = structs.replace(full, resources=full.resources[1:])
    first = compile_snapshot(installation(full), KEYS)
    second = compile_snapshot(installation(less), KEYS, first)
    assert full.resources[0].path == "/a/b/{x}/c/d"
    assert "a" in stage_of(first).router._root.children
    assert "a" not in stage_of(second).router._root.children
