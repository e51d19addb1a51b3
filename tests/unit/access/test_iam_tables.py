"""The verdict of the IAM authorizer against the slow evaluator of the policy tests, Tables A and B.

AWS [D] apigw-evaluation §2. The resource policies name users and everyone; what naming an account
or a role bypasses is in tests/unit/policy.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bargate.access import iam_authorizer
from bargate.access.call import Facts
from bargate.access.context_keys import SignedContext
from bargate.access.control import GuardedMethod
from bargate.access.identities import Identity
from bargate.model.identity import AccessKey, User
from bargate.policy import AccessRequest, PolicyKind, parse_policy
from bargate.secret import Secret
from bargate.snapshot.identities import CompiledIdentities
from bargate.snapshot.parts import part_name
from bargate.snapshot.trial import NoKeys
from building import ACCOUNT, PLACE, STAGE, call, method, policy, rest_api

_spec = importlib.util.spec_from_file_location(
    "reference", Path(__file__).parents[1] / "policy" / "reference.py"
)
assert _spec is not None
assert _spec.loader is not None
reference = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(reference)

OTHER = "999988887777"
ARN = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:petstore/prod"
PATHS = ["/pets", "/pets/1", "/admin", "/"]
RESOURCES = st.sampled_from(
    ["*", f"{ARN}/*", f"{ARN}/GET/pets", f"{ARN}/GET/pets/*", f"{ARN}/*/admin", f"{ARN}/GET/",
     f"{ARN}/GET/${{aws:username}}", f"{ARN}/POST/*"]
)  # fmt: skip
ACTIONS = st.sampled_from(["execute-api:Invoke", "execute-api:*", "*", "execute-api:Manage*"])
CONDITIONS = st.sampled_from(
    [
        {},
        {},
        {"StringEquals": {"aws:username": "pets"}},
        {"StringNotEquals": {"aws:PrincipalTag/team": "blue"}},
        {"StringEquals": {"aws:PrincipalTag/team": "blue"}},
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}},
        {"StringEquals": {"aws:PrincipalAccount": OTHER}},
        {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        {"Null": {"aws:TokenIssueTime": "true"}},
        {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
        {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
    ]
)
STATEMENTS = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Allow", "Deny"]),
        "Action": ACTIONS,
        "Resource": RESOURCES,
        "Condition": CONDITIONS,
    }
)
POLICIES = st.lists(st.lists(STATEMENTS, min_size=1, max_size=3), max_size=2)


@st.composite
def resource_policies(draw: Any, user: str) -> list[dict[str, Any]]:
    principals = st.sampled_from(["*", {"AWS": user}, {"AWS": f"arn:aws:iam::{ACCOUNT}:user/b"}])
    return [
        {**statement, "Principal": draw(principals)}
        for statement in draw(st.lists(STATEMENTS, min_size=1, max_size=3))
    ]


def identity_of(account: str, policies: list[list[dict[str, Any]]], tags: Any) -> Identity:
    user = User(
        arn=f"arn:aws:iam::{account}:user/pets",
        user_id="AIDAPETS",
        account_id=account,
        tags=tags,
        policies=tuple(policy(*statements) for statements in policies),
    )
    key = AccessKey(id="AKIAPETS", secret=Secret("s"), account_id=account, user_arn=user.arn)
    made = CompiledIdentities()
    for part in (user, key):
        made.apply(part_name(part), part)
    identity = made.find(key.id, None, 0)
    assert isinstance(identity, Identity)
    return identity


def verdict_of(policies: list[tuple[str, PolicyKind]], request: AccessRequest) -> set[str]:
    return {reference.decide(parse_policy(text, kind), request) for text, kind in policies}


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_the_gateway_decides_as_tables_a_and_b_say(data: st.DataObject) -> None:
    account = data.draw(st.sampled_from([ACCOUNT, OTHER]))
    own = data.draw(POLICIES)
    tags = data.draw(st.sampled_from([{}, {"team": "blue"}, {"Team": "red"}]))
    identity = identity_of(account, own, tags)
    theirs = data.draw(st.none() | resource_policies(identity.arn))
    path = data.draw(st.sampled_from(PATHS))

    api = rest_api(
        ("/{proxy+}", method("ANY", authorization_type="AWS_IAM")),
        policy=None if theirs is None else policy(*theirs),
    )
    resource = api.resources[0]
    guarded = GuardedMethod(PLACE, api, STAGE, resource, resource.methods[0], NoKeys())
    step = iam_authorizer.REST_CONTROL.compile(guarded)
    assert step is not None
    made, facts = call(path=path), Facts({})
    facts.identity = identity
    passed = step(made, facts) is None

    context = SignedContext(made, identity, {})
    request = AccessRequest(identity.principal, "execute-api:Invoke", f"{ARN}/GET{path}", context)
    mine = verdict_of([(policy(*each), PolicyKind.IDENTITY) for each in own], request)
    said = (
        set() if theirs is None else verdict_of([(policy(*theirs), PolicyKind.RESOURCE)], request)
    )
    if "Deny" in mine | said:
        expected = False
    elif account == ACCOUNT:
        expected = "Allow" in mine | said
    else:
        expected = "Allow" in mine and "Allow" in said
    assert passed is expected
