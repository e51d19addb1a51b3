import pytest

import objects
from calling import root
from http_apis import calling, new_api, new_route, new_stage

CERTIFICATE = {"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/c"}


def _domain(call, name="api.example.com", **settings):
    request = {"DomainName": name, "DomainNameConfigurations": [CERTIFICATE]} | settings
    return call("CreateDomainName", **request)


def test_a_domain_name_is_given_back_as_it_was_created(tmp_path):
    objects.put(tmp_path, "bucket", "ca.pem", objects.authority().pem)
    call = calling(environment=objects.environment(tmp_path))
    made = _domain(
        call,
        "API.Example.com",
        Tags={"a": "1"},
        MutualTlsAuthentication={"TruststoreUri": "s3://bucket/ca.pem"},
    )
    assert made["DomainName"] == "api.example.com"
    assert made["RoutingMode"] == "API_MAPPING_ONLY"
    assert made["MutualTlsAuthentication"] == {"TruststoreUri": "s3://bucket/ca.pem"}
    (configuration,) = made["DomainNameConfigurations"]
    assert (configuration["EndpointType"], configuration["SecurityPolicy"]) == (
        "REGIONAL",
        "TLS_1_2",
    )
    assert made == call("GetDomainName", DomainName="api.EXAMPLE.com")
    assert call("GetDomainNames")["Items"] == [made]
    changed = call(
        "UpdateDomainName",
        DomainName="api.example.com",
        MutualTlsAuthentication={"TruststoreUri": ""},
    )
    assert "MutualTlsAuthentication" not in changed
    call("DeleteDomainName", DomainName="api.example.com")
    assert call.refused("GetDomainName", DomainName="api.example.com").code == "NotFoundException"


@pytest.mark.parametrize(
    "settings",
    [
        {"DomainName": "localhost"},
        {"DomainName": "a b.example.com"},
        {"DomainName": "a..example.com"},
        {"DomainName": "-a.example.com"},
        {"DomainName": "a.*.example.com"},
        {"DomainName": "api.example.com:8080"},
        {"DomainName": "api.example.com\n"},
        {"DomainName": "ä.example.com"},
        {"DomainName": "a." * 200 + "com"},
        {"DomainNameConfigurations": []},
        {"DomainNameConfigurations": [CERTIFICATE, CERTIFICATE]},
        {"DomainNameConfigurations": [{}]},
        {"DomainNameConfigurations": [{"CertificateArn": "me"}]},
        {"DomainNameConfigurations": [CERTIFICATE | {"EndpointType": "EDGE"}]},
        {"DomainNameConfigurations": [CERTIFICATE | {"SecurityPolicy": "TLS_1_0"}]},
        {"MutualTlsAuthentication": {"TruststoreUri": "file:///etc/passwd"}},
        {"MutualTlsAuthentication": {"TruststoreVersion": "1"}},
        {"RoutingMode": "ROUTING_RULE_ONLY"},
    ],
)
def test_a_domain_name_that_could_not_be_served_is_refused(settings):
    call = calling()
    base = {"DomainName": "api.example.com", "DomainNameConfigurations": [CERTIFICATE]}
    assert call.refused("CreateDomainName", **base | settings).code == "BadRequestException"
    assert call("GetDomainNames")["Items"] == []


def test_a_domain_name_belongs_to_one_account():
    mine = calling()
    _domain(mine)
    other = calling(store=mine.store, caller=root("210987654321"))
    taken = other.refused(
        "CreateDomainName", DomainName="api.example.com", DomainNameConfigurations=[CERTIFICATE]
    )
    assert taken.code == "ConflictException"
    for operation in ("GetDomainName", "DeleteDomainName", "GetApiMappings"):
        refused = other.refused(operation, DomainName="api.example.com")
        assert refused.code == "NotFoundException"


def test_mappings_are_made_moved_and_removed():
    call = calling()
    api = new_api(call)
    new_route(call, api)
    new_stage(call, api)
    new_stage(call, api, "two")
    _domain(call)
    name = {"DomainName": "api.example.com"}
    made = call("CreateApiMapping", **name, ApiId=api, Stage="$default", ApiMappingKey="pets/v1")
    mapping = {**name, "ApiMappingId": made["ApiMappingId"]}
    assert made == call("GetApiMapping", **mapping)
    moved = call("UpdateApiMapping", **mapping, ApiId=api, Stage="two", ApiMappingKey="")
    assert (moved["Stage"], moved["ApiMappingKey"]) == ("two", "")
    assert call("GetApiMappings", **name)["Items"] == [moved]
    second = call("CreateApiMapping", **name, ApiId=api, Stage="two", ApiMappingKey="b")
    clash = call.refused(
        "UpdateApiMapping",
        **name,
        ApiMappingId=second["ApiMappingId"],
        ApiId=api,
        ApiMappingKey="",
    )
    assert clash.code == "ConflictException"
    assert call("GetApiMapping", **mapping) == moved
    call("DeleteApiMapping", **mapping)
    assert call.refused("GetApiMapping", **mapping).code == "NotFoundException"


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"ApiMappingKey": "/a"}, "BadRequestException"),
        ({"ApiMappingKey": "a/"}, "BadRequestException"),
        ({"ApiMappingKey": "a//b"}, "BadRequestException"),
        ({"ApiMappingKey": "a b"}, "BadRequestException"),
        ({"ApiMappingKey": "a\n"}, "BadRequestException"),
        ({"ApiMappingKey": "a%2fb"}, "BadRequestException"),
        ({"ApiMappingKey": "x" * 301}, "BadRequestException"),
        ({"Stage": "nope"}, "BadRequestException"),
        ({"ApiId": "nope"}, "NotFoundException"),
        ({"DomainName": "other.example.com"}, "NotFoundException"),
    ],
)
def test_a_mapping_to_nowhere_is_refused(settings, code):
    call = calling()
    api = new_api(call)
    new_stage(call, api)
    _domain(call)
    base = {"DomainName": "api.example.com", "ApiId": api, "Stage": "$default"}
    assert call.refused("CreateApiMapping", **base | settings).code == code


def test_an_api_of_another_account_cannot_be_mapped():
    mine = calling()
    api = new_api(mine)
    new_stage(mine, api)
    other = calling(store=mine.store, caller=root("210987654321"))
    _domain(other, "evil.example.com")
    refused = other.refused(
        "CreateApiMapping", DomainName="evil.example.com", ApiId=api, Stage="$default"
    )
    assert refused.code == "NotFoundException"
