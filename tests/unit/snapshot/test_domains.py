"""Which stage a custom domain name leads to, and what it must not lead to."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from bargate.access.arrival import DIRECT, Arrival, ClientCertificate
from bargate.gateway.fetch import fetch
from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.model.domain_name import DomainName, Mapping
from bargate.model.installation import Canary, Stage
from bargate.snapshot.compile import Options, compile_snapshot
from bargate.snapshot.compiled import Unresolved
from bargate.snapshot.domains import Domains
from bargate.snapshot.snapshot import DomainMatch, Snapshot
from building import ACCOUNT, PLACE, method, policy, rest_api, served_stages

API = rest_api(("/pets", method()))
HOST = b"api.example.com"
ROOT = {"": "prod"}
SHOWN = ClientCertificate(
    pem="", subject_dn="CN=a", issuer_dn="CN=CA", serial_number="01", not_before="", not_after=""
)
ALLOW = policy({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"})


def domain(name: str, mappings: dict[str, str | None], **fields: Any) -> DomainName:
    return DomainName(
        account_id=ACCOUNT,
        region="us-east-1",
        name=name,
        mappings=tuple(
            Mapping(base_path=base_path, api_id=fields.get("api_id", "petstore"), stage=stage)
            for base_path, stage in mappings.items()
        ),
        **{key: value for key, value in fields.items() if key != "api_id"},
    )


def serving(*domains: DomainName, api: Any = API, canary: float | None = None) -> Snapshot:
    stages = served_stages(api, *(Stage(name=name) for name in ("prod", "one", "two", "v1")))
    if canary is not None:
        canaries = Canary(api=api, percent_traffic=canary)
        stages = tuple(structs.replace(each, canary=canaries) for each in stages)
    place = structs.replace(PLACE, served=stages, domains=domains)
    return compile_snapshot(place, HttpKeyDirectory(fetch), None, Options(draw=lambda: 0.5))


def found(
    snapshot: Snapshot, path: str, host: bytes = HOST, arrival: Arrival = DIRECT
) -> tuple[str, str] | str:
    """Give stage and path, or the reason of the refusal."""
    resolved = snapshot.resolve(host, path, arrival)
    if isinstance(resolved, Unresolved):
        assert resolved.response.status == 403
        assert resolved.response.body == b'{"message":"Forbidden"}'
        return resolved.denial.reason
    return resolved[0].name, resolved[1]


def test_an_exact_name_comes_before_a_wildcard() -> None:
    snapshot = serving(domain("*.example.com", {"": "one"}), domain("api.example.com", {"": "two"}))
    assert found(snapshot, "/pets") == ("two", "/pets")
    assert found(snapshot, "/pets", b"other.example.com") == ("one", "/pets")
    assert found(snapshot, "/pets", b"api.example.com.") == ("two", "/pets")


@pytest.mark.parametrize(
    "host", [b"a.b.example.com", b"example.com", b".", b"", b"com", b"api.example.com.."]
)
def test_a_wildcard_covers_one_label_only(host: bytes) -> None:
    assert found(serving(domain("*.example.com", ROOT)), "/pets", host) == "host.unknown_api"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/pets", ("one", "/pets")),
        ("/v1", ("one", "/")),
        ("/v1/", ("one", "/")),
        ("/v1/x/pets", ("two", "/pets")),
        ("/v1/x", ("two", "/")),
        ("/v1/xy", ("one", "/xy")),
        ("/v10/pets", ("prod", "/v10/pets")),
        ("/V1/pets", ("prod", "/V1/pets")),
        ("/", ("prod", "/")),
        ("/%761/pets", ("one", "/pets")),
        ("/%76%31/%78/pets", ("two", "/pets")),
        ("/v1%2Fx/pets", ("prod", "/v1%2Fx/pets")),
        ("/v1/%2561", ("one", "/%2561")),
    ],
)
def test_the_longest_base_path_of_whole_segments_wins(path: str, expected: tuple[str, str]) -> None:
    snapshot = serving(domain("api.example.com", {"": "prod", "v1": "one", "v1/x": "two"}))
    assert found(snapshot, path) == expected


@pytest.mark.parametrize("path", ["/v10/pets", "/", "/pets", "/v", "/v1%2Fpets", "/_api/petstore/prod/pets"])  # fmt: skip
def test_what_no_mapping_begins_is_forbidden(path: str) -> None:
    assert found(serving(domain("api.example.com", {"v1": "one"})), path) == "host.no_mapping"


@pytest.mark.parametrize(
    "path",
    ["/v1/../pets", "/v1/%2e%2e/pets", "/./v1/pets", "//v1/pets", "/v1//pets", "/v1/%zz", ""],
)
@pytest.mark.parametrize("mappings", [ROOT, {"v1": "one"}, {"": None}])
def test_a_path_without_normal_form_leads_nowhere(path: str, mappings: Any) -> None:
    snapshot = serving(domain("api.example.com", mappings))
    assert found(snapshot, path) == "host.no_mapping"
    assert snapshot.domain_of(HOST, path) == DomainMatch("api.example.com", "")


def test_a_mapping_without_stage_takes_it_from_the_path() -> None:
    snapshot = serving(domain("api.example.com", {"": None, "v2": None}))
    assert found(snapshot, "/one/pets") == ("one", "/pets")
    assert found(snapshot, "/%6fne") == ("one", "/")
    assert found(snapshot, "/v2/two/pets") == ("two", "/pets")
    for path in ("/", "/none/pets", "/v2", "/v2/", "/v2/none"):
        assert found(snapshot, path) == "host.unknown_stage"


def test_unknown_apis_and_stages_are_forbidden() -> None:
    assert found(serving(domain("api.example.com", {"": "none"})), "/pets") == "host.unknown_stage"
    strange = serving(domain("api.example.com", ROOT, api_id="nope"))
    assert found(strange, "/pets") == "host.unknown_api"


def test_a_private_name_leads_nowhere() -> None:
    snapshot = serving(domain("api.example.com", ROOT, is_private=True))
    assert found(snapshot, "/pets") == "host.unknown_api"
    inside = Arrival(vpc_endpoint_id="vpce-1", name="vpce-1")
    assert found(snapshot, "/pets", arrival=inside) == "host.unknown_api"
    assert snapshot.domain_of(HOST, "/pets") is None


def test_mutual_tls_names_refuse_what_arrived_for_another() -> None:
    snapshot = serving(
        domain("api.example.com", ROOT, truststore=""),
        domain("*.example.org", ROOT, truststore="x"),
        domain("plain.example.com", ROOT),
    )
    mine = Arrival(server_name="api.example.com", client_certificate=SHOWN, name="m")
    assert found(snapshot, "/pets", arrival=mine) == ("prod", "/pets")
    for arrival in (
        DIRECT,
        Arrival(server_name="api.example.com", name="from before it wanted mutual TLS"),
        Arrival(server_name="plain.example.com", client_certificate=SHOWN, name="p"),
        Arrival(server_name="*.example.org", client_certificate=SHOWN, name="w"),
        Arrival(server_name="*.example.com", client_certificate=SHOWN, name="x"),
    ):
        assert found(snapshot, "/pets", arrival=arrival) == "host.mutual_tls"
    assert found(snapshot, "/pets", b"a.example.org", mine) == "host.mutual_tls"
    wild = Arrival(server_name="*.example.org", client_certificate=SHOWN, name="w")
    assert found(snapshot, "/pets", b"a.example.org", wild) == ("prod", "/pets")
    assert found(snapshot, "/pets", b"plain.example.com", mine) == ("prod", "/pets")


def test_a_private_api_is_not_reached_through_a_public_name() -> None:
    api = structs.replace(API, endpoint_type="PRIVATE", policy=ALLOW, vpc_endpoint_ids=("vpce-1",))
    snapshot = serving(domain("api.example.com", ROOT), api=api)
    assert found(snapshot, "/pets") == "host.private_api"


def test_a_name_leads_to_the_canary_as_the_stage_does() -> None:
    for percent, is_canary in ((0.0, False), (51.0, True), (100.0, True)):
        snapshot = serving(domain("api.example.com", {"v1": "one"}), canary=percent)
        resolved = snapshot.resolve(HOST, "/v1/pets")
        assert not isinstance(resolved, Unresolved)
        assert (resolved[0].is_canary, resolved[1]) == (is_canary, "/pets")


def test_a_name_serves_what_the_apis_own_endpoint_does_not() -> None:
    api = structs.replace(API, disable_execute_api_endpoint=True)
    snapshot = serving(domain("api.example.com", ROOT), api=api)
    assert found(snapshot, "/pets") == ("prod", "/pets")
    own = b"petstore.execute-api.us-east-1.localhost"
    assert found(snapshot, "/prod/pets", own) == "host.endpoint_disabled"


def test_the_name_and_base_path_of_a_call_are_told() -> None:
    snapshot = serving(domain("*.example.com", {"": "prod", "v1": "one"}))
    assert snapshot.domain_of(HOST, "/v1/pets") == DomainMatch("*.example.com", "v1")
    assert snapshot.domain_of(HOST, "/pets") == DomainMatch("*.example.com", "")
    assert snapshot.domain_of(b"localhost", "/pets") is None
    assert snapshot.domain_of(None, "/pets") is None
    assert Domains().find(HOST) is None
