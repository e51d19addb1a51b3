import json
import shutil

import pytest

from example_functions import AUTHORIZERS, METHOD, STAGE, basic, load, statement

FOLDER = AUTHORIZERS / "ldap"
READERS = "cn=readers,ou=groups,dc=example,dc=org"
ENVIRONMENT = {
    "LDAP_URL": "ldaps://ldap.example.org",
    "LDAP_BIND_DN": "cn=gateway,dc=example,dc=org",
    "LDAP_BIND_PASSWORD": "secret",
    "LDAP_BASE_DN": "dc=example,dc=org",
    "RIGHTS": json.dumps({"CN=Readers, OU=groups,dc=example,dc=org": ["GET/*", "GET/pets"]}),
}


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    folder = tmp_path_factory.mktemp("functions") / "ldap"
    shutil.copytree(FOLDER, folder)
    return load(folder, "directory")


@pytest.fixture
def settings(directory):
    def read(**changes):
        return directory.read_settings(ENVIRONMENT | changes)

    return read


def test_settings(settings):
    ldaps = settings()
    assert (ldaps.host, ldaps.port, ldaps.is_ldaps, ldaps.start_tls) == (
        "ldap.example.org",
        636,
        True,
        False,
    )
    plain = settings(LDAP_URL="ldap://ldap.example.org")
    assert (plain.port, plain.is_ldaps, plain.start_tls) == (389, False, True)
    local = settings(LDAP_URL="ldap://127.0.0.1:3389", LDAP_STARTTLS="no")
    assert (local.port, local.start_tls) == (3389, False)
    assert settings(LDAP_GROUP_FILTER="").group_filter == ""


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"LDAP_URL": ""}, "LDAP_URL"),
        ({"LDAP_URL": "http://x"}, "LDAP_URL"),
        ({"LDAP_URL": "ldaps://"}, "LDAP_URL"),
        ({"LDAP_URL": "ldap://ldap.example.org", "LDAP_STARTTLS": "no"}, "LDAP_STARTTLS"),
        ({"LDAP_URL": "ldap://ldap.example.org", "LDAP_STARTTLS": "off"}, "LDAP_STARTTLS"),
        ({"LDAP_BIND_DN": ""}, "LDAP_BIND_DN"),
        ({"LDAP_BIND_PASSWORD": ""}, "LDAP_BIND_PASSWORD"),
        ({"LDAP_BASE_DN": ""}, "LDAP_BASE_DN"),
        ({"LDAP_USER_FILTER": "(uid=*)"}, "LDAP_USER_FILTER"),
        ({"RIGHTS": ""}, "RIGHTS"),
        ({"RIGHTS": "x"}, "RIGHTS"),
        ({"RIGHTS": "{}"}, "RIGHTS"),
        ({"RIGHTS": "[]"}, "RIGHTS"),
        ({"RIGHTS": json.dumps({READERS: "GET/*"})}, "RIGHTS"),
        ({"RIGHTS": json.dumps({READERS: ["pets"]})}, "RIGHTS"),
        ({"RIGHTS": json.dumps({READERS: ["get/pets"]})}, "RIGHTS"),
        ({"RIGHTS": json.dumps({READERS: ["GET/${aws:username}"]})}, "RIGHTS"),
        ({"RIGHTS": json.dumps({READERS: [5]})}, "RIGHTS"),
        ({"RIGHTS": json.dumps({"readers": ["GET/*"]})}, "readers"),
    ],
)
def test_settings_that_are_refused(settings, changes, named):
    with pytest.raises(ValueError, match=named):
        settings(**changes)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Bearer x",
        basic("ada", ""),
        basic("ada", "\0"),
        basic("", "x"),
        basic("a\0da", "x"),
        basic("ada\n", "x"),
        basic("a" * 257, "x"),
        "Basic YWRh",
        "Basic /zp4",
        "Basic YWRhOng",
    ],
)
def test_credentials_that_the_directory_is_not_asked_about(directory, header):
    with pytest.raises(Exception, match=r"\AUnauthorized\Z"):
        directory.credentials(header)


def test_credentials(directory):
    assert directory.credentials(basic("ada", "a:b c")) == ("ada", b"a:b c")


def test_groups_are_found_whatever_the_spelling(directory, settings):
    held = frozenset({READERS, "cn=others,dc=example,dc=org"})
    found = statement({"policyDocument": directory.policy(METHOD, held, settings())})
    assert found["Effect"] == "Allow"
    assert found["Resource"] == [f"{STAGE}/GET/*", f"{STAGE}/GET/pets"]


def test_who_has_no_rights_is_denied_by_name(directory, settings):
    held = frozenset({"cn=others,dc=example,dc=org"})
    found = statement({"policyDocument": directory.policy(METHOD, held, settings())})
    assert (found["Effect"], found["Resource"]) == ("Deny", [f"{STAGE}/*"])
