"""Passkeys through boto3 without a socket: registered, used, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.endpoint import Endpoint

from bargate.records.pool_passkey import POOL_PASSKEY
from mfa_directory import PASSWORD, USED, People, refusal
from passkey_client import HONEST, Authenticator, Lies, decoded, encoded

RP, ORIGIN = "example.org", "https://auth.example.org"
FACTORS = ("PASSWORD", "WEB_AUTHN")
REFUSED = ("NotAuthorizedException", "The passkey does not verify.")
TWO_FACTORS = "MULTI_FACTOR_WITH_USER_VERIFICATION"
NO_CHALLENGE = "WebAuthnChallengeNotFoundException"
HIDES = {"PreventUserExistenceErrors": "ENABLED"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def shared(endpoint: Endpoint) -> People:
    return made(endpoint)


@pytest.fixture
def people(shared: People) -> People:
    """Give the pool with ann as she was in the beginning, and nobody else."""
    shared.endpoint.skew_s = 0.0
    offer(shared, RelyingPartyId=RP)
    for user in shared.idp.list_users(UserPoolId=shared.id)["Users"]:
        shared.idp.admin_delete_user(UserPoolId=shared.id, Username=user["Username"])
    shared.add("ann")
    return shared


def made(endpoint: Endpoint, mfa: str = "OFF", rp: str = RP, **more: Any) -> People:
    """Make a pool with passkeys, and ann."""
    factor = {"FactorConfiguration": more.pop("factor")} if "factor" in more else {}
    kinds = "totp" if mfa != "OFF" else ""
    people = People(endpoint, mfa, kinds, FACTORS, **more)
    offer(people, RelyingPartyId=rp, **factor)
    people.add("ann")
    return people


def offer(people: People, **settings: str) -> None:
    now = people.idp.get_user_pool_mfa_config(UserPoolId=people.id)
    people.offer(now["MfaConfiguration"], WebAuthnConfiguration=settings)


def start(people: People, token: str) -> Any:
    return people.idp.start_web_authn_registration(AccessToken=token)["CredentialCreationOptions"]


def complete(people: People, token: str, credential: Any) -> None:
    people.idp.complete_web_authn_registration(AccessToken=token, Credential=credential)


def register(people: People, device: Authenticator, name: str = "ann", origin: str = ORIGIN) -> str:
    """Register a passkey, and give the token that did."""
    token = people.token(name)
    complete(people, token, device.create(start(people, token), origin))
    return token


def asked(people: People, name: str = "ann") -> tuple[Any, Any]:
    """Begin a sign-in by passkey; give what was posed, and its options."""
    posed = people.choose(name, "WEB_AUTHN")
    assert posed["ChallengeName"] == "WEB_AUTHN"
    return posed, json.loads(posed["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])


def answer(people: People, posed: Any, credential: Any, name: str = "ann") -> Any:
    return people.answer(posed, name, CREDENTIAL=json.dumps(credential))


def sign_in(people: People, device: Authenticator, name: str = "ann", lies: Lies = HONEST) -> Any:
    posed, options = asked(people, name)
    return answer(people, posed, device.get(options, ORIGIN, lies), name)


def test_the_options_are_awss(people: People) -> None:
    token = people.token("ann")
    options = start(people, token)
    sub = people.idp.get_user(AccessToken=token)["UserAttributes"][0]["Value"]
    challenge = options.pop("challenge")
    assert len(decoded(challenge)) > 64
    assert start(people, token)["challenge"] != challenge
    assert options == {
        "rp": {"id": RP, "name": RP},
        "user": {"id": encoded(sub.encode()), "name": "ann", "displayName": "ann"},
        "pubKeyCredParams": [
            {"type": "public-key", "alg": -7},
            {"type": "public-key", "alg": -257},
        ],
        "timeout": 60000,
        "excludeCredentials": [],
        "authenticatorSelection": {
            "requireResidentKey": True,
            "residentKey": "required",
            "userVerification": "preferred",
        },
    }


@pytest.mark.parametrize(("algorithm", "form"), [(-7, "none"), (-257, "packed")])
def test_a_passkey_is_registered_and_signs_in(people: People, algorithm: int, form: str) -> None:
    device, token = Authenticator(algorithm), people.token("ann")
    complete(people, token, device.create(start(people, token), ORIGIN, Lies(format=form)))
    told = sign_in(people, device)["AuthenticationResult"]
    assert people.idp.get_user(AccessToken=told["AccessToken"])["Username"] == "ann"
    assert sign_in(people, device)["AuthenticationResult"]


def test_the_options_of_a_sign_in_name_the_passkeys(people: People) -> None:
    device = Authenticator()
    token = register(people, device)
    _, options = asked(people)
    named = {"id": encoded(device.held[0].id), "type": "public-key", "transports": ["usb", "nfc"]}
    assert len(decoded(options.pop("challenge"))) == 32
    assert options == {
        "timeout": 60000,
        "rpId": RP,
        "allowCredentials": [named],
        "userVerification": "preferred",
    }
    assert start(people, token)["excludeCredentials"] == [named]


def test_a_passkey_is_chosen(people: People) -> None:
    device = Authenticator()
    assert "WEB_AUTHN" not in people.choose("ann")["AvailableChallenges"]
    assert people.choose("ann", "WEB_AUTHN")["ChallengeName"] == "SELECT_CHALLENGE"
    token = register(people, device)
    posed = people.choose("ann")
    assert posed["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD", "WEB_AUTHN"]
    posed = people.answer(posed, "ann", ANSWER="WEB_AUTHN")
    options = json.loads(posed["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])
    assert answer(people, posed, device.get(options, ORIGIN))["AuthenticationResult"]
    factors = people.idp.get_user_auth_factors(AccessToken=token)
    assert factors["ConfiguredUserAuthFactors"] == ["PASSWORD", "WEB_AUTHN"]


def test_passkeys_are_listed_in_pages_and_deleted(people: People) -> None:
    device = Authenticator()
    token = register(people, device)
    register(people, device)
    first = people.idp.list_web_authn_credentials(AccessToken=token, MaxResults=1)
    assert len(first["Credentials"]) == 1
    rest = people.idp.list_web_authn_credentials(AccessToken=token, NextToken=first["NextToken"])
    listed = first["Credentials"] + rest["Credentials"]
    assert {each["CredentialId"] for each in listed} == {encoded(k.id) for k in device.held}
    one = listed[0]
    assert (one["FriendlyCredentialName"], one["RelyingPartyId"]) == ("Roaming passkey", RP)
    assert one["AuthenticatorAttachment"] == "cross-platform"
    assert one["AuthenticatorTransports"] == ["usb", "nfc"]
    posed, options = asked(people)
    for each in listed:
        people.idp.delete_web_authn_credential(AccessToken=token, CredentialId=each["CredentialId"])
    assert refusal(answer, people, posed, device.get(options, ORIGIN)) == REFUSED
    assert people.choose("ann", "WEB_AUTHN")["ChallengeName"] == "SELECT_CHALLENGE"
    told = refusal(
        people.idp.delete_web_authn_credential, AccessToken=token, CredentialId=one["CredentialId"]
    )
    assert told[0] == "ResourceNotFoundException"


def test_passkeys_of_others_are_neither_listed_nor_deleted(people: People) -> None:
    people.add("ben")
    device = Authenticator()
    register(people, device)
    token = people.token("ben")
    assert people.idp.list_web_authn_credentials(AccessToken=token)["Credentials"] == []
    given = {"AccessToken": token, "CredentialId": encoded(device.held[0].id)}
    told = refusal(people.idp.delete_web_authn_credential, **given)
    assert told[0] == "ResourceNotFoundException"
    assert sign_in(people, device)["AuthenticationResult"]


def test_pools_without_passkeys_refuse_to_register(endpoint: Endpoint) -> None:
    people = People(endpoint, "OFF", "")
    people.add("ann")
    told = refusal(start, people, people.token("ann"))
    assert told[0] == "WebAuthnNotEnabledException"
    people = People(endpoint, "OFF", "", FACTORS)
    people.add("ann")
    told = refusal(start, people, people.token("ann"))
    assert told[0] == "WebAuthnConfigurationMissingException"
    assert "WEB_AUTHN" not in people.choose("ann")["AvailableChallenges"]


def test_a_relying_party_is_the_name_of_a_host(people: People) -> None:
    for name in ("https://example.org", "127.0.0.1"):
        assert refusal(offer, people, RelyingPartyId=name)[0] == "InvalidParameterException"
    now = people.idp.get_user_pool_mfa_config(UserPoolId=people.id)
    assert now["WebAuthnConfiguration"] == {"RelyingPartyId": RP}


def test_a_false_registration_is_refused(people: People) -> None:
    token = people.token("ann")
    for lies, code in (
        (Lies(rp_id="evil.org"), "WebAuthnRelyingPartyMismatchException"),
        (Lies(challenge=encoded(b"x" * 200)), NO_CHALLENGE),
        (Lies(type="webauthn.get"), "InvalidParameterException"),
        (Lies(format="fido-u2f"), "WebAuthnCredentialNotSupportedException"),
        (Lies(client_data={"origin": "https://evil.org"}), "WebAuthnOriginNotAllowedException"),
    ):
        credential = Authenticator().create(start(people, token), ORIGIN, lies)
        assert refusal(complete, people, token, credential)[0] == code
    assert people.idp.list_web_authn_credentials(AccessToken=token)["Credentials"] == []


def test_on_localhost_http_will_do(people: People) -> None:
    offer(people, RelyingPartyId="localhost")
    device = Authenticator()
    token = register(people, device, origin="http://localhost:5173")
    credential = Authenticator().create(start(people, token), "http://evil.localhost:5173")
    told = refusal(complete, people, token, credential)
    assert told[0] == "WebAuthnOriginNotAllowedException"


def test_a_challenge_of_registration_is_good_once_and_a_while(people: People) -> None:
    device, token = Authenticator(), people.token("ann")
    options = start(people, token)
    complete(people, token, device.create(options, ORIGIN))
    assert refusal(complete, people, token, device.create(options, ORIGIN))[0] == NO_CHALLENGE
    options = start(people, token)
    people.endpoint.skew_s += 181
    assert refusal(complete, people, token, device.create(options, ORIGIN))[0] == NO_CHALLENGE


def test_a_registration_belongs_to_user_client_pool_and_relying_party(people: People) -> None:
    others, client = made(people.endpoint), people.client_id
    people.add("ben")
    ann, ben, device = people.token("ann"), people.token("ben"), Authenticator()
    told = refusal(complete, people, ben, device.create(start(people, ann), ORIGIN))
    assert told[0] == NO_CHALLENGE
    credential = device.create(start(people, ann), ORIGIN)
    assert refusal(complete, others, others.token("ann"), credential)[0] == NO_CHALLENGE
    second = people.idp.create_user_pool_client(
        UserPoolId=people.id, ClientName="2", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    credential = device.create(start(people, ann), ORIGIN)
    people.client_id = second
    told = refusal(complete, people, people.token("ann"), credential)
    people.client_id = client
    assert told[0] == "WebAuthnClientMismatchException"
    credential = device.create(start(people, ann), ORIGIN)
    offer(people, RelyingPartyId="auth.example.org")
    told = refusal(complete, people, ann, credential)
    assert told[0] == "WebAuthnRelyingPartyMismatchException"


def test_a_session_of_a_sign_in_is_no_challenge_of_registration(people: People) -> None:
    token = people.token("ann")
    session = people.choose("ann")["Session"]
    credential = Authenticator().create(start(people, token), ORIGIN, Lies(challenge=session))
    assert refusal(complete, people, token, credential)[0] == NO_CHALLENGE
    posed = people.choose("ann")
    challenge = start(people, token)["challenge"]
    told = refusal(people.answer, posed | {"Session": challenge}, "ann", ANSWER="PASSWORD")
    assert told[0] == "NotAuthorizedException"


def test_a_passkey_is_registered_once_in_a_pool(people: People) -> None:
    people.add("ben")
    device, ann, ben = Authenticator(), people.token("ann"), people.token("ben")
    taken = device.create(start(people, ann), ORIGIN)
    complete(people, ann, taken)
    thief = Authenticator()
    options = start(people, ben)
    thief.create(options, ORIGIN)
    stolen = replace_id(thief.create(options, ORIGIN), thief, device)
    told = refusal(complete, people, ben, stolen)
    assert told == ("InvalidParameterException", "This passkey is registered already.")
    assert sign_in(people, device)["AuthenticationResult"]


def replace_id(credential: Any, thief: Authenticator, device: Authenticator) -> Any:
    """Give a registration by the thief's key under the other's id."""
    attestation = decoded(credential["response"]["attestationObject"])
    attestation = attestation.replace(thief.held[-1].id, device.held[0].id)
    response = credential["response"] | {"attestationObject": encoded(attestation)}
    written = encoded(device.held[0].id)
    return credential | {"id": written, "rawId": written, "response": response}


def test_nobody_has_more_than_twenty(people: People) -> None:
    token, device = people.token("ann"), Authenticator()
    waiting = start(people, token)
    for _ in range(20):
        complete(people, token, device.create(start(people, token), ORIGIN))
    assert refusal(start, people, token)[0] == "LimitExceededException"
    told = refusal(complete, people, token, device.create(waiting, ORIGIN))
    assert told[0] == "LimitExceededException"
    listed = people.idp.list_web_authn_credentials(AccessToken=token)
    assert (len(listed["Credentials"]), "NextToken" in listed) == (20, False)


def test_an_answer_is_good_once(people: People) -> None:
    device = Authenticator()
    register(people, device)
    posed, options = asked(people)
    credential = device.get(options, ORIGIN)
    assert answer(people, posed, credential)["AuthenticationResult"]
    assert refusal(answer, people, posed, credential) == USED
    again, _ = asked(people)
    assert refusal(answer, people, again, credential) == REFUSED  # another challenge
    posed, options = asked(people)
    assert refusal(answer, people, posed, device.get(options, "https://evil.org")) == REFUSED
    assert refusal(answer, people, posed, device.get(options, ORIGIN)) == USED
    posed, options = asked(people)
    people.endpoint.skew_s += 181
    assert refusal(answer, people, posed, device.get(options, ORIGIN)) == (
        "NotAuthorizedException",
        "Invalid session for the user, session is expired.",
    )


def test_a_false_answer_is_refused(people: People) -> None:
    device = Authenticator()
    register(people, device)
    for lies in (
        Lies(rp_id="evil.org"),
        Lies(challenge=encoded(b"x" * 32)),
        Lies(type="webauthn.create"),
        Lies(flags=4),
        Lies(count=0),
        Lies(user_handle=b"another"),
        Lies(user_handle=b""),
        Lies(client_data={"crossOrigin": True}),
        Lies(client_data={"origin": "https://evil.org"}),
    ):
        assert refusal(sign_in, people, device, "ann", lies) == REFUSED
        assert sign_in(people, device)["AuthenticationResult"]
    posed, options = asked(people)
    credential = device.get(options, ORIGIN)
    signature = bytearray(decoded(credential["response"]["signature"]))
    signature[-1] ^= 1
    credential["response"]["signature"] = encoded(bytes(signature))
    assert refusal(answer, people, posed, credential) == REFUSED


def test_a_user_handle_may_be_left_out(people: People) -> None:
    device = Authenticator()
    register(people, device)
    posed, options = asked(people)
    credential = device.get(options, ORIGIN)
    del credential["response"]["userHandle"]
    assert answer(people, posed, credential)["AuthenticationResult"]


def test_a_copied_passkey_is_refused(people: People) -> None:
    device = Authenticator()
    register(people, device)
    copy = device.copied()
    assert sign_in(people, device)["AuthenticationResult"]
    assert refusal(sign_in, people, copy) == REFUSED
    assert sign_in(people, device)["AuthenticationResult"]


def test_a_passkey_that_never_counts_is_taken(people: People) -> None:
    device = Authenticator(step=0)
    register(people, device)
    assert sign_in(people, device)["AuthenticationResult"]
    assert sign_in(people, device)["AuthenticationResult"]
    device.step = 1
    assert sign_in(people, device)["AuthenticationResult"]
    device.step, device.held[0].count = 0, 0
    assert refusal(sign_in, people, device) == REFUSED  # it had begun to count


def test_passkeys_of_other_users_pools_and_relying_parties_are_refused(people: People) -> None:
    others = made(people.endpoint)
    people.add("ben")
    own, bens, foreign = Authenticator(), Authenticator(), Authenticator()
    register(people, own)
    register(people, bens, "ben")
    register(others, foreign)
    for thief in (bens, foreign):
        posed, options = asked(people)
        credential = thief.sign(thief.held[0], options, ORIGIN)
        assert refusal(answer, people, posed, credential) == REFUSED
        posed, options = asked(people)
        lies = Lies(user_handle=own.held[0].user)
        credential = thief.sign(thief.held[0], options, ORIGIN, lies)
        assert refusal(answer, people, posed, credential) == REFUSED
        posed, options = asked(people)
        named = encoded(own.held[0].id)
        credential = thief.sign(thief.held[0], options, ORIGIN, lies) | {
            "id": named,
            "rawId": named,
        }
        assert refusal(answer, people, posed, credential) == REFUSED
    posed, options = asked(people)
    offer(people, RelyingPartyId="auth.example.org")
    lies = Lies(rp_id="auth.example.org")
    assert refusal(answer, people, posed, own.get(options, ORIGIN, lies)) == REFUSED
    assert people.choose("ann", "WEB_AUTHN")["ChallengeName"] == "SELECT_CHALLENGE"


def test_a_session_answers_its_own_user(people: People) -> None:
    people.add("ben")
    device = Authenticator()
    register(people, device)
    register(people, device, "ben")
    posed, options = asked(people)
    told = refusal(answer, people, posed, device.get(options, ORIGIN), "ben")
    assert told[0] == "NotAuthorizedException"


def test_users_are_verified_where_the_pool_says_so(people: People) -> None:
    offer(people, RelyingPartyId=RP, UserVerification="required")
    device, token = Authenticator(), people.token("ann")
    options = start(people, token)
    assert options["authenticatorSelection"]["userVerification"] == "required"
    told = refusal(complete, people, token, Authenticator(verifies=False).create(options, ORIGIN))
    assert told[0] == "WebAuthnCredentialNotSupportedException"
    register(people, device)
    assert asked(people)[1]["userVerification"] == "required"
    assert refusal(sign_in, people, device, "ann", Lies(flags=1)) == REFUSED
    assert sign_in(people, device)["AuthenticationResult"]
    offer(people, RelyingPartyId=RP, UserVerification="preferred")
    assert sign_in(people, device, lies=Lies(flags=1))["AuthenticationResult"]


def test_one_passkey_is_not_enough_where_two_factors_are_wanted(endpoint: Endpoint) -> None:
    people, device = made(endpoint, "OPTIONAL"), Authenticator()
    register(people, device)
    posed, options = asked(people)
    secret = people.set_up_token("ann")
    again = answer(people, posed, device.get(options, ORIGIN))
    assert again["ChallengeName"] == "SOFTWARE_TOKEN_MFA"  # chosen meanwhile, and asked for
    people.endpoint.skew_s += 30
    shown = people.shown(secret)
    assert people.answer(again, "ann", SOFTWARE_TOKEN_MFA_CODE=shown)["AuthenticationResult"]
    assert people.choose("ann", "WEB_AUTHN")["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD"]


def test_a_passkey_counts_as_two_where_pool_and_user_say_so(endpoint: Endpoint) -> None:
    people, device = made(endpoint, "OPTIONAL", factor=TWO_FACTORS), Authenticator()
    wanted = {"WebAuthnMfaSettings": {"Enabled": True}}
    told = refusal(people.prefer, "ann", **wanted)
    assert told[0] == "InvalidParameterException"  # nothing else would be left
    register(people, device)
    people.set_up_token("ann")
    assert people.choose("ann", "WEB_AUTHN")["ChallengeName"] == "SELECT_CHALLENGE"
    people.prefer("ann", **wanted)
    people.offer("ON")
    assert refusal(sign_in, people, device, "ann", Lies(flags=1)) == REFUSED
    assert sign_in(people, device)["AuthenticationResult"]
    assert people.begin("ann")["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    posed, options = asked(people)
    people.prefer("ann", WebAuthnMfaSettings={"Enabled": False})
    again = answer(people, posed, device.get(options, ORIGIN))
    assert again["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    people.prefer("ann", **wanted)
    offer(people, RelyingPartyId=RP, FactorConfiguration="SINGLE_FACTOR")
    assert people.choose("ann", "WEB_AUTHN")["ChallengeName"] == "SELECT_CHALLENGE"
    assert refusal(people.prefer, "ann", **wanted)[0] == "InvalidParameterException"


def test_states_of_users_end_sign_ins_by_passkey(people: People) -> None:
    device = Authenticator()
    register(people, device)
    user = {"UserPoolId": people.id, "Username": "ann"}
    posed, options = asked(people)
    people.idp.admin_disable_user(**user)
    told = refusal(answer, people, posed, device.get(options, ORIGIN))
    assert told == ("NotAuthorizedException", "User is disabled.")
    people.idp.admin_enable_user(**user)
    people.idp.admin_set_user_password(**user, Password=PASSWORD, Permanent=False)
    assert people.choose("ann", "WEB_AUTHN")["ChallengeName"] == "SELECT_CHALLENGE"


def test_nothing_is_registered_while_the_password_was_taken_away(people: People) -> None:
    device, token = Authenticator(), people.token("ann")
    user = {"UserPoolId": people.id, "Username": "ann"}
    credential = device.create(start(people, token), ORIGIN)
    people.idp.admin_set_user_password(**user, Password=PASSWORD, Permanent=False)
    assert refusal(complete, people, token, credential)[0] == "NotAuthorizedException"
    assert refusal(start, people, token)[0] == "NotAuthorizedException"
    people.idp.admin_set_user_password(**user, Password=PASSWORD, Permanent=True)
    given = [{"Name": "email", "Value": "a@b.org"}, {"Name": "email_verified", "Value": "true"}]
    people.idp.admin_update_user_attributes(**user, UserAttributes=given)
    credential = device.create(start(people, token), ORIGIN)
    people.idp.admin_reset_user_password(**user)
    for work in (start, lambda *given: complete(*given, credential)):
        assert refusal(work, people, token)[0] == "PasswordResetRequiredException"


def test_sign_outs_end_registrations(people: People) -> None:
    token = people.token("ann")
    credential = Authenticator().create(start(people, token), ORIGIN)
    people.idp.global_sign_out(AccessToken=token)
    told = refusal(complete, people, token, credential)
    assert told == ("NotAuthorizedException", "Access Token has been revoked")


@pytest.mark.parametrize("gone", ["user", "pool"])
def test_passkeys_go_with_their_owner(endpoint: Endpoint, gone: str) -> None:
    people, device = made(endpoint), Authenticator()
    register(people, device)
    if gone == "user":
        people.idp.admin_delete_user(UserPoolId=people.id, Username="ann")
    else:
        people.idp.delete_user_pool(UserPoolId=people.id)
    assert endpoint.store.read(lambda tx: tx.list(POOL_PASSKEY, (people.id,))) == []


def test_what_is_no_credential_is_refused_in_words(people: People) -> None:
    device = Authenticator()
    token = register(people, device)
    for value in ([], "{}", {}, {"id": "a"}):
        assert refusal(complete, people, token, value)[0] == "InvalidParameterException"
    posed, options = asked(people)
    for text in ("{}", "[" * 30_000, "\0", "9" * 40_000):  # it may be tried again
        told = refusal(people.answer, posed, "ann", CREDENTIAL=text)
        assert told[0] == "InvalidParameterException"
    assert answer(people, posed, device.get(options, ORIGIN))["AuthenticationResult"]


def test_oversize_input_is_refused(people: People) -> None:
    token = people.token("ann")
    credential = Authenticator().create(start(people, token), ORIGIN)
    for part in ("clientDataJSON", "attestationObject"):
        grown = credential["response"] | {part: "A" * 20_000}
        told = refusal(complete, people, token, credential | {"response": grown})
        assert told[0] == "InvalidParameterException"
    long = encoded(b"i" * 1_100)
    told = refusal(complete, people, token, credential | {"id": long, "rawId": long})
    assert told[0] == "InvalidParameterException"
    complete(people, token, credential)


def test_names_that_nobody_has_are_offered_passkeys_or_not(endpoint: Endpoint) -> None:
    people, device = made(endpoint, **HIDES), Authenticator()
    register(people, device)
    names = [f"nobody-{number}" for number in range(24)]
    offered = [people.choose(name)["AvailableChallenges"] for name in names]
    assert [people.choose(name)["AvailableChallenges"] for name in names] == offered
    with_passkey = [name for name, one in zip(names, offered, strict=True) if "WEB_AUTHN" in one]
    assert 3 <= len(with_passkey) <= 21  # a fair coin misses that once in 70,000 pools
    real, real_options = asked(people)
    fake, fake_options = asked(people, with_passkey[0])
    assert set(real) == set(fake)
    assert set(real_options) == set(fake_options)
    assert fake_options["allowCredentials"] == asked(people, with_passkey[0])[1]["allowCredentials"]
    assert abs(len(real["Session"]) - len(fake["Session"])) < 60
    credential = device.sign(device.held[0], fake_options, ORIGIN)
    assert refusal(answer, people, fake, credential, with_passkey[0]) == REFUSED
    fake, fake_options = asked(people, with_passkey[0])
    device.held[0].key = ec.derive_private_key(1, ec.SECP256R1())  # the stand-in's
    named = fake_options["allowCredentials"][0]["id"]
    credential = device.sign(device.held[0], fake_options, ORIGIN) | {"id": named, "rawId": named}
    assert refusal(answer, people, fake, credential, with_passkey[0]) == REFUSED
    assert refusal(answer, people, real, credential) == REFUSED


def test_strangers_are_offered_none_where_no_user_could_have_one(endpoint: Endpoint) -> None:
    people = made(endpoint, "OPTIONAL", **HIDES)
    people.offer("ON")
    offered = [people.choose(f"nobody-{number}")["AvailableChallenges"] for number in range(12)]
    assert offered == [["PASSWORD_SRP", "PASSWORD"]] * 12


def test_each_passkey_of_a_user_has_its_own_count(people: People) -> None:
    first, second = Authenticator(), Authenticator(-257, step=7)
    register(people, first)
    register(people, second)
    for device in (second, first, second):
        assert sign_in(people, device)["AuthenticationResult"]
