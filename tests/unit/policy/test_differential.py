"""The compiled evaluator against the slow one, on generated policies and requests."""

import importlib.util
import json
from pathlib import Path

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bargate.policy import (
    AccessRequest,
    AccountRoot,
    Anonymous,
    Effect,
    FederatedUser,
    IamUser,
    MalformedPolicy,
    PolicyKind,
    RoleSession,
    Service,
    compile_policy,
    parse_policy,
    render,
)

_spec = importlib.util.spec_from_file_location(
    "reference", Path(__file__).with_name("reference.py")
)
reference = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(reference)

EXAMPLES = 5_000
FAST = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
ACCOUNT, OTHER = "111111111111", "222222222222"
USER = f"arn:aws:iam::{ACCOUNT}:user/a"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s"
FEDERATED = f"arn:aws:sts::{ACCOUNT}:federated-user/f"
PRINCIPALS = [
    Anonymous(),
    AccountRoot(account=ACCOUNT),
    IamUser(arn=USER, account=ACCOUNT, user_id="AIDAAAAAAAAAAAAAAAAAA"),
    RoleSession(
        role_arn=ROLE,
        session_arn=SESSION,
        account=ACCOUNT,
        role_id="AROAAAAAAAAAAAAAAAAAA",
        provider="idp.example.com",
    ),
    FederatedUser(arn=FEDERATED, account=ACCOUNT, user_arn=USER, user_id="AIDAAAAAAAAAAAAAAAAAA"),
    Service("lambda.amazonaws.com"),
]
AWS_NAMES = ["*", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", OTHER, USER, ROLE, SESSION, FEDERATED,
             "AIDAAAAAAAAAAAAAAAAAA", "AROAAAAAAAAAAAAAAAAAA"]  # fmt: skip
TEXTS = st.sampled_from(["a", "b", "A", "ab", "a*", "a?b", "", "10", "true", "*"])
KEYS = ["aws:one", "aws:two", "aws:Three"]
PIECES = st.sampled_from(
    ["a", "b", "*", "?", "/", "${aws:one}", "${aws:TWO, 'b'}", "${*}", "${?}", "${$}", ":"]
)
PATTERNS = st.lists(PIECES, max_size=5).map("".join)
SEGMENT = st.sampled_from(["", "*", "e", "E", "e?", "e*f", "eef"])
ARN_PATTERNS = st.builds(
    lambda region, account, resource: f"arn:aws:s:{region}:{account}:{resource}",
    SEGMENT, SEGMENT, PATTERNS,
)  # fmt: skip
RESOURCES = st.one_of(
    ARN_PATTERNS,
    st.sampled_from(
        ["*", "*", "arn:aws:s:*:*:*", "arn:aws:s", "arn:aws:s:*", "arn:a*:s:::*", "arn:aws:s:::a"]
    ),
)
ACTIONS = st.sampled_from(["*", "*", "s:*", "s:Get", "s:g*", "S:?et", "s:Put", "t:*", "*:*"])
DATES = ["2026-01-01", "2026-01-01T00:00:00Z", "1767225600", "2026-01-01T01:00:00+01:00", "2027"]
ADDRESSES = ["10.0.0.1", "10.0.0.0/8", "2001:db8::/32", "0.0.0.0/0", "::/0", "10.0.0.1/31"]
VALUES = {
    "String": PATTERNS,
    "Arn": ARN_PATTERNS,
    "Numeric": st.sampled_from(["1", "10", "10.0", "-1", "0.5"]),
    "Date": st.sampled_from(DATES),
    "Bool": st.sampled_from(["true", "FALSE", "${aws:one}", True]),
    "Binary": st.sampled_from(["YQ==", "Yg==", ""]),
    "Ip": st.sampled_from(ADDRESSES),
    "NotIp": st.sampled_from(ADDRESSES),
    "Null": st.sampled_from(["true", "false", False]),
}
CONTEXT_VALUES = st.sampled_from(
    ["a", "b", "ab", "A", "*", "", "10", "10.0", "-1", "true", "False", "YQ==", "Yg", "10.0.0.1",
     "11.0.0.1", "::ffff:10.0.0.1", "2001:db8::1", "2026-01-01", "1767225600", "2026-06-01T00:00Z",
     "arn:aws:s:::a", "arn:aws:s:eef:E:a/b"]
)  # fmt: skip


@st.composite
def operators(draw):
    from bargate.policy.conditions import OPERATORS

    name = draw(st.sampled_from(sorted(OPERATORS)))
    quantifier = draw(st.sampled_from(["", "", "ForAllValues:", "ForAnyValue:"]))
    suffix = draw(st.sampled_from(["", "IfExists"])) if name != "Null" else ""
    family = next(prefix for prefix in VALUES if name.startswith(prefix))
    return f"{quantifier}{name}{suffix}", VALUES[family]


@st.composite
def conditions(draw):
    written = {}
    for _ in range(draw(st.sampled_from([0, 1, 1, 2]))):
        operator, values = draw(operators())
        written[operator] = {
            draw(st.sampled_from(KEYS)): draw(st.lists(values, min_size=1, max_size=2))
        }
    return written


def principals():
    named = st.fixed_dictionaries(
        {"AWS": st.lists(st.sampled_from(AWS_NAMES), min_size=1, max_size=4)},
        optional={
            "Service": st.just("lambda.amazonaws.com"), "Federated": st.just("idp.example.com")
        },
    )  # fmt: skip
    return st.one_of(st.just("*"), named)


@st.composite
def statements(draw, kind, effects=("Allow", "Deny")):
    written = {
        "Effect": draw(st.sampled_from(effects)),
        draw(st.sampled_from(["Action", "Action", "NotAction"])): draw(
            st.lists(ACTIONS, min_size=1, max_size=2)
        ),
        draw(st.sampled_from(["Resource", "Resource", "NotResource"])): draw(
            st.lists(RESOURCES, min_size=1, max_size=2)
        ),
        "Condition": draw(conditions()),
    }
    if kind is PolicyKind.RESOURCE:
        written[draw(st.sampled_from(["Principal", "Principal", "NotPrincipal"]))] = draw(
            principals()
        )
    return written


@st.composite
def policies(draw):
    kind = draw(st.sampled_from([PolicyKind.RESOURCE, PolicyKind.IDENTITY]))
    document = {
        "Version": draw(st.sampled_from(["2012-10-17", "2012-10-17", "2008-10-17"])),
        "Statement": draw(st.lists(statements(kind), min_size=1, max_size=2)),
    }
    try:
        return parse_policy(json.dumps(document), kind, name="generated")
    except MalformedPolicy:
        assume(condition=False)


@st.composite
def requests(draw):
    values = st.one_of(CONTEXT_VALUES, st.lists(CONTEXT_VALUES, max_size=3).map(tuple))
    context = draw(st.dictionaries(st.sampled_from([k.lower() for k in KEYS]), values))
    resource = draw(
        st.one_of(
            st.sampled_from(["*", "arn:aws:s:::a", "arn:aws:s:e:eef:a/b", "arn:aws:s:E:e:ab"]),
            st.builds("arn:aws:s:e:e:{}".format, st.text("ab*:/", max_size=4)),
        )
    )
    principal = draw(st.sampled_from(PRINCIPALS))
    return AccessRequest(
        principal, draw(st.sampled_from(["s:Get", "s:Put", "t:X"])), resource, context
    )


EFFECT = {"Allow": Effect.ALLOW, "Deny": Effect.EXPLICIT_DENY, "silent": Effect.IMPLICIT_DENY}


def test_compiled_policies_decide_as_the_reference_does():
    seen = dict.fromkeys(Effect, 0)

    @settings(FAST, max_examples=EXAMPLES)
    @given(policies(), st.tuples(requests(), requests()))
    def compare(policy, asked):
        compiled = compile_policy(policy)
        for request in asked:
            decision = compiled.decide(request)
            assert decision.effect is EFFECT[reference.decide(policy, request)]
            assert compiled.narrow(request.action).decide(request) == decision
            if decision.statement is not None:
                statement = policy.statements[decision.statement.index]
                assert reference.applies(policy, statement, request)
            for statement, trace in zip(policy.statements, compiled.trace(request), strict=True):
                assert trace.applies == reference.applies(policy, statement, request)
            seen[decision.effect] += 1

    compare()
    print("decisions compared:", seen)
    # A comparison in which hardly anything matches would prove little.
    assert sum(seen.values()) >= EXAMPLES
    assert min(seen.values()) >= EXAMPLES // 20


@settings(FAST, max_examples=500)
@given(policies(), requests(), st.data())
def test_adding_a_deny_never_widens_access(policy, request, data):
    import msgspec

    deny = data.draw(statements(policy.kind, ("Deny",)))
    try:
        added = parse_policy({"Version": policy.version, "Statement": deny}, policy.kind)
    except MalformedPolicy:
        assume(condition=False)
    wider = msgspec.structs.replace(policy, statements=(*policy.statements, *added.statements))
    before, after = (compile_policy(p).decide(request) for p in (policy, wider))
    assert before.allowed or not after.allowed
    if compile_policy(added).decide(request).effect is Effect.EXPLICIT_DENY:
        assert after.effect is Effect.EXPLICIT_DENY


@settings(FAST, max_examples=500)
@given(policies())
def test_reading_what_was_rendered_gives_the_same_policy(policy):
    assert parse_policy(render(policy), policy.kind, name=policy.name) == policy
