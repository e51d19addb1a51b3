import pytest
from msgspec import structs

from bargate.access.call import Facts
from bargate.gateway.fetch import fetch
from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.model.http_api import HttpApi, HttpIntegration, Route
from bargate.model.installation import Stage
from bargate.model.invalid import InvalidConfiguration
from bargate.snapshot.compile import Options, compile_snapshot
from bargate.snapshot.compiled import CompiledStage, Unresolved
from building import PLACE, call, method, policy, rest_api, served_stages, snapshot

HOST = b"petstore.execute-api.us-east-1.localhost"
API = rest_api(("/pets", method()))
SHOP = HttpApi(
    id="shop",
    name="Shop",
    routes=(
        Route(
            route_key="$default",
            integration=HttpIntegration(type="HTTP_PROXY", uri="http://127.0.0.1:9000"),
        ),
    ),
)


def resolved(found: tuple[CompiledStage, str] | Unresolved) -> tuple[str, str]:
    assert not isinstance(found, Unresolved)
    return found[0].name, found[1]


@pytest.mark.parametrize(
    ("host", "path", "expected"),
    [
        (HOST, "/prod/pets", ("prod", "/pets")),
        (HOST, "/prod", ("prod", "/")),
        (HOST, "/prod/", ("prod", "/")),
        (None, "/_api/petstore/prod/pets/1", ("prod", "/pets/1")),
        (b"anything", "/_api/petstore/prod", ("prod", "/")),
        (None, "/_api/petstore/prod/a/../b", ("prod", "")),
        (None, "/_api/petstore/prod/%70ets", ("prod", "/pets")),
    ],
)
def test_finds_the_stage_by_host_or_path(
    host: bytes | None, path: str, expected: tuple[str, str]
) -> None:
    assert resolved(snapshot(API).resolve(host, path)) == expected


@pytest.mark.parametrize(
    ("host", "path"),
    [
        (None, "/prod/pets"),
        (b"localhost", "/prod/pets"),
        (b"other.execute-api.us-east-1.localhost", "/prod/pets"),
        (b"petstore.execute-api.eu-west-1.localhost", "/prod/pets"),
        (HOST, "/dev/pets"),
        (HOST, "/"),
        (HOST, "/PROD/pets"),
        (HOST, "/%70rod/pets"),
        (None, "/_api/petstore"),
        (None, "/_api/petstore/dev"),
        (None, "/_api/"),
        (None, "/_api//prod"),
    ],
)
def test_forbids_what_is_no_api_or_stage(host: bytes | None, path: str) -> None:
    found = snapshot(API).resolve(host, path)
    assert isinstance(found, Unresolved)
    assert found.response.status == 403
    assert found.response.body == b'{"message":"Forbidden"}'
    assert (b"x-amzn-ErrorType", b"ForbiddenException") in found.response.headers


def test_http_api_serves_its_default_stage_at_the_root() -> None:
    shop = snapshot(SHOP, Stage(name="$default"), Stage(name="dev"))
    assert resolved(shop.resolve(None, "/_api/shop/a/b")) == ("$default", "/a/b")
    assert resolved(shop.resolve(None, "/_api/shop")) == ("$default", "/")
    assert resolved(shop.resolve(None, "/_api/shop/dev/a")) == ("dev", "/a")


def test_http_api_without_the_stage_is_not_found() -> None:
    found = snapshot(SHOP, Stage(name="dev")).resolve(None, "/_api/shop/prod")
    assert isinstance(found, Unresolved)
    assert found.response.status == 404
    assert found.response.body == b'{"message":"Not Found"}'


def test_a_disabled_endpoint_is_closed() -> None:
    closed = snapshot(structs.replace(API, disable_execute_api_endpoint=True))
    found = closed.resolve(HOST, "/prod/pets")
    assert isinstance(found, Unresolved)
    assert found.denial.reason == "host.endpoint_disabled"


def test_takes_over_what_did_not_change_and_compiles_what_did() -> None:
    keys = HttpKeyDirectory(fetch)
    one, two = served_stages(API), served_stages(SHOP, Stage(name="$default"))
    before = compile_snapshot(structs.replace(PLACE, served=one + two), keys)
    renamed = served_stages(structs.replace(SHOP, name="Shop 2"), Stage(name="$default"))
    after = compile_snapshot(structs.replace(PLACE, served=one + renamed), keys, before)
    assert after.apis["petstore"] is before.apis["petstore"]
    assert after.apis["shop"] is not before.apis["shop"]
    moved = structs.replace(PLACE, served=one + two, domain="example.org")
    assert compile_snapshot(moved, keys, before).apis["petstore"] is not before.apis["petstore"]


def test_refuses_a_policy_that_does_not_compile() -> None:
    bad = policy(
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "execute-api:Invoke",
            "Resource": "*",
            "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/33"}},
        }
    )
    with pytest.raises(InvalidConfiguration) as refused:
        snapshot(structs.replace(API, policy=bad))
    assert refused.value.path[:3] == ("x-amazon-apigateway-policy", "Statement", "0")
    assert "10.0.0.0/33" in refused.value.message


def test_refuses_a_method_without_integration() -> None:
    with pytest.raises(InvalidConfiguration, match="No integration defined for method"):
        snapshot(rest_api(("/pets", method(integration=None))))


def test_an_api_answers_to_the_host_of_its_own_region() -> None:
    (far,) = served_stages(structs.replace(API, id="far"))
    there = structs.replace(far, region="eu-west-1", account_id="2" * 12)
    served = (*served_stages(API), there)
    both = compile_snapshot(structs.replace(PLACE, served=served), HttpKeyDirectory(fetch))
    assert resolved(both.resolve(HOST, "/prod/pets")) == ("prod", "/pets")
    host = b"far.execute-api.eu-west-1.localhost"
    assert resolved(both.resolve(host, "/prod/pets")) == ("prod", "/pets")
    wrong = b"far.execute-api.us-east-1.localhost"
    assert isinstance(both.resolve(wrong, "/prod/pets"), Unresolved)


def test_policies_are_decided_on_the_arn_of_the_stages_own_place() -> None:
    here = "arn:aws:execute-api:eu-west-1:222222222222:petstore/prod/GET/pets"
    allow = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": here}
    (served,) = served_stages(structs.replace(API, policy=policy(allow)))
    for region, account, passes in (
        ("eu-west-1", "2" * 12, True),
        ("us-east-1", "2" * 12, False),
        ("eu-west-1", "3" * 12, False),
    ):
        moved = structs.replace(served, region=region, account_id=account)
        compiled = compile_snapshot(
            structs.replace(PLACE, served=(moved,)), HttpKeyDirectory(fetch)
        )
        (endpoint,) = compiled.apis["petstore"].stages["prod"].router.endpoints
        verdicts = [step(call(), Facts({})) for step in endpoint.head]
        assert (verdicts == [None] * len(verdicts)) == passes


DEV = (
    (b"petstore.execute-api.localhost.localstack.cloud", "/prod/pets"),
    (b"petstore.execute-api.eu-west-1.example.org", "/prod/pets"),
    (None, "/_aws/execute-api/petstore/prod/pets"),
    (b"anything", "/restapis/petstore/prod/_user_request_/pets"),
)


@pytest.mark.parametrize(("host", "path"), DEV)
def test_names_of_other_emulators_count_in_dev_mode_alone(host: bytes | None, path: str) -> None:
    place = structs.replace(PLACE, served=served_stages(API))
    dev = compile_snapshot(place, HttpKeyDirectory(fetch), None, Options(dev=True))
    assert resolved(dev.resolve(host, path)) == ("prod", "/pets")
    assert resolved(dev.resolve(HOST, "/prod/pets")) == ("prod", "/pets")
    assert isinstance(snapshot(API).resolve(host, path), Unresolved)


@pytest.mark.parametrize(
    ("host", "path", "expected"),
    [
        (None, "/restapis/petstore/prod/_user_request_", "/"),
        (None, "/restapis/petstore/prod/_user_request_/a/../b", ""),
        (None, "/_aws/execute-api/petstore/prod", "/"),
        (None, "/restapis/petstore/prod/pets", None),
        (None, "/restapis/petstore/_user_request_/pets", None),
        (None, "/restapis/petstore", None),
        (None, "/_aws/execute-api/", None),
        (b".execute-api.x", "/prod/pets", None),
        (b"execute-api.x", "/prod/pets", None),
        (b"\xff.execute-api.x", "/prod/pets", None),
        (b"other.execute-api.x", "/prod/pets", None),
    ],
)
def test_odd_names_in_dev_mode(host: bytes | None, path: str, expected: str | None) -> None:
    place = structs.replace(PLACE, served=served_stages(API))
    dev = compile_snapshot(place, HttpKeyDirectory(fetch), None, Options(dev=True))
    found = dev.resolve(host, path)
    assert isinstance(found, Unresolved) if expected is None else resolved(found)[1] == expected
