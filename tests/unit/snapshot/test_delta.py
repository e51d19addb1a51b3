from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import msgpack, structs

from bargate.model.http_api import HttpApi, HttpIntegration, Route
from bargate.model.installation import Canary, ServedStage, Stage
from bargate.model.rest_api import Method, Resource, RestApi
from bargate.snapshot.delta import ApiDelta, StageDelta, StaleBase, difference, merge
from building import method, rest_api, served_stages

BACKEND = HttpIntegration(type="HTTP_PROXY", uri="http://127.0.0.1:9000")
COUNT = 1000


def big(count: int = COUNT, **fields: object) -> RestApi:
    return rest_api(*((f"/r{at}", method()) for at in range(count)), **fields)


def stage(api: RestApi | HttpApi, **fields: object) -> ServedStage:
    (served,) = served_stages(api)
    return structs.replace(served, **fields)


def with_method(api: RestApi, at: int, changed: Method) -> RestApi:
    resources = list(api.resources)
    resources[at] = structs.replace(resources[at], methods=(changed,))
    return structs.replace(api, resources=tuple(resources))


def test_one_method_of_a_thousand_is_shipped_alone() -> None:
    old = big()
    new = with_method(old, 500, method(operation_name="changed"))
    delta = difference(stage(old), stage(new))
    assert isinstance(delta, StageDelta)
    assert [each.item.id for each in delta.api.resources] == ["r500"]
    assert delta.api.bare is None
    assert len(msgpack.encode(delta)) < len(msgpack.encode(old)) / 200
    assert merge(stage(old), delta) == stage(new)


def test_the_rest_of_an_api_is_shipped_without_its_resources() -> None:
    old, new = big(), big(description="another")
    delta = difference(stage(old), stage(new))
    assert isinstance(delta, StageDelta)
    assert delta.api.resources == ()
    assert delta.api.bare == structs.replace(new, resources=())
    assert merge(stage(old), delta) == stage(new)


def test_a_canary_is_told_from_the_stage_and_then_from_itself() -> None:
    api = big()
    changed = with_method(api, 3, method(operation_name="canary"))
    canary = Canary(api=changed, percent_traffic=10.0, variables={"a": "b"})
    plain, with_canary = stage(api), stage(api, canary=canary)
    more = structs.replace(canary, percent_traffic=50.0)
    versions = [plain, with_canary, stage(api, canary=more), stage(changed)]
    for old, new in pairwise(versions):
        delta = difference(old, new)
        assert isinstance(delta, StageDelta)
        assert len(msgpack.encode(delta)) < 2000
        assert merge(old, delta) == new


def test_what_is_mostly_new_or_moved_is_shipped_whole() -> None:
    old = big(10)
    moved = structs.replace(old, resources=tuple(reversed(old.resources)))
    renamed = big(10)
    other = structs.replace(
        renamed, resources=tuple(structs.replace(e, id=f"x{e.id}") for e in renamed.resources)
    )
    shop = HttpApi(id="petstore", name="Shop")
    for new in (moved, other, shop):
        assert difference(stage(old), stage(new)) == stage(new)


def test_a_change_of_something_else_is_refused() -> None:
    old = stage(big(10))
    delta = difference(old, stage(big(11)))
    assert isinstance(delta, StageDelta)
    with pytest.raises(StaleBase):
        merge(stage(big(5)), delta)
    with pytest.raises(StaleBase):
        merge(stage(HttpApi(id="petstore", name="Shop")), delta)
    outside = structs.replace(delta.api.resources[0], at=99)
    with pytest.raises(StaleBase):
        merge(old, structs.replace(delta, api=structs.replace(delta.api, resources=(outside,))))
    miscounted = structs.replace(delta, api=ApiDelta(count=12))
    with pytest.raises(StaleBase):
        merge(old, miscounted)


RESOURCES = st.lists(
    st.builds(
        lambda number, text: Resource(
            id=f"r{number}", path=f"/r{number}", methods=(method(operation_name=text),)
        ),
        st.integers(0, 12),
        st.sampled_from(["a", "b"]),
    ),
    max_size=10,
    unique_by=lambda each: each.id,
)
ROUTES = st.lists(
    st.builds(
        lambda number, text: Route(
            route_key=f"GET /r{number}", operation_name=text, integration=BACKEND
        ),
        st.integers(0, 12),
        st.sampled_from(["a", "b"]),
    ),
    max_size=10,
    unique_by=lambda each: each.route_key,
)
REST = st.builds(
    lambda resources, name: RestApi(id="a", name=name, resources=tuple(resources)),
    RESOURCES,
    st.sampled_from(["x", "y"]),
)
HTTP = st.builds(lambda routes: HttpApi(id="a", name="x", routes=tuple(routes)), ROUTES)
CANARIES = st.none() | st.builds(
    lambda api, percent: Canary(api=api, percent_traffic=percent), REST, st.floats(0, 100)
)
STAGES = st.builds(
    lambda api, canary, value: ServedStage(
        account_id="1" * 12,
        region="us-east-1",
        api=api,
        stage=Stage(name="s", variables={"v": value}),
        canary=canary if isinstance(api, RestApi) else None,
    ),
    REST | HTTP,
    CANARIES,
    st.sampled_from(["1", "2"]),
)


@given(STAGES, STAGES)
def test_a_difference_always_leads_from_the_one_to_the_other(
    old: ServedStage, new: ServedStage
) -> None:
    shipped = msgpack.decode(msgpack.encode(difference(old, new)), type=ServedStage | StageDelta)
    merged = merge(old, shipped) if isinstance(shipped, StageDelta) else shipped
    assert merged == new
