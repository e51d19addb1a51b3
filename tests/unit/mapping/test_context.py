import pytest
from msgspec import structs

from bargate.access.arrival import Arrival, ClientCertificate
from bargate.access.call import Facts
from bargate.mapping.context import compile_variable, is_known_variable, place_of, trace_id
from building import PLACE, STAGE, call

REST = structs.replace(
    place_of("REST", PLACE, "abc", STAGE),
    resource_id="r1", resource_path="/pets/{id}", route_key="GET /pets/{id}",
)  # fmt: skip
HTTP = structs.replace(place_of("HTTP", PLACE, "abc", STAGE), stage="$default")


def value(name, place=REST, **headers):
    facts = Facts({})
    facts.principal_id = "p"
    facts.claims = {"sub": "me", "custom:role": "r", "groups": ["a", "b"], "n": 5, "yes": True}
    facts.authorizer_context = {"tenant": "t"}
    facts.validation_error = "[bad]"
    return compile_variable(name)(call(path="/pets/7", headers=headers), facts, place)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("requestId", "6b0a3c5e-0000-4000-8000-000000000001"),
        ("extendedRequestId", "abcdefghijklmno="), ("httpMethod", "GET"), ("path", "/prod/pets/7"),
        ("protocol", "HTTP/1.1"), ("requestTime", "21/Sep/2026:14:13:20 +0000"),
        ("requestTimeEpoch", "1790000000000"), ("stage", "prod"), ("apiId", "abc"),
        ("accountId", "123456789012"),
        ("domainName", "abc.execute-api.us-east-1.localhost"), ("domainPrefix", "abc"),
        ("resourceId", "r1"), ("resourcePath", "/pets/{id}"), ("routeKey", "GET /pets/{id}"),
        ("identity.sourceIp", "203.0.113.7"), ("identity.userAgent", None),
        ("identity.apiKey", None), ("identity.caller", None), ("awsEndpointRequestId", None),
        ("authorizer.principalId", "p"), ("authorizer.claims.sub", "me"),
        ("authorizer.claims['custom:role']", "r"), ("authorizer.claims.groups", "a,b"),
        ("authorizer.claims.n", "5"), ("authorizer.claims.yes", "true"),
        ("authorizer.claims.none", None), ("authorizer.tenant", "t"), ("authorizer.none", None),
        ("error.validationErrorString", "[bad]"), ("nothing.known", None), ("", None),
    ],
)  # fmt: skip
def test_variables(name, expected):
    assert value(name) == expected


def test_http_apis_write_lists_in_brackets_and_have_no_stage_in_the_path():
    assert value("authorizer.claims.groups", HTTP) == "[a b]"
    assert value("authorizer.jwt.claims.sub", HTTP) == "me"
    assert value("path", HTTP) == "/pets/7"


def test_known_names():
    known = ["requestId", "identity.userArn", "authorizer.claims.x", "error.messageString"]
    assert all(is_known_variable(name) for name in known)
    assert not any(is_known_variable(name) for name in ["requestid", "", "identity.nope", "input"])


def test_an_api_key_counts_once_it_was_checked():
    facts = Facts({})
    asked = call(headers={"x-api-key": "secret"})
    variable = compile_variable("identity.apiKey")
    assert variable(asked, facts, REST) is None
    facts.api_key_id = "k1"
    assert variable(asked, facts, REST) == "secret"


@pytest.mark.parametrize("sent", ["Root=1-x\r\nX: y", "é", "x" * 300, ""])
def test_strange_trace_ids_are_replaced(sent):
    made = trace_id(call(headers={"X-Amzn-Trace-Id": sent}))
    assert made == "Root=1-6ab13b80-6b0a3c5e0000400080000000"
    assert len(trace_id(call(request_id="short="))) == len(made)


def test_custom_domain_names_and_client_certificates_are_told():
    certificate = ClientCertificate(
        pem="PEM", subject_dn="CN=a", issuer_dn="CN=CA", serial_number="0a:1b",
        not_before="May  8 02:30:02 2019 GMT", not_after="Dec 31 23:59:59 2099 GMT",
    )  # fmt: skip
    arrival = Arrival(server_name="api.example.com", client_certificate=certificate)
    through = call(arrival=arrival, domain_name="api.example.com", base_path="v1")
    expected = {
        "domainName": "api.example.com",
        "domainPrefix": "api",
        "customDomain.basePathMatched": "v1",
        "identity.clientCert.clientCertPem": "PEM",
        "identity.clientCert.subjectDN": "CN=a",
        "identity.clientCert.issuerDN": "CN=CA",
        "identity.clientCert.serialNumber": "0a:1b",
        "identity.clientCert.validity.notBefore": "May  8 02:30:02 2019 GMT",
        "identity.clientCert.validity.notAfter": "Dec 31 23:59:59 2099 GMT",
    }
    for name, text in expected.items():
        assert compile_variable(name)(through, Facts({}), REST) == text
        assert is_known_variable(name)
        if not name.startswith("domain"):
            headers = {"X-Amzn-Mtls-Clientcert": "forged", "Host": "api.example.com"}
            assert value(name, **headers) is None
