import pytest

from bargate.mapping.context import claim_text


@pytest.mark.parametrize(
    ("claim", "rest", "http"),
    [
        ("a", "a", "a"),
        (True, "true", "true"),
        (7, "7", "7"),
        (["a", "b"], "a,b", "[a b]"),
        ({"street": "Hof 1", "zip": [1, None]}, *['{"street":"Hof 1","zip":[1,null]}'] * 2),
        ([{"é": True}], '{"é":true}', '[{"é":true}]'),
        ([None], "null", "[null]"),
    ],
)
def test_a_claim_is_written_as_text(claim, rest, http):
    assert (claim_text(claim, "REST"), claim_text(claim, "HTTP")) == (rest, http)
