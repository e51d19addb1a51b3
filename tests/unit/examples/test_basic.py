import base64
import shutil

import pytest

from example_functions import AUTHORIZERS, STAGE, load, statement, token_event
from example_functions import basic as header_of

PASSWORD = "correct: hörse"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("functions") / "basic"
    shutil.copytree(AUTHORIZERS / "basic", made)
    users = load(made, "basic").USERS
    load(made, "new_user").add(users, "ada", PASSWORD, ["admins", "staff"])
    return made


@pytest.fixture
def basic(folder):
    return load(folder, "basic")


def test_a_right_password_opens_the_whole_stage(basic):
    answer = basic.handler(token_event(header_of("ada", PASSWORD)), None)
    assert answer["principalId"] == "ada"
    assert statement(answer)["Effect"] == "Allow"
    assert statement(answer)["Resource"] == f"{STAGE}/*"
    assert answer["context"] == {"user": "ada", "groups": "admins,staff"}


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic !!!!",
        "Basic YWRh",
        "Basic YWR",
        header_of("ada", "wrong"),
        header_of("ada", ""),
        header_of("ada", PASSWORD + " "),
        header_of("ADA", PASSWORD),
        header_of("nobody", PASSWORD),
        header_of("", PASSWORD),
        header_of("ada", "x" * 600),
        "Basic " + base64.b64encode(b"\xff\xfe:x").decode(),
        header_of("ada", PASSWORD) + "\n",
        header_of("ada", PASSWORD).replace("Basic", "Bearer"),
    ],
)
def test_whatever_else_is_unauthorized(basic, header):
    with pytest.raises(Exception, match=r"\AUnauthorized\Z"):
        basic.handler(token_event(header), None)


@pytest.mark.parametrize("user", ["ada", "nobody"])
def test_an_unknown_user_costs_as_much_as_a_wrong_password(basic, monkeypatch, user):
    hashed = []
    real = basic.hash_password
    monkeypatch.setattr(
        basic, "hash_password", lambda *given: hashed.append(given[0]) or real(*given)
    )
    with pytest.raises(Exception, match=r"\AUnauthorized\Z"):
        basic.handler(token_event(header_of(user, "wrong")), None)
    assert hashed == [b"wrong"]


def test_the_password_of_nobody_lets_in_nobody(basic):
    for guess in (b"", b"\0", b"x"):
        assert not basic.is_password(basic._NOBODY, guess)


def test_each_user_has_a_salt(folder, basic, tmp_path):
    command = load(folder, "new_user")
    command.add(tmp_path / "users.json", "a", PASSWORD, [])
    first = (tmp_path / "users.json").read_text()
    command.add(tmp_path / "users.json", "a", PASSWORD, [])
    assert (tmp_path / "users.json").read_text() != first
    assert PASSWORD not in first


def test_the_command_wants_a_user_and_a_long_password(folder, monkeypatch):
    command = load(folder, "new_user")
    assert command.main([]) == 2
    assert command.main(["a:b"]) == 2
    monkeypatch.setattr(command.getpass, "getpass", lambda _: "short")
    assert command.main(["ben"]) == 1
