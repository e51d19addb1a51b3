import pytest

from bargate.access import cognito_authorizer
from bargate.access.call import Facts
from bargate.access.control import GuardedMethod
from bargate.access.key_directory import KeySource
from bargate.access.verdict import Denial, Need
from bargate.model.installation import Installation, Stage
from bargate.model.invalid import InvalidConfiguration
from bargate.model.rest_api import Authorizer, Method, Resource, RestApi
from unit.tokens.minting import NOW, MemoryDirectory, call, jwk, mint

ARN_A = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_AAAA"
ARN_B = "arn:aws:cognito-idp:eu-west-1:111111111111:userpool/eu-west-1_BBBB"
ISSUER_A = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AAAA"
ISSUER_B = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_BBBB"
POOL_A = KeySource(ISSUER_A, ISSUER_A + "/.well-known/jwks.json")
POOL_B = KeySource(ISSUER_B, ISSUER_B + "/.well-known/jwks.json")
EXPIRED = "The incoming token has expired"


def directory(**options):
    keys = MemoryDirectory(**options)
    keys.publish(POOL_A, jwk("a", alg="RS256", use="sig"))
    keys.publish(POOL_B, jwk("b", alg="RS256", use="sig"))
    return keys


def made(whole, changes):
    return {name: value for name, value in (whole | changes).items() if value is not ...}


def id_claims(**changes):
    whole = {"iss": ISSUER_A, "sub": "user", "aud": "client", "token_use": "id"}
    return made(whole | {"exp": NOW + 3_600, "iat": NOW, "cognito:groups": ["g"]}, changes)


def access_claims(**changes):
    whole = {"iss": ISSUER_A, "sub": "user", "client_id": "client", "token_use": "access"}
    return made(whole | {"exp": NOW + 3_600, "iat": NOW, "scope": "x/r x/w"}, changes)


def guarded(keys, scopes=(), installation=None, kind="COGNITO_USER_POOLS", **authorizer):
    settings = {"provider_arns": (ARN_A,)} | authorizer
    found = Authorizer(id="auth", name="users", type="COGNITO_USER_POOLS", **settings)
    method = Method(
        http_method="GET",
        authorization_type=kind,
        authorizer_id="auth",
        authorization_scopes=scopes,
    )
    resource = Resource(id="r", path="/pets", methods=(method,))
    api = RestApi(id="api", name="pets", resources=(resource,), authorizers=(found,))
    return GuardedMethod(
        installation or Installation(), api, Stage(name="prod"), resource, method, keys
    )


def compiled(keys, **options):
    return cognito_authorizer.CONTROL.compile(guarded(keys, **options))


def decide(token, keys=None, now=NOW, **options):
    facts = Facts({})
    verdict = compiled(keys or directory(), **options)(call(token, now=now), facts)
    if isinstance(verdict, Denial):
        assert verdict.response_type == "UNAUTHORIZED"
        assert verdict.www_authenticate is None
        for part in (token or b"").split(b"."):
            assert len(part) < 9 or part.decode("latin-1") not in repr(verdict)
    return verdict, facts


def reason(token, **options):
    verdict, _ = decide(token, **options)
    assert isinstance(verdict, Denial)
    assert verdict.message == (EXPIRED if verdict.reason == "cognito.expired" else None)
    return verdict.reason


@pytest.mark.parametrize("scheme", [b"", b"Bearer ", b"bearer "])
def test_an_id_token_passes_a_method_without_scopes(scheme):
    verdict, facts = decide(scheme + mint("a", id_claims()))
    assert verdict is None
    assert (facts.principal_id, facts.scopes) == ("user", ())
    assert facts.claims["cognito:groups"] == ["g"]


def test_an_access_token_passes_a_method_with_one_of_its_scopes():
    verdict, facts = decide(mint("a", access_claims()), scopes=("y", "x/w"))
    assert verdict is None
    assert facts.scopes == ("x/r", "x/w")


def test_other_kinds_of_authorization_are_not_its_business():
    for kind in ("NONE", "AWS_IAM", "CUSTOM"):
        assert compiled(directory(), kind=kind) is None


def test_the_wrong_use_is_refused_both_ways():
    assert reason(mint("a", access_claims())) == "cognito.token_use"
    assert reason(mint("a", access_claims(aud="client"))) == "cognito.token_use"
    assert reason(mint("a", id_claims()), scopes=("x/r",)) == "cognito.token_use"
    assert reason(mint("a", id_claims(scope="x/r")), scopes=("x/r",)) == "cognito.token_use"
    for use in (..., None, "", "ID", "refresh", ["id"], True):
        assert reason(mint("a", id_claims(token_use=use))) == "cognito.token_use"


@pytest.mark.parametrize(
    "scope", [..., "", "x", "x/rw", "X/R", "x/r\u00a0z", "x/r\tz", "\uff58/r", 5, None]
)
def test_without_any_of_the_scopes_it_is_401(scope):
    assert reason(mint("a", access_claims(scope=scope)), scopes=("x/r", "x/w")) == "cognito.scope"


def test_scp_is_not_read():
    token = mint("a", access_claims(scope=..., scp=["x/r"]))
    assert reason(token, scopes=("x/r",)) == "cognito.scope"


def test_a_missing_token():
    assert reason(None) == "cognito.missing"
    assert reason(b"") == "cognito.missing"


def test_an_expired_token_is_told_only_once_verified():
    assert reason(mint("a", id_claims(exp=NOW))) == "cognito.expired"
    assert reason(mint("evil", id_claims(exp=NOW), kid="a")) == "cognito.signature"
    assert reason(mint("a", id_claims(nbf=NOW + 1))) == "cognito.not_yet_valid"
    assert reason(mint("a", id_claims(iat=NOW + 1))) == "cognito.issued_later"
    assert reason(mint("a", id_claims(exp=...))) == "cognito.date"
    assert reason(mint("a", id_claims(exp=True))) == "cognito.date"


@pytest.mark.parametrize("aud", [..., None, "", [], ["client"], 5])
def test_an_id_token_names_one_client(aud):
    assert reason(mint("a", id_claims(aud=aud))) == "cognito.audience"


def test_a_token_of_another_pool_is_refused():
    keys = directory()
    assert reason(mint("b", id_claims(iss=ISSUER_B)), keys=keys) == "cognito.issuer"
    assert reason(mint("b", id_claims()), keys=keys) == "cognito.unknown_key"
    assert reason(mint("b", id_claims(), kid="a"), keys=keys) == "cognito.signature"
    for issuer in (..., None, [ISSUER_A], {}, ISSUER_A + "/", "", "https://evil.example"):
        assert reason(mint("a", id_claims(iss=issuer)), keys=keys) == "cognito.issuer"


def test_of_several_pools_each_verifies_its_own():
    pools = {"provider_arns": (ARN_A, ARN_B)}
    assert decide(mint("a", id_claims()), **pools)[0] is None
    assert decide(mint("b", id_claims(iss=ISSUER_B)), **pools)[0] is None
    assert reason(mint("b", id_claims(iss=ISSUER_A)), **pools) == "cognito.unknown_key"
    assert reason(mint("a", id_claims(iss=ISSUER_B)), **pools) == "cognito.unknown_key"
    assert reason(mint("b", id_claims(iss=ISSUER_A), kid="a"), **pools) == "cognito.signature"
    assert reason(mint("a", id_claims(iss=ISSUER_B), kid="b"), **pools) == "cognito.signature"


def test_pools_sign_with_rs256_alone():
    keys = MemoryDirectory()
    keys.publish(POOL_A, jwk("a"))
    assert reason(mint("a", id_claims(), alg="RS384"), keys=keys) == "cognito.algorithm"
    assert reason(mint("a", id_claims(), alg="PS256"), keys=keys) == "cognito.algorithm"
    assert reason(mint("a", id_claims(), alg="none"), keys=keys) == "cognito.algorithm"
    assert reason(mint("a", id_claims(), alg="HS256"), keys=keys) == "cognito.algorithm"


def test_the_issuer_may_stand_elsewhere():
    local = KeySource(
        "http://localhost:4566/us-east-1_AAAA",
        "http://localhost:4566/us-east-1_AAAA/.well-known/jwks.json",
    )
    keys = directory()
    keys.publish(local, jwk("local"))
    here = {"installation": Installation(issuers={ARN_A: local.issuer})}
    assert decide(mint("local", id_claims(iss=local.issuer)), keys=keys, **here)[0] is None
    assert reason(mint("a", id_claims()), keys=keys, **here) == "cognito.issuer"


def test_china_has_its_own_domain():
    arn = "arn:aws-cn:cognito-idp:cn-north-1:000000000000:userpool/cn-north-1_AAAA"
    step = compiled(directory(may=True), provider_arns=(arn,))
    issuer = "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_AAAA"
    verdict = step(call(mint("a", id_claims(iss=issuer))), Facts({}))
    assert verdict == Need(KeySource(issuer, issuer + "/.well-known/jwks.json"))


def test_an_unknown_key_is_needed_only_of_a_pool_of_ours():
    keys = directory(may=True)
    assert decide(mint("new", id_claims()), keys=keys)[0] == Need(POOL_A)
    assert isinstance(decide(mint("new", id_claims(iss=ISSUER_B)), keys=keys)[0], Denial)
    assert keys.asked == [(POOL_A, NOW)]


def test_the_expression_matches_the_whole_audience():
    rule = {"identity_validation_expression": "client|app-[0-9]+"}
    assert decide(mint("a", id_claims()), **rule)[0] is None
    assert decide(mint("a", id_claims(aud="app-12")), **rule)[0] is None
    for aud in ("clients", "xclient", "app-", "app-1\n", "app-1x"):
        assert reason(mint("a", id_claims(aud=aud)), **rule) == "cognito.audience"


def test_the_expression_takes_no_access_token():
    rule = {"identity_validation_expression": ".*", "scopes": ("x/r",)}
    assert reason(mint("a", access_claims()), **rule) == "cognito.audience"
    assert reason(mint("a", access_claims(aud="client")), **rule) == "cognito.audience"


def test_an_expression_that_takes_too_long_refuses():
    rule = {"identity_validation_expression": "(.*)*x(.*)*y"}
    assert reason(mint("a", id_claims(aud="x" + "a" * 300)), **rule) == "cognito.audience"


def test_an_expired_token_is_refused_though_remembered():
    keys, facts = directory(), Facts({})
    step, token = compiled(keys), mint("a", id_claims(exp=NOW + 10))
    assert step(call(token), facts) is None
    assert step(call(token, now=NOW + 9.5), facts) is None
    denial = step(call(token, now=NOW + 10), facts)
    assert (denial.reason, denial.message) == ("cognito.expired", EXPIRED)


def test_a_remembered_token_falls_with_its_key():
    keys, facts = directory(), Facts({})
    step, token = compiled(keys), mint("a", id_claims())
    assert step(call(token), facts) is None
    keys.publish(POOL_A, jwk("c"))
    assert step(call(token), facts).reason == "cognito.unknown_key"


def test_a_remembered_token_opens_no_method_of_the_other_kind():
    keys = directory()
    plain = guarded(keys)
    scoped = guarded(keys, scopes=("x/r",))
    scoped = GuardedMethod(
        scoped.installation,
        scoped.api,
        scoped.stage,
        scoped.resource,
        scoped.method,
        keys,
        plain.shared,
    )
    by_id = cognito_authorizer.CONTROL.compile(plain)
    by_scope = cognito_authorizer.CONTROL.compile(scoped)
    for _ in range(2):
        assert by_id(call(mint("a", id_claims())), Facts({})) is None
        assert by_scope(call(mint("a", id_claims())), Facts({})).reason == "cognito.token_use"
        assert by_scope(call(mint("a", access_claims())), Facts({})) is None
        assert by_id(call(mint("a", access_claims())), Facts({})).reason == "cognito.token_use"
        less = mint("a", access_claims(scope="y"))
        assert by_scope(call(less), Facts({})).reason == "cognito.scope"


def test_the_token_comes_from_the_named_header():
    step = compiled(directory(), identity_source="method.request.header.X-Auth")
    token = mint("a", id_claims())
    assert step(call(token, header=b"x-auth"), Facts({})) is None
    assert step(call(token), Facts({})).reason == "cognito.missing"


@pytest.mark.parametrize(
    ("settings", "member"),
    [
        ({"provider_arns": ()}, "providerARNs"),
        ({"provider_arns": ("us-east-1_AAAA",)}, "providerARNs"),
        ({"provider_arns": (ARN_A, ARN_A + "/x")}, "providerARNs"),
        ({"provider_arns": (ARN_A.replace("userpool", "identitypool"),)}, "providerARNs"),
        ({"provider_arns": (ARN_A.replace("/us-east-1", "/eu-west-1"),)}, "providerARNs"),
        ({"provider_arns": (ARN_A + "\n",)}, "providerARNs"),
        ({"provider_arns": (ARN_A.replace("us-east-1", "evil.example/"),)}, "providerARNs"),
        ({"installation": Installation(issuers={ARN_A: "file:///etc"})}, "providerARNs"),
        ({"identity_source": "method.request.querystring.token"}, "identitySource"),
        ({"identity_source": "$request.header.X"}, "identitySource"),
        ({"identity_source": "method.request.header.A,method.request.header.B"}, "identitySource"),
        ({"identity_validation_expression": "["}, "identityValidationExpression"),
        ({"identity_validation_expression": "(" * 1_000}, "identityValidationExpression"),
        ({"identity_validation_expression": "a" * 1_025}, "identityValidationExpression"),
    ],
)
def test_what_does_not_compile_is_refused(settings, member):
    with pytest.raises(InvalidConfiguration) as caught:
        compiled(directory(), **settings)
    assert caught.value.path[:3] == ("components", "securitySchemes", "users")
    assert caught.value.path[-1] == member


def test_scopes_and_authorizers_that_are_none_are_refused():
    with pytest.raises(InvalidConfiguration, match="is not a scope") as caught:
        compiled(directory(), scopes=("a b",))
    assert caught.value.path == ("paths", "/pets", "get", "security")
    built = guarded(directory())
    orphan = GuardedMethod(
        built.installation,
        RestApi(id="api", name="pets"),
        built.stage,
        built.resource,
        built.method,
        built.keys,
    )
    with pytest.raises(InvalidConfiguration, match="is not a Cognito authorizer"):
        cognito_authorizer.CONTROL.compile(orphan)


def test_it_tells_what_it_saw():
    _, facts = decide(mint("a", access_claims()), scopes=("x/r",))
    told = cognito_authorizer.CONTROL.narrate(call(), facts)
    assert told == "access token of 'user', scopes: x/r x/w"
