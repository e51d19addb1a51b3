import base64
import json
import time

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from example_functions import AUTHORIZERS, STAGE, load, statement, token_event

ISSUER = "https://id.example.org/realm"
FOLDER = AUTHORIZERS / "oidc"
RSA = RSAKey.generate_key(2048, {"kid": "rsa"}, private=True)
EC = ECKey.generate_key("P-256", {"kid": "ec"}, private=True)
NEW = RSAKey.generate_key(2048, {"kid": "new"}, private=True)
UNAUTHORIZED = r"\AUnauthorized\Z"


class Published:
    """What the provider answers, and what it was asked; `down` while it does not."""

    def __init__(self, error):
        self.keys = [RSA.as_dict(private=False), EC.as_dict(private=False)]
        self.discovery = {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"}
        self.asked = []
        self.down = False
        self._error = error

    def __call__(self, url):
        self.asked.append(url)
        if self.down:
            raise self._error("connection refused")
        return {
            f"{ISSUER}/.well-known/openid-configuration": self.discovery,
            f"{ISSUER}/keys": {"keys": self.keys},
        }[url]


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def oidc():
    return load(FOLDER, "oidc")


@pytest.fixture
def published(oidc):
    return Published(oidc.Provider.key.__globals__["ProviderError"])


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def provider(oidc, published, clock):
    return oidc.Provider(ISSUER, published, clock)


@pytest.fixture
def call(oidc, provider):
    def call(token, scheme="Bearer", **environment):
        wanted = oidc.settings({"ISSUER": ISSUER, "AUDIENCE": "api, other-api"} | environment)
        oidc._kept[:] = [(wanted, provider)]
        return oidc.handler(token_event(f"{scheme} {token}"), None)

    return call


def later(seconds):
    """Give a time as it will be when the token is made."""
    return lambda: int(time.time()) + seconds


def claims(**changes):
    now = int(time.time())
    made = {"iss": ISSUER, "sub": "ada", "aud": "api", "iat": now, "exp": now + 300} | changes
    made = {name: value() if callable(value) else value for name, value in made.items()}
    return {name: value for name, value in made.items() if value is not ...}


def signed(key=RSA, algorithm="RS256", header=(), **changes):
    kid = {"kid": key.kid} if key.kid else {}
    return jwt.encode(
        {"alg": algorithm} | kid | dict(header), claims(**changes), key, algorithms=[algorithm]
    )


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS256"), (EC, "ES256")])
def test_a_good_token_opens_the_whole_stage(call, key, algorithm):
    answer = call(signed(key, algorithm, email="ada@example.org", scope="a b", groups=["x"]))
    assert answer["principalId"] == "ada"
    assert statement(answer)["Effect"] == "Allow"
    assert statement(answer)["Resource"] == f"{STAGE}/*"
    assert answer["context"] == {"sub": "ada", "email": "ada@example.org", "scope": "a b"}


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "other-api"},
        {"aud": ["x", "api"]},
        {"exp": later(-30)},
        {"nbf": later(30)},
        {"iat": ...},
    ],
)
def test_what_else_passes(call, changes):
    assert statement(call(signed(**changes)))["Effect"] == "Allow"


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "elsewhere"},
        {"aud": []},
        {"aud": ...},
        {"aud": "api, other-api"},
        {"iss": "https://id.example.org"},
        {"iss": ISSUER + "/"},
        {"iss": ...},
        {"exp": later(-90)},
        {"exp": ...},
        {"exp": "tomorrow"},
        {"nbf": later(90)},
        {"iat": later(90)},
        {"sub": ...},
        {"sub": 7},
        {"sub": ""},
    ],
)
def test_claims_that_are_refused(call, changes):
    with pytest.raises(Exception, match=UNAUTHORIZED):
        call(signed(**changes))


def test_leeway_can_be_none(call):
    with pytest.raises(Exception, match=UNAUTHORIZED):
        call(signed(exp=int(time.time()) - 1), LEEWAY_S="0")


def by_hand(header, payload):
    """Sign with the provider's key what a library would not."""
    text = f"{part(header)}.{part(payload)}"
    made = RSA.private_key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{text}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"


def forgeries():
    """Give tokens that somebody without the provider's keys can make, and broken ones."""
    good = signed()
    header, payload, signature = good.split(".")
    public = json.dumps(RSA.as_dict(private=False)).encode()
    stranger = RSAKey.generate_key(2048, {"kid": "rsa"}, private=True)
    own = stranger.as_dict(private=False)
    yield "none", f"{part({'alg': 'none', 'kid': 'rsa'})}.{payload}."
    yield "none with a signature", f"{part({'alg': 'none', 'kid': 'rsa'})}.{payload}.{signature}"
    yield "nOnE", f"{part({'alg': 'nOnE', 'kid': 'rsa'})}.{payload}.{signature}"
    yield (
        "public key as secret",
        jwt.encode(
            {"alg": "HS256", "kid": "rsa"},
            claims(),
            OctKey.import_key(public),
            algorithms=["HS256"],
        ),
    )
    yield "another key of that name", signed(stranger)
    yield "a key in the token", signed(stranger, header={"jwk": own})
    yield "a key by address", signed(stranger, header={"jku": "https://evil.example/keys"})
    yield "unknown kid", signed(stranger, header={"kid": "nobody's"})
    yield "changed claims", f"{header}.{part(claims(sub='root'))}.{signature}"
    yield "changed header", f"{part({'alg': 'RS512', 'kid': 'rsa'})}.{payload}.{signature}"
    yield "key of another type", f"{part({'alg': 'ES256', 'kid': 'rsa'})}.{payload}.{signature}"
    yield "critical", by_hand({"alg": "RS256", "kid": "rsa", "crit": ["exp"], "exp": 1}, claims())
    yield "claims of a list", by_hand({"alg": "RS256", "kid": "rsa"}, ["sub"])
    yield "no kid", f"{part({'alg': 'RS256'})}.{payload}.{signature}"
    yield "kid of a list", f"{part({'alg': 'RS256', 'kid': ['rsa']})}.{payload}.{signature}"
    yield "alg of a list", f"{part({'alg': ['RS256'], 'kid': 'rsa'})}.{payload}.{signature}"
    yield "no alg", f"{part({'kid': 'rsa'})}.{payload}.{signature}"
    yield "header is a list", f"{part(['RS256'])}.{payload}.{signature}"
    yield "two parts", f"{header}.{payload}"
    yield "five parts", f"{header}.{payload}.{signature}.{signature}.{signature}"
    yield "nothing", ""
    yield "not base64", "a.b.c"
    yield "a line end", good + "\n"


@pytest.mark.parametrize("token", [pytest.param(t, id=n) for n, t in forgeries()])
def test_forgeries(call, token):
    with pytest.raises(Exception, match=UNAUTHORIZED):
        call(token)


def test_another_scheme(call):
    with pytest.raises(Exception, match=UNAUTHORIZED):
        call(signed(), scheme="Basic")


def test_scopes(call):
    assert statement(call(signed(scope="read write"), SCOPES="write,admin"))["Effect"] == "Allow"
    assert statement(call(signed(scp=["write"]), SCOPES="write"))["Effect"] == "Allow"
    for held in ({}, {"scope": "read"}, {"scope": "writer"}, {"scope": 5}, {"scp": [5]}):
        answer = call(signed(**held), SCOPES="write,admin")
        assert statement(answer)["Effect"] == "Deny"
        assert statement(answer)["Resource"] == f"{STAGE}/*"


@pytest.mark.parametrize(
    "environment",
    [
        {"ISSUER": ""},
        {"AUDIENCE": ""},
        {"AUDIENCE": " , "},
        {"ALGORITHMS": ""},
        {"ALGORITHMS": "HS256"},
        {"ALGORITHMS": "RS256,none"},
        {"LEEWAY_S": "-1"},
        {"LEEWAY_S": "86400"},
        {"LEEWAY_S": "x"},
    ],
)
def test_settings_that_would_let_in_anybody(oidc, environment):
    with pytest.raises(ValueError):  # noqa: PT011  each names its variable, or the number
        oidc.settings({"ISSUER": ISSUER, "AUDIENCE": "api"} | environment)


def test_keys_are_fetched_once_and_kept_for_ten_minutes(call, published, clock):
    for _ in range(3):
        call(signed())
    assert len(published.asked) == 2
    clock.now += 601
    call(signed())
    assert len(published.asked) == 4


def test_a_new_key_is_found_without_waiting(call, published, clock):
    call(signed())
    published.keys.append(NEW.as_dict(private=False))
    clock.now += 31
    assert statement(call(signed(NEW)))["Effect"] == "Allow"


def test_forged_key_names_cause_one_fetch_in_thirty_seconds(call, published, clock):
    call(signed())
    published.asked.clear()
    for number in range(100):
        clock.now += 0.6
        with pytest.raises(Exception, match=UNAUTHORIZED):
            call(signed(NEW, header={"kid": f"forged-{number}"}))
    assert len(published.asked) <= 2 * 2  # two fetches of two documents in a minute
    assert statement(call(signed()))["Effect"] == "Allow"


def test_without_keys_nobody_is_let_in_and_it_is_not_the_callers_fault(call, published, clock):
    published.down = True
    for _ in range(5):
        with pytest.raises(Exception, match="could not be fetched"):
            call(signed())
    assert len(published.asked) == 1
    clock.now += 3.1
    published.down = False
    assert statement(call(signed()))["Effect"] == "Allow"


def test_kept_keys_are_used_for_an_hour_while_the_provider_is_down(call, published, clock):
    call(signed())
    published.down = True
    clock.now += 3500
    assert statement(call(signed()))["Effect"] == "Allow"
    clock.now += 200
    with pytest.raises(Exception, match="could not be fetched"):
        call(signed())


def test_a_key_that_was_withdrawn_is_not_taken(call, published, clock):
    call(signed())
    del published.keys[0]
    clock.now += 601
    with pytest.raises(Exception, match=UNAUTHORIZED):
        call(signed())


@pytest.mark.parametrize(
    "changes",
    [
        {"discovery": {"issuer": "https://evil.example", "jwks_uri": f"{ISSUER}/keys"}},
        {"discovery": []},
        {"keys": {}},
    ],
)
def test_documents_that_are_none(call, published, changes):
    for name, value in changes.items():
        setattr(published, name, value)
    with pytest.raises(Exception, match="could not be fetched"):
        call(signed())


def test_keys_of_other_kinds_do_not_disturb(call, published):
    published.keys[:0] = [
        7,
        {},
        {"kty": "oct", "kid": "rsa", "k": "c2VjcmV0"},
        {"kty": "RSA", "kid": "broken", "n": "!", "e": "AQAB"},
        {"kty": "OKP", "kid": "okp", "crv": "X25519", "x": "x"},
        RSA.as_dict(private=False) | {"kid": "enc", "use": "enc"},
    ]
    assert statement(call(signed()))["Effect"] == "Allow"
    with pytest.raises(Exception, match=UNAUTHORIZED):
        call(signed(header={"kid": "enc"}))


@pytest.mark.parametrize(
    "url",
    [
        "http://id.example.org/x",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "None",
        "",
        "//x",
        "data:,{}",
    ],
)
def test_only_https_is_fetched(url):
    provider = load(FOLDER, "provider")
    with pytest.raises(provider.ProviderError, match="not an https address"):
        provider.fetch_json(url)
