import hashlib
import json
import shutil

import pytest

from example_functions import AUTHORIZERS, METHOD, STAGE, load, statement

TOKEN = "tok-1"


@pytest.fixture
def webhook(tmp_path):
    folder = tmp_path / "header_and_query"
    shutil.copytree(AUTHORIZERS / "header_and_query", folder)
    module = load(folder, "webhook")
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    partners = {"acme": digest, "other": "0" * 64, "*": digest, "a/b": digest, "empty": ""}
    module.PARTNERS.write_text(json.dumps(partners))
    return module


def rest(partner, token, name="X-Partner"):
    """Give a REQUEST event of a REST API, of lists of values."""
    return {
        "type": "REQUEST",
        "methodArn": METHOD,
        "headers": {name: partner[-1]} if partner else {},
        "multiValueHeaders": {name: partner} if partner else {},
        "queryStringParameters": {"token": token[-1]} if token else None,
        "multiValueQueryStringParameters": {"token": token} if token else None,
    }


def http(partner, token):
    """Give an event of format 2.0, which joins values with commas."""
    return {
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": METHOD,
        "identitySource": [partner, token],
        "headers": {"x-partner": partner},
        "queryStringParameters": {"token": token},
    }


@pytest.mark.parametrize(
    "event", [rest(["acme"], [TOKEN]), rest(["acme"], [TOKEN], "x-pARTNER"), http("acme", TOKEN)]
)
def test_both_together_open_the_paths_of_the_partner_alone(webhook, event):
    answer = webhook.handler(event, None)
    assert answer["principalId"] == "acme"
    assert statement(answer)["Effect"] == "Allow"
    assert statement(answer)["Resource"] == [
        f"{STAGE}/POST/hooks/acme",
        f"{STAGE}/POST/hooks/acme/*",
    ]
    assert answer["context"] == {"partner": "acme"}


@pytest.mark.parametrize(
    "event",
    [
        rest([], [TOKEN]),
        rest(["acme"], []),
        rest(["acme"], [""]),
        rest(["acme"], ["x"]),
        rest(["other"], [TOKEN]),
        rest(["nobody"], [""]),
        rest(["empty"], [""]),
        rest(["*"], [TOKEN]),
        rest(["a/b"], [TOKEN]),
        rest(["acme", "other"], [TOKEN]),
        rest(["other", "acme"], [TOKEN]),
        rest(["acme"], ["x", TOKEN]),
        rest(["acme"], [TOKEN, TOKEN]),
        rest(["acme"], ["\ud800"]),
        http("acme", f"{TOKEN},{TOKEN}"),
        http("acme,other", TOKEN),
        http("", TOKEN),
    ],
)
def test_whatever_else_is_unauthorized(webhook, event):
    with pytest.raises(Exception, match=r"\AUnauthorized\Z"):
        webhook.handler(event, None)


def test_a_header_twice_in_two_spellings_is_refused(webhook):
    event = rest(["acme"], [TOKEN])
    event["multiValueHeaders"]["x-partner"] = ["other"]
    with pytest.raises(Exception, match=r"\AUnauthorized\Z"):
        webhook.handler(event, None)
