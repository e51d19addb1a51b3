"""What is left of a policy for one method decides as the whole policy does, on the keys it names."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bargate.arn import fold_arn
from bargate.policy import AccessRequest, Anonymous, PolicyKind, compile_policy, parse_policy
from bargate.policy.compile_resource import Reach, reach_of
from bargate.policy.document import Element

_spec = importlib.util.spec_from_file_location(
    "differential", Path(__file__).with_name("test_differential.py")
)
assert _spec is not None
assert _spec.loader is not None
differential = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(differential)

EXAMPLES = 2_000
ARNS = st.builds(
    "arn:aws:s:{}:{}:{}".format,
    st.sampled_from(["e", "e", "E", ""]),
    st.sampled_from(["eef", "eef", "EEF", "e"]),
    st.text("abB*?:/$", max_size=5),
)
RESOURCES = st.one_of(
    # Patterns that begin as such ARNs do, so that narrowing has something to tell apart.
    st.builds(
        "{}{}".format, ARNS, st.sampled_from(["", "*", "?", "*a", "${aws:one}*", "${AWS:two, 'a'}", "${*}"])
    ),
    st.sampled_from(["arn:aws:s:e:*:*", "arn:aws:s:*:eef:a*", "arn:aws:s:?:E*:*", "arn:a*s:s:::*",
                     "ARN:AWS:S:E:EEF:*", "arn:aws:s:e:eef:*", "arn:aws:s:::*", "arn:aws:s:e:E:*"]),
    st.sampled_from(["*", "arn:aws:s", "arn:aws:s:*", "arn:*", "a*", "*:*", "arn:aws:s:::"]),
    # Those that reach all that ARNs which begin so can be: rare among what is drawn otherwise.
    st.sampled_from(["arn:aws:s:e:eef:*", "arn:aws:s:E:EEF:*"]),
    differential.RESOURCES,
)  # fmt: skip


@st.composite
def policies(draw: st.DrawFn) -> Any:
    kind = draw(st.sampled_from([PolicyKind.RESOURCE, PolicyKind.IDENTITY]))
    principal = {"Principal": "*"} if kind is PolicyKind.RESOURCE else {}
    statements = [
        {
            "Effect": draw(st.sampled_from(["Allow", "Deny"])),
            "Action": "*",
            draw(st.sampled_from(["Resource", "Resource", "NotResource"])): draw(
                st.lists(RESOURCES, min_size=1, max_size=2)
            ),
            **principal,
        }
        for _ in range(draw(st.integers(1, 3)))
    ]
    version = draw(st.sampled_from(["2012-10-17", "2012-10-17", "2008-10-17"]))
    try:
        return parse_policy({"Version": version, "Statement": statements}, kind, name="generated")
    except ValueError:
        assume(condition=False)


CONTEXTS = st.sampled_from(
    [{}, {"aws:one": "a"}, {"aws:one": "*", "aws:two": "b"}, {"aws:two": ("a", "b")}]
)


def test_a_policy_for_a_resource_decides_as_the_whole_one() -> None:
    smaller = unasked = 0

    @settings(differential.FAST, max_examples=EXAMPLES)
    @given(policies(), CONTEXTS, ARNS, st.sampled_from([0, 9, 12, 15, 16, 17, 18, 40]))
    def compare(policy: Any, context: Any, arn: str, length: int) -> None:
        nonlocal smaller, unasked
        request = AccessRequest(Anonymous(), "s:Get", arn, context)
        whole = compile_policy(policy)
        narrow = whole.narrow_resource(fold_arn(arn)[:length])
        assert narrow.decide(request) == whole.decide(request)
        both = whole.narrow("s:Get").narrow_resource(fold_arn(arn)[:length])
        assert both.decide(request) == whole.decide(request)
        smaller += len(narrow.statements) < len(whole.statements)
        before = sum(each.resource is None for each in whole.statements)
        unasked += sum(each.resource is None for each in narrow.statements) > before

    compare()
    # Narrowing that never takes anything away would be compared for nothing.
    assert smaller >= EXAMPLES // 20
    assert unasked >= EXAMPLES // 100


class Recording:
    """A context that remembers what it was asked for."""

    def __init__(self, values: Any) -> None:
        self.values = values
        self.asked: set[str] = set()

    def get(self, key: str, /) -> Any:
        self.asked.add(key)
        return self.values.get(key)


def test_a_policy_names_every_key_that_it_asks_for() -> None:
    asked_for: set[str] = set()

    @settings(differential.FAST, max_examples=300)
    @given(differential.policies(), differential.requests(), ARNS)
    def compare(policy: Any, asked: AccessRequest, arn: str) -> None:
        context = Recording(asked.context)
        whole = compile_policy(policy)
        for compiled in (whole, whole.narrow_resource(fold_arn(arn)[:20])):
            context.asked.clear()
            request = AccessRequest(asked.principal, asked.action, arn, context)
            compiled.decide(request)
            compiled.trace(request)
            assert context.asked <= compiled.keys()
            asked_for.update(context.asked)

    compare()
    assert asked_for == {"aws:one", "aws:two", "aws:three"}


@pytest.mark.parametrize(
    "statement",
    [
        {"Resource": "arn:aws:s:::${AWS:Mixed/Tag}"},
        {"Resource": "arn:aws:s:::${AWS:Mixed/Tag, 'x'}"},
        {"NotResource": "arn:aws:s:::a/${AWS:Mixed/Tag, ''}/b"},
        {"Resource": "*", "Condition": {"StringLike": {"aws:a": "${AWS:Mixed/Tag, 'a b'}*"}}},
        {"Resource": "*", "Condition": {"StringNotEquals": {"AWS:Mixed/Tag": "x"}}},
        {"Resource": "*", "Condition": {"Null": {"AWS:Mixed/Tag": "true"}}},
        {"Resource": "arn:aws:s:::${aws:PrincipalTag/gr\u00f6\u00dfe}"},
    ],
)
def test_keys_are_found_wherever_they_stand(statement: dict[str, Any]) -> None:
    written = {"Effect": "Allow", "Action": "*", **statement}
    document = {"Version": "2012-10-17", "Statement": written}
    compiled = compile_policy(parse_policy(document, PolicyKind.IDENTITY))
    context = Recording({"aws:a": "x"})
    compiled.decide(AccessRequest(Anonymous(), "s:Get", "arn:aws:s:::a", context))
    assert context.asked
    assert context.asked <= compiled.keys()


START = "arn:aws:s:e:1:api/prod/GET/pets"


@pytest.mark.parametrize(
    ("value", "reach"),
    [
        ("arn:aws:s:e:1:api/*", Reach.ALL),
        ("arn:aws:s:e:1:*", Reach.ALL),
        ("ARN:AWS:S:E:1:api/*", Reach.ALL),
        (f"{START}*", Reach.ALL),
        ("arn:aws:s:e:*:*", Reach.SOME),
        ("arn:aws:s:*", Reach.SOME),  # short: the kind of policy says what becomes of it
        ("*", Reach.SOME),
        (START, Reach.SOME),
        ("arn:aws:s:e:1:api/prod/GET", Reach.SOME),
        ("arn:aws:s:e:1:api/*/GET/pets", Reach.SOME),
        (f"{START}/${{aws:username}}", Reach.SOME),
        ("arn:aws:s:e:1:api/prod/POST/*", Reach.NONE),
        ("arn:aws:s:e:1:API/*", Reach.NONE),
        ("arn:aws:s:f:1:*", Reach.NONE),
    ],
)
def test_how_far_a_resource_reaches(value: str, reach: Reach) -> None:
    assert reach_of(Element((value,)), START) is reach
    assert reach_of(Element((value,), negated=True), START) is Reach.SOME
