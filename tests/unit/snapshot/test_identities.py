"""Access keys and sealed sessions: who they are now, and when they are nobody."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import structs

from bargate.access.identities import Identity, UnknownIdentity
from bargate.model.identity import AccessKey, Role, User
from bargate.policy import AccessRequest, PolicySet, evaluate
from bargate.secret import Secret
from bargate.snapshot import identities as module
from bargate.snapshot.identities import CompiledIdentities
from bargate.snapshot.parts import part_name
from bargate.tokens.sealed import Sealer
from bargate.tokens.session import SealingKey, Session

ACCOUNT = "123456789012"
NOW = 1_790_000_000.0
ARN = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:api/prod/GET/pets"
SEALING = SealingKey(id="k1", key=Secret("sealing key"))
ALLOW = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'
DENY = ALLOW.replace("Allow", "Deny")
USER = User(
    arn=f"arn:aws:iam::{ACCOUNT}:user/team/ann",
    user_id="AIDAANN",
    account_id=ACCOUNT,
    tags={"Team": "blue"},
    policies=(ALLOW,),
)
KEY = AccessKey(id="AKIAANN", secret=Secret("s1"), account_id=ACCOUNT, user_arn=USER.arn)
ROOT_KEY = AccessKey(id="AKIAROOT", secret=Secret("s0"), account_id=ACCOUNT)
ROLE = Role(
    arn=f"arn:aws:iam::{ACCOUNT}:role/x/reader",
    role_id="AROAREADER",
    account_id=ACCOUNT,
    tags={"Team": "role", "Level": "1"},
    policies=(ALLOW,),
)
ROLE_SESSION = Session(
    kind="AssumeRole",
    access_key_id="ASIAONE",
    secret=Secret("s2"),
    account_id=ACCOUNT,
    arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/job",
    user_id="AROAREADER:job",
    issuer_arn=ROLE.arn,
    issuer_id=ROLE.role_id,
    issued_at=int(NOW) - 100,
    expires_at=int(NOW) + 100,
    tags={"Team": "session"},
)
USER_SESSION = structs.replace(
    ROLE_SESSION,
    kind="GetSessionToken",
    arn=USER.arn,
    user_id=USER.user_id,
    issuer_arn=USER.arn,
    issuer_id=USER.user_id,
    tags={},
    mfa_at=int(NOW) - 50,
)
FEDERATED = structs.replace(
    USER_SESSION,
    kind="GetFederationToken",
    arn=f"arn:aws:sts::{ACCOUNT}:federated-user/guest",
    user_id=f"{ACCOUNT}:guest",
    mfa_at=None,
)


def directory(*parts: Any, action: str | None = "execute-api:Invoke") -> CompiledIdentities:
    made = CompiledIdentities(action)
    for part in (SEALING, *parts):
        made.apply(part_name(part), part)
    return made


def seal(session: Session) -> str:
    return Sealer((SEALING,)).seal(session)


def found(made: CompiledIdentities, key: str, session: Session | None = None) -> Identity:
    identity = made.find(key, None if session is None else seal(session), NOW)
    assert isinstance(identity, Identity), identity
    return identity


def unknown(made: CompiledIdentities, key: str, token: str | None, now: float = NOW) -> str:
    identity = made.find(key, token, now)
    assert isinstance(identity, UnknownIdentity)
    return identity.reason


def may_call(identity: Identity) -> bool:
    policies = PolicySet(
        identity=identity.policies, boundary=identity.boundary, session=identity.session
    )
    request = AccessRequest(identity.principal, "execute-api:Invoke", ARN, dict(identity.context))
    return evaluate(policies, request, resource_account=identity.account_id).allowed


def test_a_user_is_found_by_the_access_key() -> None:
    identity = found(directory(KEY, USER), KEY.id)
    assert (identity.arn, identity.user_id, identity.secret) == (USER.arn, "AIDAANN", KEY.secret)
    assert identity.context == {
        "aws:principalarn": USER.arn,
        "aws:principalaccount": ACCOUNT,
        "aws:principaltype": "User",
        "aws:userid": "AIDAANN",
        "aws:username": "ann",
        "aws:principaltag/team": "blue",
        "aws:principalisawsservice": "false",
    }
    assert may_call(identity)


def test_an_identity_is_made_once_and_anew_after_any_change() -> None:
    made = directory(KEY, USER)
    first = found(made, KEY.id)
    assert found(made, KEY.id) is first
    made.apply(part_name(USER), structs.replace(USER, policies=(DENY,)))
    assert not may_call(found(made, KEY.id))
    made.apply(part_name(KEY), structs.replace(KEY, secret=Secret("new")))
    assert found(made, KEY.id).secret == Secret("new")


def test_the_root_user_needs_no_policy() -> None:
    identity = found(directory(ROOT_KEY), ROOT_KEY.id)
    assert identity.arn == f"arn:aws:iam::{ACCOUNT}:root"
    assert identity.context["aws:principaltype"] == "Account"
    assert "aws:username" not in identity.context
    assert may_call(identity)


def test_a_key_without_its_user_is_not_known() -> None:
    made = directory(KEY, USER)
    found(made, KEY.id)
    made.apply(part_name(USER), None)
    assert unknown(made, KEY.id, None) == "iam.unknown_access_key"
    foreign = structs.replace(USER, account_id="999999999999")
    assert unknown(directory(KEY, foreign), KEY.id, None) == "iam.unknown_access_key"


def test_a_removed_key_is_not_known() -> None:
    made = directory(KEY, USER)
    found(made, KEY.id)
    made.apply(part_name(KEY), None)
    refused = made.find(KEY.id, None, NOW)
    assert isinstance(refused, UnknownIdentity)
    assert refused.error_type == "UnrecognizedClientException"
    assert refused.message == "The security token included in the request is invalid."


def test_a_role_session_is_its_role_as_it_is_now() -> None:
    made = directory(ROLE)
    identity = found(made, "ASIAONE", ROLE_SESSION)
    assert identity.arn == ROLE_SESSION.arn
    assert identity.context == {
        "aws:principalarn": ROLE.arn,
        "aws:principalaccount": ACCOUNT,
        "aws:principaltype": "AssumedRole",
        "aws:userid": "AROAREADER:job",
        "aws:principaltag/team": "session",
        "aws:principaltag/level": "1",
        "aws:principalisawsservice": "false",
        "aws:tokenissuetime": "2026-09-21T14:11:40Z",
        "aws:multifactorauthpresent": "false",
    }
    assert may_call(identity)
    made.apply(part_name(ROLE), structs.replace(ROLE, policies=(ALLOW, DENY)))
    assert not may_call(found(made, "ASIAONE", ROLE_SESSION))


@pytest.mark.parametrize(
    "role",
    [None, structs.replace(ROLE, role_id="AROANEW"), structs.replace(ROLE, account_id="9" * 12)],
)
def test_a_session_of_a_role_that_is_gone_is_like_an_invalid_token(role: Role | None) -> None:
    made = directory(ROLE)
    found(made, "ASIAONE", ROLE_SESSION)
    made.apply(part_name(ROLE), role)
    gone = made.find("ASIAONE", seal(ROLE_SESSION), NOW)
    assert gone == made.find("ASIAONE", "junk", NOW)
    assert isinstance(gone, UnknownIdentity)
    assert gone.message == "The security token included in the request is invalid"


def test_a_session_of_a_user_has_the_users_powers_and_says_when_mfa_was() -> None:
    identity = found(directory(USER), "ASIAONE", USER_SESSION)
    assert may_call(identity)
    assert identity.context["aws:username"] == "ann"
    assert identity.context["aws:multifactorauthpresent"] == "true"
    assert identity.context["aws:multifactorauthage"] == "50"
    other = structs.replace(USER, user_id="AIDAOTHER")
    assert unknown(directory(other), "ASIAONE", seal(USER_SESSION)) == "iam.invalid_token"
    assert unknown(directory(), "ASIAONE", seal(USER_SESSION)) == "iam.invalid_token"


def test_a_federated_user_has_what_user_and_session_policies_both_allow() -> None:
    assert not may_call(found(directory(USER), "ASIAONE", FEDERATED))
    allowed = structs.replace(FEDERATED, policies=(ALLOW,))
    identity = found(directory(USER), "ASIAONE", allowed)
    assert may_call(identity)
    assert identity.context["aws:principalarn"] == FEDERATED.arn
    assert "aws:username" not in identity.context
    powerless = structs.replace(USER, policies=())
    assert not may_call(found(directory(powerless), "ASIAONE", allowed))


def test_root_gives_sessions_too() -> None:
    root = f"arn:aws:iam::{ACCOUNT}:root"
    session = structs.replace(
        USER_SESSION, arn=root, user_id=ACCOUNT, issuer_arn=root, issuer_id=ACCOUNT
    )
    identity = found(directory(), "ASIAONE", session)
    assert may_call(identity)
    assert identity.context["aws:principaltype"] == "Account"
    federated = structs.replace(FEDERATED, issuer_arn=root, issuer_id=ACCOUNT)
    assert not may_call(found(directory(), "ASIAONE", federated))
    assert may_call(found(directory(), "ASIAONE", structs.replace(federated, policies=(ALLOW,))))
    forged = structs.replace(session, issuer_id="AIDAANN")
    assert unknown(directory(USER), "ASIAONE", seal(forged)) == "iam.invalid_token"
    role = structs.replace(ROLE_SESSION, issuer_arn=root, issuer_id=ACCOUNT)
    assert unknown(directory(ROLE), "ASIAONE", seal(role)) == "iam.invalid_token"


def test_session_policies_limit() -> None:
    limited = structs.replace(ROLE_SESSION, policies=(DENY,))
    assert not may_call(found(directory(ROLE), "ASIAONE", limited))
    silent = structs.replace(ROLE_SESSION, policies=())
    assert not may_call(found(directory(ROLE), "ASIAONE", silent))


def test_key_and_token_must_belong_together() -> None:
    made, token = directory(KEY, USER, ROLE), seal(ROLE_SESSION)
    found(made, "ASIAONE", ROLE_SESSION)
    assert unknown(made, "ASIAONE", None) == "iam.unknown_access_key"
    assert unknown(made, "ASIATWO", token) == "iam.invalid_token"
    assert unknown(made, KEY.id, token) == "iam.invalid_token"
    assert unknown(made, KEY.id, "junk") == "iam.invalid_token"
    assert unknown(made, KEY.id, "") == "iam.invalid_token"


def test_a_session_ends() -> None:
    made, token = directory(ROLE), seal(ROLE_SESSION)
    assert isinstance(made.find("ASIAONE", token, NOW + 99), Identity)
    for _ in range(2):
        expired = made.find("ASIAONE", token, NOW + 100)
        assert isinstance(expired, UnknownIdentity)
        assert expired.error_type == "ExpiredTokenException"
        assert expired.message == "The security token included in the request is expired"


def test_a_sealing_key_that_is_gone_takes_its_sessions_along() -> None:
    made, token = directory(ROLE), seal(ROLE_SESSION)
    found(made, "ASIAONE", ROLE_SESSION)
    made.apply(part_name(SEALING), None)
    assert unknown(made, "ASIAONE", token) == "iam.invalid_token"


@pytest.mark.parametrize(
    "broken", ["", "{}", "[", '{"Statement":{"Effect":"Allow"}}', "[" * 100_000]
)
def test_a_policy_that_cannot_be_read_denies(broken: str) -> None:
    for user in (
        structs.replace(USER, policies=(ALLOW, broken)),
        structs.replace(USER, boundary=broken),
    ):
        assert not may_call(found(directory(KEY, user), KEY.id))
    limited = structs.replace(ROLE_SESSION, policies=(ALLOW, "{}"))
    assert not may_call(found(directory(ROLE), "ASIAONE", limited))


def test_remembered_sessions_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_REMEMBERED_SESSIONS", 3)
    made = directory(ROLE)
    tokens = [seal(ROLE_SESSION) for _ in range(10)]
    for token in (*tokens, *tokens):
        assert isinstance(made.find("ASIAONE", token, NOW), Identity)
    for at in range(10):
        unknown(made, "ASIAONE", f"junk{at}")
    assert len(made._sessions) == 3


def test_policies_are_narrowed_unless_any_action_is_asked_for() -> None:
    other = json.dumps(
        {"Version": "2012-10-17",
         "Statement": [{"Effect": "Allow", "Action": "iam:*", "Resource": "*"}]}
    )  # fmt: skip
    user = structs.replace(USER, policies=(other,))
    assert found(directory(KEY, user), KEY.id).policies[0].statements == ()
    assert len(found(directory(KEY, user, action=None), KEY.id).policies[0].statements) == 1


def test_parts_of_other_kinds_are_left_alone() -> None:
    made = directory(KEY, USER)
    made.apply("stage/api/prod", object())
    made.apply("stage/api/prod", None)
    assert isinstance(made.find(KEY.id, None, NOW), Identity)
