"""examples/authorizers/ldap against a real slapd: who is let in, over which connections."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.process import free_port
from example_functions import AUTHORIZERS, STAGE, basic, load, statement, token_event
from examples.authorizers import slapd
from examples.authorizers.certificates import make_certificates
from examples.authorizers.slapd import PEOPLE, Slapd

Call = Callable[..., dict[str, Any]]
UNAUTHORIZED = r"\AUnauthorized\Z"
ADA, BEN = PEOPLE["ada"][0], PEOPLE["ben"][0]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    started = slapd.start(tmp_path_factory.mktemp("slapd"), free_port(), free_port())
    try:
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="module")
def directory() -> Any:
    return load(AUTHORIZERS / "ldap", "directory")


@pytest.fixture
def call(running: Slapd, directory: Any, monkeypatch: pytest.MonkeyPatch) -> Call:
    rights = {slapd.READERS_DN: ["GET/pets/*"], slapd.KEEPERS_DN.lower(): ["*/pets/*"]}
    settings = {
        "LDAP_URL": f"ldap://127.0.0.1:{running.port}",
        "LDAP_CA_FILE": str(running.ca_file),
        "LDAP_BIND_DN": slapd.SERVICE_DN,
        "LDAP_BIND_PASSWORD": slapd.SERVICE_PASSWORD,
        "LDAP_BASE_DN": slapd.BASE_DN,
        "RIGHTS": json.dumps(rights),
    }

    def call(user: str, password: str | bytes, **changes: str) -> dict[str, Any]:
        for name, value in (settings | changes).items():
            monkeypatch.setenv(name, value)
        answer: dict[str, Any] = directory.handler(token_event(basic(user, password)), None)
        return answer

    return call


def ways(running: Slapd) -> dict[str, dict[str, str]]:
    return {
        "StartTLS": {"LDAP_URL": f"ldap://127.0.0.1:{running.port}"},
        "ldaps": {"LDAP_URL": f"ldaps://127.0.0.1:{running.tls_port}"},
        "plain": {"LDAP_URL": f"ldap://127.0.0.1:{running.port}", "LDAP_STARTTLS": "no"},
    }


@pytest.mark.parametrize("way", ["StartTLS", "ldaps", "plain"])
@pytest.mark.parametrize("groups", ["(&(objectClass=groupOfNames)(member={dn}))", ""])
def test_groups_decide(call: Call, running: Slapd, way: str, groups: str) -> None:
    changes = ways(running)[way] | {"LDAP_GROUP_FILTER": groups}
    keeper, reader = call("ada", ADA, **changes), call("ben", BEN, **changes)
    assert keeper["principalId"] == "ada"
    assert statement(keeper)["Resource"] == [f"{STAGE}/*/pets/*", f"{STAGE}/GET/pets/*"]
    assert keeper["context"] == {"user": "ada", "groups": "keepers,readers"}
    assert statement(reader)["Effect"] == "Allow"
    assert statement(reader)["Resource"] == [f"{STAGE}/GET/pets/*"]


def test_who_is_in_no_group_is_denied(call: Call) -> None:
    answer = call("dora", PEOPLE["dora"][0])
    assert (statement(answer)["Effect"], statement(answer)["Resource"]) == ("Deny", [f"{STAGE}/*"])


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("ada", "wrong"),
        ("ada", BEN),
        ("ada", ""),
        ("nobody", ADA),
        ("*", ADA),
        ("a*", ADA),
        ("*)(uid=*", ADA),
        ("ada)(objectClass=*", ADA),
        ("ada)(|(uid=*)", ADA),
        ("\\61da", ADA),
        (f"uid=ada,ou=people,{slapd.BASE_DN}", ADA),
        ("gateway", slapd.SERVICE_PASSWORD),
        # Of these, given as texts, ldap3 makes nothing, or a space.
        ("ada", "\N{SOFT HYPHEN}"),
        ("ada", "\N{ZERO WIDTH SPACE}"),
        ("ada", "\0"),
    ],
)
def test_who_is_not_let_in(call: Call, user: str, password: str) -> None:
    with pytest.raises(Exception, match=UNAUTHORIZED):
        call(user, password)


def test_the_directory_takes_a_bind_without_password_so_that_this_tests_the_function(
    running: Slapd, directory: Any
) -> None:
    ldap3 = directory.Directory.sign_in.__globals__["Connection"].__init__.__globals__
    made = directory.Directory.sign_in.__globals__
    server = made["Server"]("127.0.0.1", running.port, get_info=made["NONE"])
    connection = made["Connection"](server, f"uid=ada,ou=people,{slapd.BASE_DN}", "x")
    connection.open()
    request = ldap3["bind_operation"](3, "ANONYMOUS", "", None)
    request["name"] = f"uid=ada,ou=people,{slapd.BASE_DN}"
    connection.post_send = connection.send("bindRequest", request)
    assert connection.strategy.get_response(connection.post_send)[1]["result"] == 0
    connection.unbind()


def test_a_name_is_known_as_the_directory_spells_it(call: Call) -> None:
    assert call("  ADA ", ADA)["principalId"] == "ada"


def test_a_name_of_two_entries_is_nobody(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    by_mail = {"LDAP_USER_FILTER": "(mail={user})"}
    assert call("ada@example.org", ADA, **by_mail)["principalId"] == "ada"
    with pytest.raises(Exception, match=UNAUTHORIZED):
        call("eve@example.org", PEOPLE["eve"][0], **by_mail)
    assert "more than one entry" in capsys.readouterr().out


def test_the_filter_of_active_directory_is_understood(call: Call) -> None:
    nested = "(&(objectClass=group)(member:1.2.840.113556.1.4.1941:={dn}))"
    answer = call("ada", ADA, LDAP_GROUP_FILTER=nested)  # OpenLDAP has no such rule: no groups
    assert statement(answer)["Effect"] == "Deny"


def foreign_authority(folder: Path) -> dict[str, str]:
    return {"LDAP_CA_FILE": str(make_certificates("127.0.0.1", folder).authority)}


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
def test_a_certificate_of_somebody_else_is_refused_before_anything_is_said(
    call: Call, running: Slapd, scheme: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = running.port if scheme == "ldap" else running.tls_port
    changes = {"LDAP_URL": f"{scheme}://127.0.0.1:{port}"} | foreign_authority(tmp_path)
    with pytest.raises(Exception, match="certificate verify failed") as error:
        call("ada", ADA, **changes)
    assert type(error.value).__name__ == "DirectoryError"
    said = capsys.readouterr().out
    assert "the directory cannot be asked: 127.0.0.1" in said
    assert ADA not in said
    assert slapd.SERVICE_PASSWORD not in said


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
def test_a_certificate_of_another_name_is_refused(call: Call, running: Slapd, scheme: str) -> None:
    port = running.port if scheme == "ldap" else running.tls_port
    with pytest.raises(Exception, match="Hostname mismatch"):
        call("ada", ADA, LDAP_URL=f"{scheme}://localhost:{port}")


@pytest.mark.parametrize(
    "changes",
    [
        {"LDAP_BIND_PASSWORD": "wrong"},
        {"LDAP_BASE_DN": "dc=elsewhere"},
        {"LDAP_USER_FILTER": "(uid={user}"},
        {"LDAP_NAME_ATTRIBUTE": "title"},
        {"LDAP_CA_FILE": "/nowhere"},
    ],
)
def test_what_is_set_up_wrongly_fails_and_lets_nobody_in(
    call: Call, changes: dict[str, str]
) -> None:
    with pytest.raises(Exception) as error:  # noqa: PT011  each says its own
        call("ada", ADA, **changes)
    assert str(error.value) != "Unauthorized"


def test_no_server(call: Call) -> None:
    with pytest.raises(Exception, match="refused") as error:
        call("ada", ADA, LDAP_URL=f"ldap://127.0.0.1:{free_port()}")
    assert type(error.value).__name__ == "DirectoryError"


@contextlib.contextmanager
def talker(answer: bytes) -> Iterator[int]:
    """Listen, answer everybody with these bytes, and keep the connections open."""
    kept = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    kept.append(server.accept()[0])
                    kept[-1].sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    for connection in kept:
        connection.close()


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"0\x80" * 40],
    ids=["silence", "http", "ber"],
)
@pytest.mark.parametrize("way", ["StartTLS", "ldaps", "plain"])
def test_a_server_that_hangs_or_talks_nonsense(call: Call, answer: bytes, way: str) -> None:
    with talker(answer) as port:
        scheme = "ldaps" if way == "ldaps" else "ldap"
        start_tls = "no" if way == "plain" else "yes"
        with pytest.raises(Exception) as error:  # noqa: PT011
            call("ada", ADA, LDAP_URL=f"{scheme}://127.0.0.1:{port}", LDAP_STARTTLS=start_tls)
    assert type(error.value).__name__ == "DirectoryError"


def test_the_tests_run_the_installed_server() -> None:
    found = slapd.find()
    assert found is not None
    assert os.access(found, os.X_OK)
