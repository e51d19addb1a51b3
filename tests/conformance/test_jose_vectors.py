"""The published JOSE vectors (C2SP/wycheproof): none that is invalid may be accepted.

Every case goes through what the authorizers use: `jwk` for the keys, `jws` for the token. Only
RSA is supported (AWS [D] apigw-evaluation §7.1); valid cases of other kinds must be refused as
unsupported, not as broken.
"""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from bargate.tokens import jws
from bargate.tokens.fault import Fault, InvalidToken
from bargate.tokens.jwk import UnusableKey, import_key, parse_key_set

VECTORS = Path(__file__).parents[2].parent / "shared" / "vectors" / "jose"
# Marked valid, and refused here on purpose. Figure20: the key's own `alg` is PS256 and the token's
# PS384; the same suite calls that very thing invalid elsewhere (WrongPrimitive), and RFC 7517 §4.4
# binds a key to its `alg`. InvalidCharacter…: a foreign character stands in a segment, which a
# lenient decoder skips; RFC 7515 §2 knows no such characters.
STRICTER = {
    "Figure20": Fault.ALGORITHM,
    "InvalidCharacterInsertedInHeader": Fault.ENCODING,
    "InvalidCharacterInsertedInPayload": Fault.ENCODING,
}

pytestmark = pytest.mark.vectors


def groups(name):
    path = VECTORS / name
    if not path.is_file():
        absent = f"the published vectors are not at ../shared/vectors/jose/{name}"
        if os.environ.get("CI") == "true":
            pytest.fail(absent)
        pytest.skip(absent)
    return json.loads(path.read_bytes())["testGroups"]


def document(group):
    """The group's keys as a JWK Set; where only private ones are given, they stay as given."""
    key = group.get("public") or group["private"]
    key = json.loads(key) if isinstance(key, str) else key
    return key if "keys" in key else {"keys": [key]}


def judge(group, token):
    """Say "accepted", or the kind of refusal."""
    keys = parse_key_set(json.dumps(document(group)).encode()).keys
    try:
        parsed = jws.parse(token.encode())
        key = keys.get(parsed.kid or next(iter(keys), ""))
        if key is None:
            return "no usable key"
        jws.verify(parsed, key)
    except InvalidToken as refused:
        return refused.fault
    return "accepted"


def run(name):
    outcomes = Counter()
    for group in groups(name):
        for case in group["tests"]:
            token = case.get("jws", case.get("jwe"))
            token = token if isinstance(token, str) else json.dumps(token)
            verdict = judge(group, token)
            where = (name, case["tcId"], case["comment"], verdict)
            if case["result"] != "valid":
                assert verdict != "accepted", where
                outcomes["invalid refused"] += 1
            elif verdict == "accepted":
                outcomes["valid accepted"] += 1
            elif case["comment"] in STRICTER:
                assert verdict is STRICTER[case["comment"]], where
                outcomes["stricter"] += 1
            else:
                # An encrypted token has five segments: not a JWS at all.
                unsupported = Fault.SEGMENTS if "jwe" in case else Fault.ALGORITHM
                assert verdict is unsupported, where
                assert "jwe" in case or not is_rsa(group), where
                outcomes["unsupported refused"] += 1
    return outcomes


def is_rsa(group):
    return any(key.get("kty") == "RSA" for key in document(group)["keys"])


def test_signatures():
    outcomes = run("json_web_signature_test.json")
    assert sum(outcomes.values()) == 401
    assert outcomes == {
        "invalid refused": 355,
        "valid accepted": 30,
        "unsupported refused": 12,
        "stricter": 4,
    }


def test_keys():
    outcomes = run("json_web_key_test.json")
    assert sum(outcomes.values()) == 26
    assert outcomes == {"invalid refused": 21, "valid accepted": 1, "unsupported refused": 4}


def test_mixed():
    outcomes = run("json_web_crypto_test.json")
    assert sum(outcomes.values()) == 83
    assert outcomes == {"invalid refused": 77, "valid accepted": 1, "unsupported refused": 5}


def test_private_forms_of_the_same_keys_are_refused():
    refused = 0
    for group in groups("json_web_signature_test.json"):
        key = group.get("private")
        key = json.loads(key) if isinstance(key, str) else key
        if key is None:
            continue
        with pytest.raises(UnusableKey):
            import_key(key)
        refused += 1
    assert refused == 23
