import hashlib
import json
import shutil

import pytest

from example_functions import AUTHORIZERS, STAGE, load, statement, token_event


@pytest.fixture
def tokens(tmp_path):
    folder = tmp_path / "tokens"
    shutil.copytree(AUTHORIZERS / "tokens", folder)
    return load(folder, "tokens")


@pytest.fixture
def token(tokens):
    return load(tokens.TABLE.parent, "new_token").add(tokens.TABLE, "ada", ["admins", "staff"])


def test_a_token_opens_the_whole_stage_with_its_owner_in_the_context(tokens, token):
    answer = tokens.handler(token_event(f"Bearer {token}"), None)
    assert answer["principalId"] == "ada"
    assert statement(answer) == {
        "Effect": "Allow",
        "Action": "execute-api:Invoke",
        "Resource": f"{STAGE}/*",
    }
    assert answer["context"] == {"user": "ada", "groups": "admins,staff"}
    assert tokens.handler(token_event(f"bearer  {token}"), None) == answer


def test_the_policy_is_the_same_for_every_method_as_it_is_kept_for_all(tokens, token):
    root = tokens.handler(token_event(f"Bearer {token}", f"{STAGE}/DELETE/"), None)
    star = tokens.handler(token_event(f"Bearer {token}", f"{STAGE}/GET/*/../x"), None)
    assert root["policyDocument"] == star["policyDocument"]


def test_only_the_digest_is_kept(tokens, token):
    text = tokens.TABLE.read_text()
    assert token not in text
    assert list(json.loads(text)) == [hashlib.sha256(token.encode()).hexdigest()]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "{token}",
        "Basic {token}",
        "Bearer {token}x",
        "Bearer {token}\n",
        "Bearer {token} ",
        "Bearer {token},Bearer {token}",
        "Bearer {digest}",
        "Bearer " + "a" * 600,
        "Bearer \ud800",
        "Bearer tökén",
    ],
)
def test_whatever_else_is_unauthorized(tokens, token, header):
    digest = hashlib.sha256(token.encode()).hexdigest()
    with pytest.raises(Exception, match=r"\AUnauthorized\Z"):
        tokens.handler(token_event(header.format(token=token, digest=digest)), None)


def test_every_digest_is_compared_whole(tokens, token, monkeypatch):
    load(tokens.TABLE.parent, "new_token").add(tokens.TABLE, "ben", [])
    compared = []
    real = tokens.hmac.compare_digest
    monkeypatch.setattr(
        tokens.hmac, "compare_digest", lambda a, b: compared.append((a, b)) or real(a, b)
    )
    assert tokens.handler(token_event(f"Bearer {token}"), None)["principalId"] == "ada"
    assert len(compared) == 2
    assert {len(side) for pair in compared for side in pair} == {64}


def test_without_a_table_the_function_fails_and_lets_nobody_in(tokens):
    with pytest.raises(FileNotFoundError):
        tokens.handler(token_event("Bearer x"), None)


def test_simple_answers_of_http_apis(tokens, token):
    known = {"version": "2.0", "identitySource": [f"Bearer {token}"]}
    assert tokens.simple_handler(known, None) == {
        "isAuthorized": True,
        "context": {"user": "ada", "groups": "admins,staff"},
    }
    unknown = {"version": "2.0", "identitySource": ["Bearer nobody"]}
    assert tokens.simple_handler(unknown, None) == {"isAuthorized": False}


def test_the_command_wants_a_user(tokens, capsys):
    command = load(tokens.TABLE.parent, "new_token")
    assert command.main([]) == 2
    assert command.main(["--help"]) == 2
    assert command.main(["ben", "staff"]) == 0
    token = capsys.readouterr().out.strip()
    answer = tokens.handler(token_event(f"Bearer {token}"), None)
    assert answer["context"] == {"user": "ben", "groups": "staff"}
