import pytest

from bargate.policy import (
    AccessRequest,
    AccountRoot,
    Anonymous,
    Bypass,
    Decision,
    Effect,
    FederatedUser,
    IamUser,
    PolicyKind,
    PolicySet,
    RoleSession,
    Service,
    StatementRef,
    WebIdentity,
    compile_policy,
    cross_account,
    evaluate,
    parse_policy,
    same_account,
    silent,
    suffix,
)

K = PolicyKind
A, B = "111111111111", "222222222222"
USER_ARN = f"arn:aws:iam::{A}:user/u"
ROLE_ARN = f"arn:aws:iam::{A}:role/path/r"
SESSION_ARN = f"arn:aws:sts::{A}:assumed-role/r/s"
FEDERATED_ARN = f"arn:aws:sts::{A}:federated-user/f"
ROOT_ARN = f"arn:aws:iam::{A}:root"
USER = IamUser(arn=USER_ARN, account=A, user_id="AIDAUUUUUUUUUUUUUUUUU")
ROLE = RoleSession(role_arn=ROLE_ARN, session_arn=SESSION_ARN, account=A,
                   role_id="AROARRRRRRRRRRRRRRRRR", provider="idp.example.com",
                   canonical_user_id="c" * 64)  # fmt: skip
FEDERATED = FederatedUser(arn=FEDERATED_ARN, account=A, user_arn=USER_ARN,
                          user_id="AIDAUUUUUUUUUUUUUUUUU")  # fmt: skip
ROOT = AccountRoot(account=A)


def policy(kind, effect="Allow", action="s3:Get", **elements):
    needs_principal = kind in (K.RESOURCE, K.ENDPOINT, K.TRUST, K.RESOURCE_CONTROL)
    if needs_principal and not {"Principal", "NotPrincipal"} & set(elements):
        elements["Principal"] = "*"
    if kind is not K.TRUST:
        elements.setdefault("Resource", "*")
    statement = {"Effect": effect, "Action": action, **elements}
    statement = {key: value for key, value in statement.items() if value is not None}
    document = {"Version": "2012-10-17", "Statement": statement}
    return compile_policy(parse_policy(document, kind, name="p"))


def named(principal, effect="Allow"):
    return policy(K.RESOURCE, effect, Principal=principal)


def ask(principal, account=A, action="s3:Get", **policies):
    request = AccessRequest(principal, action, "arn:aws:s3:::b/k", {})
    return evaluate(PolicySet(**policies), request, resource_account=account)


IDENTITY_ALLOWS = {"identity": (policy(K.IDENTITY),)}
BOUNDARY_SILENT = {"boundary": policy(K.BOUNDARY, action="s3:Other")}
BOUNDARY_ALLOWS = {"boundary": policy(K.BOUNDARY)}
SESSION_SILENT = {"session": (policy(K.SESSION, action="s3:Other"),)}
SESSION_ALLOWS = {"session": (policy(K.SESSION),)}


@pytest.mark.parametrize(
    ("principal", "written", "identity", "boundary", "session"),
    [  # is an implicit deny in … bypassed? (iam-sts §1, table)
        (USER, {"AWS": USER_ARN}, True, True, None),
        (USER, {"AWS": "AIDAUUUUUUUUUUUUUUUUU"}, True, True, None),
        (ROLE, {"AWS": ROLE_ARN}, True, False, False),
        (ROLE, {"AWS": "AROARRRRRRRRRRRRRRRRR"}, True, False, False),
        (ROLE, {"AWS": SESSION_ARN}, True, True, True),
        (FEDERATED, {"AWS": FEDERATED_ARN}, True, True, True),
        (FEDERATED, {"AWS": USER_ARN}, True, False, False),
        (USER, {"AWS": A}, False, False, None),
        (USER, {"AWS": ROOT_ARN}, False, False, None),
        (ROLE, {"AWS": A}, False, False, False),
        (FEDERATED, {"AWS": A}, False, False, False),
        (USER, "*", True, True, None),
        (ROLE, "*", True, True, True),
        (ROLE, {"AWS": "*"}, True, True, True),
        (FEDERATED, "*", True, True, True),
        (ROLE, {"Federated": "idp.example.com"}, True, False, False),
        (ROLE, {"CanonicalUser": "c" * 64}, False, False, False),
        (ROLE, {"AWS": [A, ROLE_ARN, SESSION_ARN]}, True, True, True),
    ],
)
def test_what_a_resource_policy_bypasses(principal, written, identity, boundary, session):
    resource = {"resource": named(written)}
    passing = SESSION_ALLOWS if session is not None else {}
    only_identity_silent = BOUNDARY_ALLOWS | passing
    assert ask(principal, **resource, **only_identity_silent).allowed is identity
    assert (
        ask(principal, **resource, **IDENTITY_ALLOWS, **BOUNDARY_SILENT, **passing).allowed
        is boundary
    )
    if session is not None:
        assert ask(principal, **resource, **IDENTITY_ALLOWS, **SESSION_SILENT).allowed is session
    # No bypass crosses the border between accounts.
    assert not ask(principal, B, **resource, **only_identity_silent).allowed
    assert not ask(
        principal, B, **resource, **IDENTITY_ALLOWS, **BOUNDARY_SILENT, **passing
    ).allowed
    assert ask(principal, B, **resource, **IDENTITY_ALLOWS, **passing).allowed


@pytest.mark.parametrize(
    ("principal", "policies", "effect", "kind"),
    [
        (USER, {}, Effect.IMPLICIT_DENY, K.IDENTITY),
        (USER, IDENTITY_ALLOWS, Effect.ALLOW, K.IDENTITY),
        (USER, IDENTITY_ALLOWS | BOUNDARY_SILENT, Effect.IMPLICIT_DENY, K.BOUNDARY),
        (USER, BOUNDARY_ALLOWS, Effect.IMPLICIT_DENY, K.IDENTITY),
        (ROLE, IDENTITY_ALLOWS, Effect.ALLOW, K.IDENTITY),
        (ROLE, IDENTITY_ALLOWS | SESSION_SILENT, Effect.IMPLICIT_DENY, K.SESSION),
        (ROLE, IDENTITY_ALLOWS | {"session": ()}, Effect.IMPLICIT_DENY, K.SESSION),
        (FEDERATED, IDENTITY_ALLOWS, Effect.IMPLICIT_DENY, K.SESSION),
        (FEDERATED, IDENTITY_ALLOWS | SESSION_ALLOWS, Effect.ALLOW, K.IDENTITY),
        (ROOT, {}, Effect.ALLOW, K.IDENTITY),
        (ROOT, {"resource": named("*", "Deny")}, Effect.EXPLICIT_DENY, K.RESOURCE),
        (ROOT, {"service_control": ((),)}, Effect.IMPLICIT_DENY, K.SERVICE_CONTROL),
        (Anonymous(), {}, Effect.IMPLICIT_DENY, K.RESOURCE),
        (Anonymous(), {"resource": named("*")}, Effect.ALLOW, K.RESOURCE),
        (Anonymous(), {"resource": named({"AWS": A})}, Effect.IMPLICIT_DENY, K.RESOURCE),
        (Anonymous(), IDENTITY_ALLOWS, Effect.IMPLICIT_DENY, K.RESOURCE),
        (Service("lambda.amazonaws.com"),
         {"resource": named({"Service": "lambda.amazonaws.com"})}, Effect.ALLOW, K.RESOURCE),
        (Service("lambda.amazonaws.com"),
         {"resource": named({"Service": "events.amazonaws.com"})}, Effect.IMPLICIT_DENY, K.RESOURCE),
        (USER, IDENTITY_ALLOWS | {"resource_must_allow": True}, Effect.IMPLICIT_DENY, K.RESOURCE),
        (USER, IDENTITY_ALLOWS | {"endpoint": policy(K.ENDPOINT, action="s3:Other")},
         Effect.IMPLICIT_DENY, K.ENDPOINT),
        (USER, IDENTITY_ALLOWS | {"endpoint": policy(K.ENDPOINT)}, Effect.ALLOW, K.IDENTITY),
        (USER, IDENTITY_ALLOWS | {"service_control": ((policy(K.SERVICE_CONTROL),), ())},
         Effect.IMPLICIT_DENY, K.SERVICE_CONTROL),
        (USER, IDENTITY_ALLOWS | {"service_control": (
            (policy(K.SERVICE_CONTROL),),
            (policy(K.SERVICE_CONTROL, action="s3:Other"), policy(K.SERVICE_CONTROL)))},
         Effect.ALLOW, K.IDENTITY),
        (USER, IDENTITY_ALLOWS | {"resource_control": (
            (policy(K.RESOURCE_CONTROL, action="*"), policy(K.RESOURCE_CONTROL, "Deny")),)},
         Effect.EXPLICIT_DENY, K.RESOURCE_CONTROL),
    ],
)  # fmt: skip
def test_who_may_in_one_account(principal, policies, effect, kind):
    decision = ask(principal, **policies)
    assert (decision.effect, decision.kind) == (effect, kind)


@pytest.mark.parametrize("field", ["identity", "resource", "boundary", "session", "endpoint",
                                   "service_control", "resource_control"])  # fmt: skip
@pytest.mark.parametrize("principal", [USER, ROLE, FEDERATED, ROOT], ids=lambda p: type(p).__name__)
def test_an_explicit_deny_anywhere_wins(field, principal):
    everything = {
        "identity": (policy(K.IDENTITY),), "resource": policy(K.RESOURCE),
        "boundary": policy(K.BOUNDARY), "session": (policy(K.SESSION),),
        "endpoint": policy(K.ENDPOINT), "service_control": ((policy(K.SERVICE_CONTROL),),),
        "resource_control": ((policy(K.RESOURCE_CONTROL, action="*"),),),
    }  # fmt: skip
    kind = K[field.upper()]
    deny = policy(kind, "Deny")
    allowed = everything[field]
    if field in ("service_control", "resource_control"):
        denied = ((*allowed[0], deny),)
    elif isinstance(allowed, tuple):
        denied = (*allowed, deny)
    else:
        denied = deny
    for account in (A, B):
        assert ask(principal, account, **everything).allowed
        decision = ask(principal, account, **everything | {field: denied})
        assert (decision.effect, decision.kind) == (Effect.EXPLICIT_DENY, kind)
        assert decision.statement.policy == "p"


def test_a_trust_policy_must_allow_by_itself():
    trust = policy(K.TRUST, action="sts:AssumeRole", Principal={"AWS": USER_ARN})
    other = policy(K.TRUST, action="sts:AssumeRole", Principal={"AWS": B})
    identity = (policy(K.IDENTITY, action="sts:*"),)

    def assume(principal, action="sts:AssumeRole", **policies):
        return ask(principal, action=action, **policies)

    assert assume(USER, resource=trust).allowed
    assert not assume(USER, resource=other, identity=identity).allowed
    web = policy(
        K.TRUST, action="sts:AssumeRoleWithWebIdentity", Principal={"Federated": "idp.example.com"}
    )
    assert assume(
        WebIdentity("idp.example.com"), "sts:AssumeRoleWithWebIdentity", resource=web
    ).allowed
    assert not assume(
        WebIdentity("evil.example.com"), "sts:AssumeRoleWithWebIdentity", resource=web
    ).allowed


@pytest.mark.parametrize(
    ("principal", "listed", "excepted"),
    [
        (USER, [A, USER_ARN], True), (USER, [ROOT_ARN, USER_ARN], True),
        (USER, [USER_ARN], False), (USER, [A], False), (ROOT, [A], True),
        (ROLE, [A, ROLE_ARN, SESSION_ARN], True), (ROLE, [A, ROLE_ARN], False),
        (ROLE, [ROLE_ARN, SESSION_ARN], False), (ROLE, [A, SESSION_ARN], False),
        (FEDERATED, [A, FEDERATED_ARN], True), (FEDERATED, [A, USER_ARN], False),
        (Anonymous(), [A, USER_ARN], False),
    ],
)  # fmt: skip
def test_not_principal_excepts_from_a_deny_only_who_is_listed_in_full(principal, listed, excepted):
    compiled = policy(K.RESOURCE, "Deny", NotPrincipal={"AWS": listed})
    request = AccessRequest(principal, "s3:Get", "arn:aws:s3:::b/k", {})
    denied = compiled.decide(request).effect is Effect.EXPLICIT_DENY
    assert denied is not excepted


def test_not_principal_with_allow_leaves_out_who_is_meant_at_all_and_only_delegates():
    compiled = policy(K.RESOURCE, NotPrincipal={"AWS": [A]})
    stranger = IamUser(arn=f"arn:aws:iam::{B}:user/x", account=B, user_id="AIDAXXXXXXXXXXXXXXXXX")
    assert not ask(USER, resource=compiled).allowed
    assert not ask(stranger, B, resource=compiled).allowed
    assert ask(stranger, B, resource=compiled, **IDENTITY_ALLOWS).allowed


def decision(word, kind):
    ref = StatementRef("p", kind, 0)
    effects = {"Allow": Effect.ALLOW, "Deny": Effect.EXPLICIT_DENY}
    return silent(kind) if word == "silent" else Decision(effects[word], kind, ref, "")


TABLE_A = [
    ("Allow", "Allow", "Allow"), ("Allow", "silent", "Allow"), ("Allow", "Deny", "Deny"),
    ("silent", "Allow", "Allow"), ("silent", "silent", "silent"), ("silent", "Deny", "Deny"),
    ("Deny", "Allow", "Deny"), ("Deny", "silent", "Deny"), ("Deny", "Deny", "Deny"),
]  # fmt: skip
TABLE_B = [
    ("Allow", "Allow", "Allow"), ("Allow", "silent", "silent"), ("Allow", "Deny", "Deny"),
    ("silent", "Allow", "silent"), ("silent", "silent", "silent"), ("silent", "Deny", "Deny"),
    ("Deny", "Allow", "Deny"), ("Deny", "silent", "Deny"), ("Deny", "Deny", "Deny"),
]  # fmt: skip
WORD = {Effect.ALLOW: "Allow", Effect.EXPLICIT_DENY: "Deny", Effect.IMPLICIT_DENY: "silent"}


@pytest.mark.parametrize(("identity", "resource", "result"), TABLE_A)
def test_table_a(identity, resource, result):
    combined = same_account(decision(identity, K.IDENTITY), decision(resource, K.RESOURCE))
    assert WORD[combined.effect] == result


@pytest.mark.parametrize(("identity", "resource", "result"), TABLE_B)
def test_table_b(identity, resource, result):
    combined = cross_account(decision(identity, K.IDENTITY), decision(resource, K.RESOURCE))
    assert WORD[combined.effect] == result


def test_the_decision_names_who_is_silent():
    allow, quiet = decision("Allow", K.IDENTITY), silent(K.RESOURCE)
    assert cross_account(allow, quiet).kind is K.RESOURCE
    assert cross_account(silent(K.IDENTITY), decision("Allow", K.RESOURCE)).kind is K.IDENTITY
    assert same_account(silent(K.IDENTITY), quiet).kind is K.IDENTITY


@pytest.mark.parametrize(
    ("word", "kind", "text"),
    [
        ("Deny", K.IDENTITY, "with an explicit deny in an identity-based policy"),
        ("Deny", K.RESOURCE, "with an explicit deny in a resource-based policy"),
        ("Deny", K.SERVICE_CONTROL, "with an explicit deny in a service control policy"),
        ("Deny", K.RESOURCE_CONTROL, "with an explicit deny in a resource control policy"),
        ("Deny", K.BOUNDARY, "with an explicit deny in a permissions boundary"),
        ("Deny", K.SESSION, "with an explicit deny in a session policy"),
        ("Deny", K.ENDPOINT, "with an explicit deny in a VPC endpoint policy"),
        ("Deny", K.TRUST, "with an explicit deny in the role trust policy"),
        ("silent", K.IDENTITY, "because no identity-based policy allows the s3:Get action"),
        ("silent", K.RESOURCE, "because no resource-based policy allows the s3:Get action"),
        ("silent", K.BOUNDARY, "because no permissions boundary allows the s3:Get action"),
        ("Allow", K.IDENTITY, ""),
    ],
)
def test_suffixes_are_aws_words(word, kind, text):
    assert suffix(decision(word, kind), "s3:Get") == text


def test_a_decision_names_its_statement():
    document = {
        "Statement": [
            {"Sid": "All", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"},
            {
                "Sid": "NotHere",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": "*",
            },
        ]
    }
    compiled = compile_policy(parse_policy(document, K.RESOURCE, name="bucket"))
    denied = compiled.decide(AccessRequest(USER, "S3:get", "*", {}))
    assert denied.statement == StatementRef("bucket", K.RESOURCE, 1, "NotHere")
    assert denied.reason == "Denied by statement 1 (NotHere) of resource-based policy bucket."
    allowed = compiled.decide(AccessRequest(USER, "ec2:Run", "*", {}))
    assert (allowed.statement.index, allowed.bypass) == (0, Bypass.EVERYTHING)


def test_a_short_resource_without_wildcard_never_matches_in_a_resource_policy():
    short, wild = (policy(K.RESOURCE, Resource=r) for r in ("arn:aws:s3", "arn:aws:s3:*"))
    request = AccessRequest(USER, "s3:Get", "arn:aws:s3:::b/k", {})
    assert not short.decide(request).allowed
    assert wild.decide(request).allowed


def test_an_action_without_resource_matches_the_star_alone():
    request = AccessRequest(USER, "s3:Get", "*", {})
    assert policy(K.IDENTITY).decide(request).allowed
    assert not policy(K.IDENTITY, Resource="arn:aws:s3:::*").decide(request).allowed


def test_an_unresolved_variable_in_not_resource_gives_the_less_access():
    def effect(written):
        compiled = policy(K.IDENTITY, written, Resource=None, NotResource="arn:aws:s3:::${aws:x}")
        return compiled.decide(AccessRequest(USER, "s3:Get", "arn:aws:s3:::b", {})).effect

    assert effect("Allow") is Effect.IMPLICIT_DENY
    assert effect("Deny") is Effect.EXPLICIT_DENY
