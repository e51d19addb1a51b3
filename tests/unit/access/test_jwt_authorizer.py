import hashlib
import hmac
import json

import pytest

from bargate.access import jwt_authorizer
from bargate.access.call import Facts
from bargate.access.control import GuardedRoute
from bargate.access.key_directory import KeySource
from bargate.access.verdict import Denial, Need
from bargate.model.http_api import HttpApi, HttpAuthorizer, Route
from bargate.model.installation import Installation, Stage
from bargate.model.invalid import InvalidConfiguration
from unit.tokens.minting import (
    NOW,
    MemoryDirectory,
    b64,
    call,
    encode,
    jwk,
    mint,
    mint_raw,
    private_key,
)

ISSUER = "https://issuer.example/tenant"
SOURCE = KeySource(ISSUER)
INVALID = 'Bearer scope="" error="invalid_token" error_description="%s"'


def directory(**options):
    keys = MemoryDirectory(**options)
    keys.publish(SOURCE, jwk("a"), jwk("b"))
    return keys


def claims(**changes):
    whole = {"iss": ISSUER, "aud": "client", "sub": "user", "exp": NOW + 3_600, "iat": NOW - 1}
    return {name: value for name, value in (whole | changes).items() if value is not ...}


def compiled(keys, scopes=(), route=None, **authorizer):
    settings = {"issuer": ISSUER, "audience": ("client", "other")} | authorizer
    found = HttpAuthorizer(id="auth", name="users", type="JWT", **settings)
    route = route or Route(
        route_key="GET /pets",
        authorization_type="JWT",
        authorizer_id="auth",
        authorization_scopes=scopes,
    )
    api = HttpApi(id="api", name="pets", authorizers=(found,), routes=(route,))
    return jwt_authorizer.CONTROL.compile(
        GuardedRoute(Installation(), api, Stage(name="$default"), route, keys)
    )


def decide(token, keys=None, now=NOW, query="", scopes=(), **authorizer):
    facts = Facts({})
    step = compiled(keys or directory(), scopes, **authorizer)
    verdict = step(call(token, now=now, query=query), facts)
    if isinstance(verdict, Denial) and token:
        for part in token.removeprefix(b"Bearer ").split(b"."):
            assert len(part) < 9 or part.decode("latin-1") not in repr(verdict)
    return verdict, facts


def reason(token, **options):
    verdict, facts = decide(token, **options)
    assert isinstance(verdict, Denial)
    if verdict.reason != "jwt.scope":
        assert verdict.response_type == "UNAUTHORIZED"
        assert (facts.principal_id, facts.claims, facts.scopes) == (None, None, ())
    return verdict.reason


@pytest.mark.parametrize("scheme", [b"", b"Bearer ", b"bearer ", b"BEARER   "])
def test_a_good_token_passes_and_is_told(scheme):
    verdict, facts = decide(scheme + mint("a", claims(scope="x/r x/w", groups=["g"])))
    assert verdict is None
    assert facts.principal_id == "user"
    assert facts.claims["groups"] == ["g"]
    assert facts.scopes == ("x/r", "x/w")


def test_routes_of_other_kinds_are_not_its_business():
    for kind in ("NONE", "AWS_IAM", "CUSTOM"):
        route = Route(route_key="GET /pets", authorization_type=kind)
        assert compiled(directory(), route=route) is None


@pytest.mark.parametrize("token", [None, b""])
def test_a_missing_token(token):
    verdict, _ = decide(token)
    assert (verdict.reason, verdict.www_authenticate) == ("jwt.missing", "Bearer")


@pytest.mark.parametrize(
    "value", [b"abc", b"Bearer abc", b"Basic dXNlcjpwYXNz", b"Bearer ", b"a.b.c.d"]
)
def test_what_has_not_three_segments(value):
    verdict, _ = decide(value)
    assert verdict.www_authenticate == INVALID % "token contains an invalid number of segments"


def test_the_audience_decides_over_the_client():
    assert decide(mint("a", claims(aud="other")))[0] is None
    assert decide(mint("a", claims(aud=["nobody", "client"])))[0] is None
    assert decide(mint("a", claims(aud=..., client_id="client")))[0] is None
    wrong = [
        claims(aud="nobody"),
        claims(aud="nobody", client_id="client"),
        claims(aud=[], client_id="client"),
        claims(aud=None, client_id="client"),
        claims(aud=["client", 5]),
        claims(aud={"client": 1}),
        claims(aud=...),
        claims(aud=..., client_id="nobody"),
        claims(aud=..., client_id=["client"]),
        claims(aud=..., azp="client"),
        claims(aud="Client"),
        claims(aud="client "),
        claims(aud=" client other"),
    ]
    for told in wrong:
        verdict, _ = decide(mint("a", told))
        assert verdict.reason == "jwt.audience", told
        assert verdict.www_authenticate == INVALID % "the token does not have a valid audience"


@pytest.mark.parametrize(
    "issuer", [..., None, "", ISSUER + "/", ISSUER.upper(), [ISSUER], "https://evil.example"]
)
def test_the_issuer_is_exact(issuer):
    assert reason(mint("a", claims(iss=issuer))) == "jwt.issuer"


def test_dates():
    assert reason(mint("a", claims(exp=NOW - 1))) == "jwt.expired"
    assert reason(mint("a", claims(exp=NOW))) == "jwt.expired"
    assert reason(mint("a", claims(nbf=NOW + 1))) == "jwt.not_yet_valid"
    assert reason(mint("a", claims(iat=NOW + 1))) == "jwt.issued_later"
    for exp in (..., True, None, "9999999999", [NOW + 9]):
        assert reason(mint("a", claims(exp=exp))) == "jwt.date"
    payload = json.dumps(claims()).encode()
    for number in (b"NaN", b"Infinity", b"1e999"):
        odd = payload.replace(str(NOW + 3_600).encode(), number)
        assert odd != payload
        assert reason(mint("a", odd)) == "jwt.payload"


def test_members_that_occur_twice_are_refused():
    payload = json.dumps(claims()).encode()
    assert reason(mint("a", payload[:-1] + b',"aud":"client"}')) == "jwt.payload"
    header = b'{"alg":"RS256","kid":"a","kid":"a"}'
    assert reason(mint_raw("a", header, claims())) == "jwt.header"


@pytest.mark.parametrize("name", ["scope", "scp"])
def test_one_of_the_scopes_is_enough(name):
    wanted = ("x/r", "x/w")
    for granted in ("x/w", "a x/r b", ["x/r"], ["a", "x/w"]):
        assert decide(mint("a", claims(**{name: granted})), scopes=wanted)[0] is None
    for granted in (
        ...,
        "",
        "x",
        "x/rw",
        "X/R",
        "x/r\tx",
        "x/r\u00a0y",
        "x\u2044r",
        "x/r\u200b",
        ["x/r x/w"],
        5,
        True,
        {"x/r": 1},
    ):
        verdict, facts = decide(mint("a", claims(**{name: granted})), scopes=wanted)
        assert (verdict.response_type, verdict.reason) == ("ACCESS_DENIED", "jwt.scope")
        assert facts.principal_id == "user"
        assert verdict.www_authenticate == (
            'Bearer scope="x/r x/w" error="insufficient_scope"'
            ' error_description="expected scopes: [x/r x/w]"'
        )


def test_forgeries():
    signing_input = encode({"alg": "HS256", "kid": "a"}) + b"." + encode(claims())
    modulus = jwk("a")["n"].encode()
    confused = signing_input + b"." + b64(hmac.digest(modulus, signing_input, hashlib.sha256))
    assert reason(confused) == "jwt.algorithm"
    unsigned = encode({"alg": "none", "kid": "a"}) + b"." + encode(claims()) + b"."
    assert reason(unsigned) == "jwt.algorithm"
    assert reason(mint("evil", claims(), kid="a")) == "jwt.signature"
    assert reason(mint("evil", claims(), kid="a", jwk=jwk("evil"))) == "jwt.signature"
    assert reason(mint("a", claims(), kid="b")) == "jwt.signature"
    assert reason(mint("a", claims(), kid=None)) == "jwt.no_key_id"
    assert reason(mint("a", claims(), kid="evil")) == "jwt.unknown_key"
    assert reason(mint("a", claims(), crit=["exp"])) == "jwt.critical_header"
    assert reason(b"Bearer " + mint("a", claims()) + b", Bearer " + mint("a", claims())) in {
        "jwt.segments",
        "jwt.encoding",
    }
    assert reason(mint("a", claims(pad="x" * 20_000))) == "jwt.too_large"
    assert reason(mint("a", b'{"a":' * 900 + b"1" + b"}" * 900)) == "jwt.payload"


def test_a_key_of_another_issuer_does_not_count():
    keys = directory()
    keys.publish(KeySource("https://other.example"), jwk("foreign"))
    assert reason(mint("foreign", claims()), keys=keys) == "jwt.unknown_key"
    keys.publish(KeySource("https://other.example"), jwk("foreign", "a"))
    assert reason(mint("foreign", claims(), kid="a"), keys=keys) == "jwt.signature"


def test_a_key_bound_to_one_algorithm_takes_no_other():
    keys = MemoryDirectory()
    keys.publish(SOURCE, jwk("a", alg="RS512"))
    assert reason(mint("a", claims()), keys=keys) == "jwt.algorithm"


def test_a_key_that_is_not_in_memory_is_needed_once_it_may_be_fetched():
    keys = directory(may=True)
    verdict, _ = decide(mint("new", claims()), keys=keys)
    assert verdict == Need(SOURCE)
    assert keys.asked == [(SOURCE, NOW)]
    for bad in (b"a.b.c", mint("new", claims(), kid=None), mint("new", claims(), alg="HS256")):
        assert isinstance(decide(bad, keys=keys)[0], Denial)
    assert len(keys.asked) == 1


def test_a_remembered_token_expires():
    keys, facts = directory(), Facts({})
    step, token = compiled(keys), mint("a", claims(exp=NOW + 10))
    assert step(call(token), facts) is None
    assert step(call(token, now=NOW + 9.9), facts) is None
    assert step(call(token, now=NOW + 10), facts).reason == "jwt.expired"


def test_a_remembered_token_falls_with_its_key():
    keys, facts = directory(), Facts({})
    step, token = compiled(keys), mint("a", claims())
    assert step(call(token), facts) is None
    keys.publish(SOURCE, jwk("b"))
    assert step(call(token), facts).reason == "jwt.unknown_key"
    keys.publish(SOURCE, jwk("b", "a"))
    assert step(call(token), facts).reason == "jwt.signature"


def test_a_remembered_token_is_verified_again_in_time():
    keys, facts = directory(), Facts({})
    step, token = compiled(keys), mint("a", claims())
    assert step(call(token), facts) is None
    keys.sets[SOURCE] = {}  # withdrawn, and no change of generation was told
    assert step(call(token, now=NOW + 299), facts) is None
    assert step(call(token, now=NOW + 300), facts).reason == "jwt.unknown_key"


def test_a_remembered_token_opens_no_other_route():
    keys = directory()
    token = mint("a", claims(scope="x/r"))
    route = Route(
        route_key="GET /pets",
        authorization_type="JWT",
        authorizer_id="auth",
        authorization_scopes=("x/r",),
    )
    other = Route(
        route_key="PUT /pets",
        authorization_type="JWT",
        authorizer_id="auth",
        authorization_scopes=("x/w",),
    )
    api = HttpApi(
        id="api",
        name="pets",
        authorizers=(
            HttpAuthorizer(
                id="auth", name="users", type="JWT", issuer=ISSUER, audience=("client",)
            ),
        ),
    )
    guarded = GuardedRoute(Installation(), api, Stage(name="s"), route, keys)
    reads = jwt_authorizer.CONTROL.compile(guarded)
    writes = jwt_authorizer.CONTROL.compile(
        GuardedRoute(Installation(), api, Stage(name="s"), other, keys, guarded.shared)
    )
    for _ in range(2):
        assert reads(call(token), Facts({})) is None
        assert writes(call(token), Facts({})).reason == "jwt.scope"


def test_authorizers_do_not_share_what_they_remember():
    keys = directory()
    token = mint("a", claims())
    one, two = compiled(keys), compiled(keys, audience=("someone else",))
    assert one(call(token), Facts({})) is None
    assert two(call(token), Facts({})).reason == "jwt.audience"


def test_claims_can_not_be_changed_by_one_call_for_the_next():
    _, facts = decide(mint("a", claims()))
    with pytest.raises(TypeError):
        facts.claims["sub"] = "root"


def test_the_token_may_come_from_a_named_header():
    keys = directory()
    step = compiled(keys, identity_source=("$request.header.X-Token",))
    token = mint("a", claims())
    assert step(call(token, header=b"x-token"), Facts({})) is None
    assert step(call(token), Facts({})).reason == "jwt.missing"


def test_the_token_may_come_from_the_query():
    source = {"identity_source": ("$request.querystring.Token",)}
    token = mint("a", claims()).decode()
    assert decide(None, query=f"x=1&Token={token}", **source)[0] is None
    assert decide(None, query=f"Token=Bearer%20{token}", **source)[0] is None
    assert reason(None, query=f"token={token}", **source) == "jwt.missing"
    assert reason(None, query="Token=", **source) == "jwt.missing"
    assert reason(None, query="", **source) == "jwt.missing"
    twice = f"Token={token}&Token={token}"
    assert reason(None, query=twice, **source) in {"jwt.segments", "jwt.encoding"}
    assert reason(None, query="Token=%ff.%00.%ed%a0%80", **source) == "jwt.encoding"
    assert reason(mint("a", claims()), **source) == "jwt.missing"


@pytest.mark.parametrize(
    ("settings", "member"),
    [
        ({"identity_source": ("$request.header.A", "$request.header.B")}, "identitySource"),
        ({"identity_source": ("$request.body",)}, "identitySource"),
        ({"identity_source": ("$request.header.",)}, "identitySource"),
        ({"identity_source": ("method.request.header.A",)}, "identitySource"),
        ({"identity_source": ("$request.header.A B",)}, "identitySource"),
        ({"issuer": None}, "issuer"),
        ({"issuer": ""}, "issuer"),
        ({"issuer": "issuer.example"}, "issuer"),
        ({"issuer": "ftp://issuer.example"}, "issuer"),
        ({"issuer": "https://"}, "issuer"),
        ({"issuer": "https://issuer.example?x"}, "issuer"),
        ({"issuer": "https://issuer.example:99999"}, "issuer"),
        ({"audience": ()}, "audience"),
        ({"audience": ("a", "")}, "audience"),
    ],
)
def test_what_does_not_compile_is_refused(settings, member):
    with pytest.raises(InvalidConfiguration) as caught:
        compiled(directory(), **settings)
    assert caught.value.path[:3] == ("components", "securitySchemes", "users")
    assert caught.value.path[-1] == member


@pytest.mark.parametrize("scope", ["", "a b", 'a"', "a\\", "a\r\nx: y", "é"])
def test_scopes_that_are_none_are_refused(scope):
    with pytest.raises(InvalidConfiguration) as caught:
        compiled(directory(), scopes=(scope,))
    assert caught.value.path == ("paths", "/pets", "get", "security")


def test_an_unknown_authorizer_is_refused():
    for kind in ("JWT",):
        route = Route(route_key="$default", authorization_type=kind, authorizer_id="nobody")
        with pytest.raises(InvalidConfiguration) as caught:
            compiled(directory(), route=route)
        assert caught.value.path == (
            "paths",
            "$default",
            "x-amazon-apigateway-any-method",
            "security",
        )


def test_it_tells_what_it_saw():
    _, facts = decide(mint("a", claims(scope="x/r")))
    assert jwt_authorizer.CONTROL.narrate(call(), facts) == "token of 'user', scopes: x/r"


def test_forged_tokens_take_no_memory():
    keys = directory()
    step = compiled(keys)
    good = mint("a", claims())
    assert step(call(good), Facts({})) is None
    cache = next(
        cell.cell_contents
        for cell in step.__closure__
        if type(cell.cell_contents).__name__ == "TokenCache"
    )
    head, body, _ = good.split(b".")
    for n in range(3_000):
        forged = head + b"." + body + b"." + b64(n.to_bytes(256))
        assert isinstance(step(call(forged), Facts({})), Denial)
    assert len(cache) == 1
    assert private_key("a")
