from __future__ import annotations

from typing import Any

import pytest

from bargate.access.arrival import DIRECT, Arrival
from bargate.gateway.arrivals import Arrivals, Endpoints, local_address, named_by_header
from bargate.model.invalid import InvalidConfiguration
from bargate.model.network import VpcEndpoint
from bargate.snapshot.compiled import Unresolved
from building import method, policy, rest_api, snapshot

ALLOW = policy({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"})
INSIDE = Arrival(vpc_endpoint_id="vpce-1", vpc_id="vpc-1", name="vpce-1")
OTHER = Arrival(vpc_endpoint_id="vpce-2", vpc_id="vpc-1", name="vpce-2")
HOST = b"petstore.execute-api.us-east-1.localhost"
OWN = b"petstore-vpce-1.execute-api.us-east-1.localhost"


def endpoint(**fields: Any) -> VpcEndpoint:
    return VpcEndpoint(
        **{
            "account_id": "1",
            "region": "us-east-1",
            "id": "vpce-1",
            "vpc_id": "vpc-1",
            "addresses": ("10.0.0.9", "10.0.1.9"),
            "policy": ALLOW,
            **fields,
        }
    )


def test_the_local_address_says_the_door() -> None:
    endpoints, arrivals = Endpoints(), Arrivals()
    endpoints.apply("vpc_endpoint/vpce-1", endpoint())
    arrivals.take(endpoints.doors(), but="10.0.1.9")
    assert arrivals.at("10.0.0.9").vpc_endpoint_id == "vpce-1"
    assert arrivals.at("10.0.1.9") is DIRECT  # the public one stays public
    assert arrivals.at("") is arrivals.at("10.0.0.8") is DIRECT
    endpoints.apply("vpc_endpoint/vpce-1", None)
    arrivals.take(endpoints.doors())
    assert arrivals.at("10.0.0.9") is DIRECT


def test_an_endpoint_whose_policy_cannot_be_read_is_not_taken() -> None:
    endpoints = Endpoints()
    with pytest.raises(InvalidConfiguration):
        endpoints.apply("vpc_endpoint/vpce-1", endpoint(policy="{}"))
    assert endpoints.doors() == []


class Transport:
    def __init__(self, name: object) -> None:
        self.name = name

    def get_extra_info(self, _name: str) -> object:
        return self.name


@pytest.mark.parametrize(
    ("name", "address"),
    [
        (("10.0.0.9", 80), "10.0.0.9"),
        (("::ffff:10.0.0.9", 80, 0, 0), "10.0.0.9"),
        ("/run/socket", ""),
        (None, ""),
    ],
)
def test_local_addresses(name: object, address: str) -> None:
    assert local_address(Transport(name)) == address  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "path", "named"),
    [
        (b"abc", "/prod/x", "/_api/abc/prod/x"),
        (b"abc", "/_api/def/prod", "/_api/def/prod"),
        (b"a/b", "/prod", "/prod"),
        (b"../x", "/prod", "/prod"),
        (b"", "/prod", "/prod"),
        (b"a" * 65, "/prod", "/prod"),
        (b"abc, def", "/prod", "/prod"),
    ],
)
def test_the_header_names_an_api_and_nothing_else(value: bytes, path: str, named: str) -> None:
    assert named_by_header({b"x-apigw-api-id": value}, path) == named


def found(arrival: Arrival, host: bytes, path: str, **fields: Any) -> bool:
    api = rest_api(("/pets", method()), policy=ALLOW, **fields)
    return not isinstance(snapshot(api).resolve(host, path, arrival), Unresolved)


def test_only_endpoints_lead_to_private_apis_and_only_to_those() -> None:
    private = {"endpoint_type": "PRIVATE", "vpc_endpoint_ids": ("vpce-1",)}
    for host, path in ((HOST, "/prod/pets"), (b"x", "/_api/petstore/prod/pets")):
        assert found(INSIDE, host, path, **private)
        assert not found(DIRECT, host, path, **private)
        assert found(DIRECT, host, path)
        assert not found(INSIDE, host, path)


def test_the_host_of_an_endpoint_is_for_its_own_calls() -> None:
    private = {"endpoint_type": "PRIVATE", "vpc_endpoint_ids": ("vpce-1",)}
    assert found(INSIDE, OWN, "/prod/pets", **private)
    assert not found(OTHER, OWN, "/prod/pets", **private)
    assert not found(DIRECT, OWN, "/prod/pets", **private)
    assert not found(INSIDE, OWN, "/prod/pets", endpoint_type="PRIVATE")


def test_a_private_api_without_a_policy_is_never_served() -> None:
    with pytest.raises(InvalidConfiguration, match="needs a resource policy"):
        snapshot(rest_api(("/pets", method()), endpoint_type="PRIVATE"))
